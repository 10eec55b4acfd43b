# The driver's device was offline: Nora and Otto seem not to have come.
at 2026-07-01T04:00:00Z
insert backoffice.person_profiles @nora locale=de-DE
insert backoffice.person_profiles @otto locale=de-DE
insert commerce.tour_offerings @ulm tour_departure_id=@d3 tour_template_id=@t3 title=Ulm start_date=2026-07-01 end_date=2026-07-01 status=SCHEDULED
insert commerce.bookings @b1 tour_offering_id=@ulm booker_profile_id=@nora status=FULLY_PAID passenger_count=2 total_amount=90 currency=EUR booked_at=2026-06-01T10:00:00Z
insert commerce.passengers @s1 booking_id=@b1 person_profile_id=@nora status=ACTIVE
insert commerce.passengers @s2 booking_id=@b1 person_profile_id=@otto status=ACTIVE
advance 48 hours
update commerce.bookings @b1 status=NO_SHOW
# Nobody at all was scanned on that departure, so nothing can be said.
query dispatcher @nora no_show_count no_show_rate not_measured_departures no_show_bookings trips_taken
# A stranger was.
insert operations.boarding_events @x0 service_leg_id=@leg tour_departure_id=@d3 passenger_id=@stranger status=BOARDED boarded_at=2026-07-01T04:30:00Z
query dispatcher @nora no_show_count no_show_rate not_measured_departures no_show_bookings trips_taken
query dispatcher @otto no_show_count no_show_rate not_measured_departures no_show_bookings trips_taken
advance 5 hours
insert operations.boarding_events @x2 service_leg_id=@leg tour_departure_id=@d3 passenger_id=@s2 status=BOARDED boarded_at=2026-07-01T04:31:00Z synced_at=2026-07-03T09:00:00Z
# Otto came, so somebody of the booking did.
query dispatcher @nora no_show_count no_show_rate not_measured_departures no_show_bookings trips_taken
query dispatcher @otto no_show_count no_show_rate not_measured_departures no_show_bookings trips_taken
again
query dispatcher @otto no_show_count trips_taken
