-- Who allowed what: purposes as data, and an append-only ledger of everything that was said about them.

create table consent_purpose (
  tenant_id uuid not null,
  name text not null,
  follows smallint not null,
  description_de text not null,
  description_en text not null,
  primary key (tenant_id, name)
);
comment on table consent_purpose is 'What people can be asked to allow. A tenant''s own purposes stand beside those of the nil uuid, which are everybody''s.';
comment on column consent_purpose.tenant_id is 'Whose purpose; the nil uuid for every tenant''s. A tenant''s own of the same name takes its place.';
comment on column consent_purpose.name is 'A stable name such as marketing.';
comment on column consent_purpose.follows is 'Which field of a PersonProfile speaks about it: 0 none, 1 marketing_consent, 2 profiling_objection_at.';
comment on column consent_purpose.description_de is 'What is done for it, as it is told to whoever asks for their data; in German.';
comment on column consent_purpose.description_en is 'The same in English.';

insert into consent_purpose (tenant_id, name, follows, description_de, description_en) values
  ('00000000-0000-0000-0000-000000000000', 'analytics', 2,
   'Auswerten, was eine Person bucht, reist und rückmeldet, um Kunden besser zu kennen.',
   'Measuring what a person books, travels and says, to know customers better.'),
  ('00000000-0000-0000-0000-000000000000', 'marketing', 1,
   'Angebote und Neuigkeiten, die der Person geschickt werden.',
   'Offers and news that are sent to the person.'),
  ('00000000-0000-0000-0000-000000000000', 'personalisation', 2,
   'Reisen, Hinweise und Kanäle danach auswählen, was über die Person bekannt ist.',
   'Choosing tours, prompts and channels by what is known about the person.');

create table consent (
  tenant_id uuid not null,
  person_profile_id uuid not null,
  purpose text not null,
  channel text not null,
  told_at timestamptz not null,
  evidence bytea not null,
  act smallint not null,
  source smallint not null,
  effective_at timestamptz,
  expires_at timestamptz,
  text_version text,
  recorded_at timestamptz not null,
  primary key (tenant_id, person_profile_id, purpose, channel, told_at, evidence)
);
comment on table consent is 'Append-only: everything that was said about a person''s consent. States are derived, so that the order of arrival does not matter.';
comment on column consent.tenant_id is 'Whose customer.';
comment on column consent.person_profile_id is 'Whose consent.';
comment on column consent.purpose is 'Name of the purpose.';
comment on column consent.channel is 'The channel it is about; ANY for all of them.';
comment on column consent.told_at is 'The time of the version that says so: what orders the rows. The epoch for the row every customer begins with.';
comment on column consent.evidence is '16 bytes: content hash of the version that says so, flags in the last byte; zeros for the row every customer begins with.';
comment on column consent.act is '0 not requested, 1 asked, 2 granted, 3 refused, 4 says nothing, 5 objects, 6 does not object.';
comment on column consent.source is '0 the service itself, 1 the PersonProfile.';
comment on column consent.effective_at is 'Since when it holds, where that is known.';
comment on column consent.expires_at is 'Until when a consent holds; null for as long as nobody takes it back.';
comment on column consent.text_version is 'Which wording was agreed to, where that is known.';
comment on column consent.recorded_at is 'When the row was appended.';

-- What is said later stands beside it, never in its place.
revoke update, delete on consent from ci_app;

-- Customers of before begin as everybody does: nothing was asked. What their profiles say comes with a rebuild.
insert into consent (tenant_id, person_profile_id, purpose, channel, told_at, evidence, act, source, recorded_at)
select c.tenant_id, c.person_profile_id, p.name, 'ANY', 'epoch', '\x00000000000000000000000000000000', 0, 0,
       statement_timestamp()
from customer c cross join consent_purpose p;
