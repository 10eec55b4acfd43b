# A row that is deleted does not count; a later version revives it, an older one does not.
at 2026-03-01T10:00:00Z
insert backoffice.person_profiles @kurt locale=de-DE
insert commerce.bookings @b1 booker_profile_id=@kurt status=DEPOSIT_PAID passenger_count=1 total_amount=100 currency=EUR booked_at=2026-03-01T10:00:00Z
insert commerce.payments @p1 booking_id=@b1 payment_type=DEPOSIT status=COMPLETED amount=20 currency=EUR received_at=2026-03-01T10:00:00Z
query dispatcher @kurt total_bookings lifetime_revenue paid_to_date
delete commerce.bookings @b1
query dispatcher @kurt total_bookings lifetime_revenue paid_to_date
again
query dispatcher @kurt total_bookings lifetime_revenue paid_to_date
advance 1 hours
insert commerce.bookings @b1 booker_profile_id=@kurt status=FULLY_PAID passenger_count=1 total_amount=110 currency=EUR booked_at=2026-03-01T10:00:00Z
query dispatcher @kurt total_bookings lifetime_revenue paid_to_date
again
query dispatcher @kurt total_bookings lifetime_revenue paid_to_date

# A link that is deleted stays a link.
insert communications.contacts @c1 person_profile_id=@kurt
insert communications.conversations @v1 contact_id=@c1 status=OPEN
insert communications.messages @m1 conversation_id=@v1 channel_account_id=@wa direction=INBOUND status=RECEIVED sent_at=2026-03-01T11:00:00Z
delete communications.contacts @c1
query dispatcher @kurt messages
