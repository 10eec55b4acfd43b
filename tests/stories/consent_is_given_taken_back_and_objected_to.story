# A purpose that nobody asked for is there from the beginning, as not requested.
at 2026-03-01T10:00:00Z
insert backoffice.person_profiles @clara locale=de-DE
query dispatcher @clara { consents { purpose channel state since source objected } }

# She agrees; somebody tells it again; then she takes it back.
advance 1 days
update backoffice.person_profiles @clara marketing_consent=true marketing_consent_at=2026-03-02T08:00:00Z
advance 1 days
update backoffice.person_profiles @clara locale=de-AT
query dispatcher @clara { marketing_consent consents { purpose state since source } }
advance 1 days
hold update backoffice.person_profiles @clara marketing_consent=false
advance 1 days
hold update backoffice.person_profiles @clara profiling_objection_at=2026-03-05T09:30:00Z
release
query dispatcher @clara { marketing_consent profiling_objection consents { purpose state since objected } }

# An objection of a merged profile counts, its consent does not.
insert backoffice.person_profiles @claraagain marketing_consent=true profiling_objection_at=null
advance 1 days
update backoffice.person_profiles @clara profiling_objection_at=null
update backoffice.person_profiles @claraagain profiling_objection_at=2026-03-06T07:00:00Z
update backoffice.person_profiles @claraagain merged_into_id=@clara
query dispatcher @claraagain { person_profile_id marketing_consent profiling_objection consents { purpose state since objected } }

# Everything once more, in another order.
again
query dispatcher @claraagain { consents { purpose state since objected } }

# Nothing is left of it when she asks to be forgotten.
advance 1 days
update backoffice.person_profiles @clara pii_redacted_at=2026-03-07T10:00:00Z
forgotten @clara
forgotten @claraagain
query dispatcher @clara { consents { purpose } }
