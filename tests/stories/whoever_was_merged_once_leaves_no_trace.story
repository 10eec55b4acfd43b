# Ida was merged into Jutta by mistake, and separated again. Then Jutta asks to be forgotten.
at 2026-06-01T10:00:00Z
insert backoffice.person_profiles @jutta locale=de-DE
insert backoffice.person_profiles @ida locale=de-DE
insert backoffice.legal_holds @hold entity_type=person entity_id=@jutta
insert commerce.bookings @b1 booker_profile_id=@ida status=FULLY_PAID passenger_count=1 total_amount=75 currency=EUR booked_at=2026-06-01T10:00:00Z
advance 1 days
update backoffice.person_profiles @ida merged_into_id=@jutta
query dispatcher @jutta lifetime_revenue
advance 1 days
update backoffice.person_profiles @ida merged_into_id=null
advance 1 days
delete backoffice.person_profiles @jutta
query dispatcher @jutta lifetime_revenue
update commerce.bookings @b1 status=COMPLETED
# Ida is another human being: she stays, and nothing of hers names Jutta.
query dispatcher @ida lifetime_revenue
forgotten @jutta
again
query dispatcher @ida { person_profile_id behavior_aggregate { lifetime_revenue } activities(first: 20) { nodes { kind occurred_at } } }
forgotten @jutta
