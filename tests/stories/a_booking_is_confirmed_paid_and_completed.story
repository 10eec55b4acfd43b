# A booking goes its ordinary way: reserved, deposit, paid, travelled, completed.
at 2026-01-10T08:00:00Z
insert backoffice.operators @operator default_currency=EUR time_zone=Europe/Berlin status=ACTIVE
insert backoffice.person_profiles @anna locale=de-DE marketing_consent=true
insert commerce.tour_offerings @harz tour_departure_id=@d1 tour_template_id=@t1 title=Harz region=Harz start_date=2026-05-04 end_date=2026-05-08 status=SCHEDULED
query dispatcher @anna total_bookings lifetime_revenue trips_taken profile_completeness

insert commerce.bookings @b1 tour_offering_id=@harz booker_profile_id=@anna status=PENDING_PAYMENT passenger_count=2 total_amount=898.00 currency=EUR booked_at=2026-01-10T08:00:00Z created_at=2026-01-10T08:00:00Z
query dispatcher @anna total_bookings open_reservations open_reservations_value customer_since

advance 1 days
insert commerce.payments @p1 booking_id=@b1 payment_type=DEPOSIT status=COMPLETED amount=179.60 currency=EUR received_at=2026-01-11T08:00:00Z
update commerce.bookings @b1 status=DEPOSIT_PAID deposit_amount=179.60
insert commerce.passengers @seat1 booking_id=@b1 person_profile_id=@anna seat_label=7A status=ACTIVE fare_category=ADULT
query dispatcher @anna total_bookings open_reservations lifetime_revenue revenue_realised revenue_upcoming paid_to_date outstanding average_booking_lead_time customer_since upcoming_trips next_departure { tour_title start_date }

advance 60 days
insert commerce.payments @p2 booking_id=@b1 payment_type=FINAL_PAYMENT status=COMPLETED amount=718.40 currency=EUR received_at=2026-03-12T08:00:00Z
update commerce.bookings @b1 status=FULLY_PAID
query dispatcher @anna paid_to_date outstanding

# The tour ends by itself; nobody tells so.
at 2026-05-09T09:00:00Z
query dispatcher @anna revenue_realised revenue_upcoming upcoming_trips trips_taken

update commerce.bookings @b1 status=COMPLETED
query dispatcher @anna revenue_realised upcoming_trips trips_taken multi_day_trips_taken no_show_count profile_completeness

again
query dispatcher @anna { status marketing_consent behavior_aggregate { total_bookings lifetime_revenue paid_to_date trips_taken } activities(first: 20) { nodes { kind occurred_at } } }

# The customer sees herself, the driver nobody.
query customer @anna trips_taken
query driver @anna trips_taken
