# The second traveller is a name on a list until the dispatcher finds her profile, after the trip.
at 2026-04-01T10:00:00Z
insert backoffice.person_profiles @dora locale=de-DE
insert backoffice.person_profiles @emma locale=de-DE
insert commerce.tour_offerings @rhein tour_departure_id=@d2 tour_template_id=@t2 title=Rhein start_date=2026-04-20 end_date=2026-04-20 status=SCHEDULED
insert commerce.bookings @b1 tour_offering_id=@rhein booker_profile_id=@dora status=FULLY_PAID passenger_count=2 total_amount=120 currency=EUR booked_at=2026-04-01T10:00:00Z
insert commerce.passengers @s1 booking_id=@b1 person_profile_id=@dora seat_label=1A status=ACTIVE
insert commerce.passengers @s2 booking_id=@b1 person_profile_id=null seat_label=1B status=ACTIVE
insert commerce.tickets @k2 booking_id=@b1 passenger_id=@s2 status=ACTIVE
insert operations.service_legs @leg tour_offering_id=@rhein tour_departure_id=@d2 leg_type=PICKUP status=SCHEDULED
at 2026-04-20T05:30:00Z
insert operations.boarding_events @x2 service_leg_id=@leg tour_departure_id=@d2 ticket_id=@k2 seat_label=1B status=BOARDED boarded_at=2026-04-20T05:30:00Z
insert operations.onboard_sales @sale service_leg_id=@leg tour_departure_id=@d2 ticket_id=@k2 total_amount=6.5 currency=EUR sold_at=2026-04-20T09:00:00Z
at 2026-04-21T12:00:00Z
update commerce.bookings @b1 status=COMPLETED
query dispatcher @dora trips_taken lifetime_revenue onboard_spend
query dispatcher @emma trips_taken lifetime_revenue onboard_spend

update commerce.passengers @s2 person_profile_id=@emma
query dispatcher @emma trips_taken lifetime_revenue onboard_spend day_trips_taken last_activity_at

# It was somebody else after all: Emma's share ends as if it had never been.
advance 1 days
update commerce.passengers @s2 person_profile_id=null
query dispatcher @emma trips_taken lifetime_revenue onboard_spend last_activity_at
