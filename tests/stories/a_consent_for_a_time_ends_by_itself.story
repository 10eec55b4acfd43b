# Consents recorded apart from the profile: for a time, on a channel, renewed under another wording.
at 2026-03-01T10:00:00Z
insert backoffice.person_profiles @clara locale=de-DE
event backoffice ConsentChanged consent_id=@form1 person_profile_id=@clara purpose=marketing decision=ASK source=FORM
query dispatcher @clara { marketing_consent consents { purpose channel state since source } }
advance 1 days
event backoffice ConsentChanged consent_id=@form2 person_profile_id=@clara purpose=marketing decision=GRANT text_version=v1 expires_at=2026-03-12T10:00:00Z source=FORM
event backoffice ConsentChanged consent_id=@form3 person_profile_id=@clara purpose=marketing channel=SMS decision=DENY source=FORM
query dispatcher @clara { marketing_consent consents { purpose channel state since expires_at text_version source } }

# Time alone makes it end.
advance 10 days
query dispatcher @clara { marketing_consent consents { purpose channel state since } }
advance 1 days
event backoffice ConsentChanged consent_id=@form4 person_profile_id=@clara purpose=marketing decision=RENEW text_version=v2 source=FORM
query dispatcher @clara { marketing_consent consents { purpose channel state since expires_at text_version } }

# A no to being measured, and everything once more in another order.
event backoffice ConsentChanged consent_id=@call1 person_profile_id=@clara purpose=analytics decision=DENY source=PHONE
again
query dispatcher @clara { marketing_consent profiling_objection consents { purpose channel state since } }
