# Lena booked; her sister moves the booking to another date under her own name.
at 2026-02-01T10:00:00Z
insert backoffice.person_profiles @lena locale=de-DE
insert backoffice.person_profiles @mia locale=de-DE
insert commerce.bookings @b1 booker_profile_id=@lena status=DEPOSIT_PAID passenger_count=2 total_amount=300 currency=EUR booked_at=2026-02-01T10:00:00Z
advance 5 days
update commerce.bookings @b1 status=CANCELLED cancelled_by=PASSENGER
query dispatcher @lena total_bookings cancelled_bookings rebooked_bookings lifetime_revenue
insert commerce.bookings @b2 booker_profile_id=@mia replaces_booking_id=@b1 status=PENDING_PAYMENT passenger_count=2 total_amount=320 currency=EUR booked_at=2026-02-06T10:00:00Z
# Not yet: the other one is not confirmed.
query dispatcher @lena cancelled_bookings rebooked_bookings
update commerce.bookings @b2 status=DEPOSIT_PAID updated_at=2026-02-06T10:01:00Z
query dispatcher @lena total_bookings cancelled_bookings rebooked_bookings lifetime_revenue
query dispatcher @mia total_bookings cancelled_bookings rebooked_bookings lifetime_revenue
# The new booking is deleted: Lena did cancel after all.
delete commerce.bookings @b2
query dispatcher @lena cancelled_bookings rebooked_bookings
query dispatcher @mia total_bookings
