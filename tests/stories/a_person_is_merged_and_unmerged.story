# Two profiles are one human being, and then they are not.
at 2026-03-01T10:00:00Z
insert backoffice.person_profiles @carla locale=de-DE marketing_consent=true
insert backoffice.person_profiles @carlaagain locale=de-AT
insert commerce.bookings @b1 booker_profile_id=@carla status=FULLY_PAID passenger_count=1 total_amount=100 currency=EUR booked_at=2026-03-01T10:00:00Z
insert commerce.bookings @b2 booker_profile_id=@carlaagain status=FULLY_PAID passenger_count=1 total_amount=250 currency=EUR booked_at=2026-03-01T11:00:00Z
query dispatcher @carla lifetime_revenue total_bookings
query dispatcher @carlaagain lifetime_revenue total_bookings

advance 1 days
update backoffice.person_profiles @carlaagain merged_into_id=@carla
# Asked by either id, the answer is the survivor's, with the survivor's locale and consent.
query dispatcher @carla { person_profile_id locale marketing_consent behavior_aggregate { lifetime_revenue total_bookings } }
query dispatcher @carlaagain { person_profile_id locale marketing_consent behavior_aggregate { lifetime_revenue total_bookings } }

advance 1 days
update backoffice.person_profiles @carlaagain merged_into_id=null
query dispatcher @carla lifetime_revenue total_bookings
query dispatcher @carlaagain { person_profile_id locale behavior_aggregate { lifetime_revenue total_bookings } }

# Whoever hears of the merge once more hears of its end as well.
again
query dispatcher @carla lifetime_revenue total_bookings
