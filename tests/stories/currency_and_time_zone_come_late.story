# The operator's own row arrives last: until then it is a German one with euros.
at 2026-09-08T10:00:00Z
hold insert backoffice.operators @operator default_currency=CHF time_zone=Asia/Tokyo status=ACTIVE
insert backoffice.person_profiles @quirin locale=de-CH
insert commerce.tour_offerings @bern tour_departure_id=@d5 tour_template_id=@t5 title=Bern start_date=2026-09-09 end_date=2026-09-09 status=SCHEDULED
insert commerce.bookings @b1 tour_offering_id=@bern booker_profile_id=@quirin status=COMPLETED passenger_count=1 total_amount=200 currency=CHF booked_at=2026-09-01T10:00:00Z
insert commerce.bookings @b2 booker_profile_id=@quirin status=FULLY_PAID passenger_count=1 total_amount=50 currency=EUR booked_at=2026-09-02T10:00:00Z
insert commerce.passengers @s1 booking_id=@b1 person_profile_id=@quirin status=ACTIVE
at 2026-09-09T21:30:00Z
# Half past eleven at night in Berlin: the day of the tour has not ended.
query dispatcher @quirin currency lifetime_revenue revenue_realised trips_taken revenue_by_currency { amount currency }
release
# Half past six in the morning of the next day in Tokyo.
query dispatcher @quirin currency lifetime_revenue revenue_realised trips_taken revenue_by_currency { amount currency }
at 2026-09-10T09:00:00Z
update backoffice.operators @operator default_currency=EUR time_zone=Europe/Berlin
query dispatcher @quirin currency lifetime_revenue revenue_realised trips_taken
