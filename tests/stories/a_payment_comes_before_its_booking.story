# Payment and passenger arrive before the booking, which arrives before its booker: all of it waits.
at 2026-02-01T10:00:00Z
hold insert backoffice.person_profiles @ben locale=de-DE
hold insert commerce.bookings @b1 tour_offering_id=@harz booker_profile_id=@ben status=FULLY_PAID passenger_count=1 total_amount=450 currency=EUR booked_at=2026-02-01T10:00:00Z
insert commerce.payments @p1 booking_id=@b1 payment_type=FINAL_PAYMENT status=COMPLETED amount=450 currency=EUR received_at=2026-02-01T10:05:00Z
query dispatcher @ben paid_to_date
release
query dispatcher @ben lifetime_revenue paid_to_date outstanding total_bookings last_activity_at
letters
