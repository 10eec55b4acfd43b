# Messages of a contact without a person wait three days for one.
at 2026-05-01T10:00:00Z
insert backoffice.person_profiles @finn locale=de-DE
insert communications.channel_accounts @wa channel_type=WHATSAPP status=ACTIVE
insert communications.contacts @c1 person_profile_id=null
insert communications.conversations @v1 contact_id=@c1 status=OPEN
insert communications.messages @m1 conversation_id=@v1 channel_account_id=@wa direction=INBOUND status=RECEIVED sent_at=2026-05-01T10:00:00Z
query dispatcher @finn messages last_activity_at
advance 2 days
insert communications.messages @m2 conversation_id=@v1 channel_account_id=@wa direction=INBOUND status=RECEIVED sent_at=2026-05-03T10:00:00Z
advance 2 days
# Linked on the fourth day: in time for the second message, too late for the first.
update communications.contacts @c1 person_profile_id=@finn
query dispatcher @finn messages last_activity_at
insert communications.messages @m3 conversation_id=@v1 channel_account_id=@wa direction=OUTBOUND status=READ sent_at=2026-05-05T11:00:00Z delivered_at=2026-05-05T11:00:01Z read_at=2026-05-05T12:00:00Z
query dispatcher @finn messages last_activity_at
again
query dispatcher @finn messages last_activity_at
