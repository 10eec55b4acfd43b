# The heating on the bus failed; the operator gives something back after the tour.
at 2026-08-01T10:00:00Z
insert backoffice.person_profiles @paula locale=de-DE
insert commerce.tour_offerings @wien tour_departure_id=@d4 tour_template_id=@t4 title=Wien start_date=2026-08-10 end_date=2026-08-12 status=SCHEDULED
insert commerce.bookings @b1 tour_offering_id=@wien booker_profile_id=@paula status=FULLY_PAID passenger_count=1 total_amount=400 currency=EUR booked_at=2026-08-01T10:00:00Z
insert commerce.passengers @s1 booking_id=@b1 person_profile_id=@paula status=ACTIVE
at 2026-08-14T10:00:00Z
update commerce.bookings @b1 status=COMPLETED
advance 3 days
update commerce.bookings @b1 status=REFUNDED refund_amount=120.50
query dispatcher @paula total_bookings cancelled_bookings lifetime_revenue revenue_realised trips_taken
again
query dispatcher @paula total_bookings cancelled_bookings lifetime_revenue revenue_realised trips_taken
