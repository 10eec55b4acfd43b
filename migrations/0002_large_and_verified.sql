-- What proves an insight (hashes of the state and of the rows it rests on), and the folded parts of large persons,
-- so that a booking of an agency costs a booking and not the agency.

alter table customer_insight
  add column fold_version smallint not null default 0,
  add column log_rows integer not null default 0,
  add column log_digest uuid not null default '00000000-0000-0000-0000-000000000000',
  add column state_hash bytea not null default '';
comment on column customer_insight.fold_version is 'Which version of the fold made it; a rebuild brings older ones up to date.';
comment on column customer_insight.log_rows is 'How many rows of the log it rests on, those of merged persons among them.';
comment on column customer_insight.log_digest is 'Sum of the digests of those rows, modulo 2^128: any changed cell changes it.';
comment on column customer_insight.state_hash is 'SHA-256 of the folded state in postcard form: independent of the instant.';

alter table customer add column in_parts boolean not null default false;
comment on column customer.in_parts is 'So many rows that the state is kept in parts, and only bookings that were touched are folded again.';

create table fold_part (
  tenant_id uuid not null,
  person_profile_id uuid not null,
  bucket smallint not null,
  body bytea not null,
  primary key (tenant_id, person_profile_id, bucket)
) with (fillfactor = 70);
comment on table fold_part is 'The folded bookings of a large person, some to a bucket; derived from the log and rebuilt from it.';
comment on column fold_part.tenant_id is 'Whose customer.';
comment on column fold_part.person_profile_id is 'The person after following merges.';
comment on column fold_part.bucket is 'Low bits of the bookings'' ids; -1 holds what is needed to go on: members and the rows that belong to no booking.';
comment on column fold_part.body is 'Version of the fold in one byte, then the parts in postcard form.';
