# Everything that can name a person does; then she asks to be forgotten.
at 2026-06-01T10:00:00Z
insert backoffice.person_profiles @gerda locale=de-DE marketing_consent=true
insert backoffice.person_profiles @gerdaalias merged_into_id=@gerda
insert backoffice.person_profiles @hans locale=de-DE
insert backoffice.legal_holds @hold entity_type=person entity_id=@gerda
insert commerce.tour_offerings @rhein tour_departure_id=@d2 tour_template_id=@t2 title=Rhein start_date=2026-06-20 end_date=2026-06-20 status=SCHEDULED
insert commerce.bookings @b1 tour_offering_id=@rhein booker_profile_id=@gerda status=FULLY_PAID passenger_count=2 total_amount=120 currency=EUR booked_at=2026-06-01T10:00:00Z
insert commerce.passengers @s1 booking_id=@b1 person_profile_id=@gerda seat_label=1A status=ACTIVE
insert commerce.passengers @s2 booking_id=@b1 person_profile_id=@hans seat_label=1B status=ACTIVE
insert commerce.tickets @k1 booking_id=@b1 passenger_id=@s1 status=ACTIVE
insert commerce.payments @p1 booking_id=@b1 payment_type=FINAL_PAYMENT status=COMPLETED amount=120 currency=EUR received_at=2026-06-01T10:00:00Z
insert commerce.bookings @b2 booker_profile_id=@hans status=FULLY_PAID passenger_count=1 total_amount=80 currency=EUR booked_at=2026-06-01T10:00:00Z
insert commerce.passengers @s3 booking_id=@b2 person_profile_id=@gerdaalias status=ACTIVE
insert commerce.checkout_sessions @cart tour_offering_id=@rhein booker_profile_id=@gerda status=EXPIRED expires_at=2026-06-01T09:00:00Z
insert commerce.trip_feedback @fb booking_id=@b1 person_profile_id=@gerda nps_score=9 rating=5 submitted_at=2026-06-01T12:00:00Z
insert communications.contacts @c1 person_profile_id=@gerda
insert communications.conversations @v1 contact_id=@c1 status=OPEN
insert communications.messages @m1 conversation_id=@v1 channel_account_id=@wa direction=INBOUND status=RECEIVED sent_at=2026-06-01T10:00:00Z
event operations BoardingEventCreated boarding_event_id=@x1 service_leg_id=@leg tour_departure_id=@d2 passenger_id=@s1 person_profile_id=@gerda status=BOARDED boarded_at=2026-06-01T10:00:00Z
query dispatcher @gerda total_bookings lifetime_revenue messages checkouts_abandoned
query dispatcher @hans total_bookings lifetime_revenue trips_taken upcoming_trips

advance 1 days
update backoffice.person_profiles @gerda pii_redacted_at=2026-06-02T10:00:00Z
query dispatcher @gerda total_bookings
query dispatcher @gerdaalias total_bookings
query dispatcher @hans total_bookings lifetime_revenue upcoming_trips

# Any later delivery, also about others.
update commerce.bookings @b2 status=COMPLETED
forgotten @gerda
forgotten @gerdaalias

# And everything once more, in another order.
again
query dispatcher @gerda total_bookings
query dispatcher @gerdaalias total_bookings
forgotten @gerda
forgotten @gerdaalias

# What comes later cannot bring her back either.
insert commerce.bookings @b3 booker_profile_id=@gerda status=DEPOSIT_PAID passenger_count=1 total_amount=60 currency=EUR booked_at=2026-06-02T10:00:00Z
update commerce.passengers @s2 person_profile_id=@gerda
update backoffice.person_profiles @gerda pii_redacted_at=null
query dispatcher @gerda total_bookings
query dispatcher @hans total_bookings lifetime_revenue upcoming_trips
forgotten @gerda
letters
