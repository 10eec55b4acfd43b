# What is stored about one booking cannot be read any more: whatever touches it is parked, the rest goes on.
at 2026-10-01T10:00:00Z
insert backoffice.person_profiles @rosa locale=de-DE
insert commerce.bookings @good booker_profile_id=@rosa status=DEPOSIT_PAID passenger_count=1 total_amount=10 currency=EUR booked_at=2026-10-01T10:00:00Z
insert commerce.bookings @bad booker_profile_id=@rosa status=DEPOSIT_PAID passenger_count=1 total_amount=20 currency=EUR booked_at=2026-10-01T10:00:00Z
damage @bad
advance 1 hours
hold update commerce.bookings @good total_amount=11
hold update commerce.bookings @bad total_amount=21
hold insert commerce.bookings @more booker_profile_id=@rosa status=DEPOSIT_PAID passenger_count=1 total_amount=30 currency=EUR booked_at=2026-10-01T10:00:00Z
hold insert commerce.payments @p1 booking_id=@bad payment_type=DEPOSIT status=COMPLETED amount=5 currency=EUR received_at=2026-10-01T10:00:00Z
hold insert commerce.payments @p2 booking_id=@good payment_type=DEPOSIT status=COMPLETED amount=3 currency=EUR received_at=2026-10-01T10:00:00Z
release
query dispatcher @rosa total_bookings lifetime_revenue paid_to_date
letters
# What makes no sense at all is refused at the door.
insert commerce.bookings @odd booker_profile_id=@rosa status=EATEN total_amount=10 currency=EUR
insert commerce.unicorns @odd colour=pink
insert commerce.bookings @rich booker_profile_id=@rosa status=DEPOSIT_PAID total_amount=1e200000 currency=EUR
letters
query dispatcher @rosa total_bookings lifetime_revenue paid_to_date
