-- The way of a delivery: inbox, then dossiers and links, then the log, then the insight.
-- Every key starts with tenant_id; no sequences, no triggers, so that the same statements run distributed.

create table tenant (
  tenant_id uuid primary key,
  last_recorded_at timestamptz not null default '-infinity'
);
comment on table tenant is 'One row a tenant; its row lock makes one writer per tenant. Kept narrow.';
comment on column tenant.tenant_id is 'The operator''s id; the nil uuid for rows of no tenant.';
comment on column tenant.last_recorded_at is 'recorded_at of the latest batch; the next one is later, so that recorded_at rises strictly.';

create table inbox (
  tenant_id uuid not null,
  id uuid not null,
  channel smallint not null default 0,
  payload bytea not null,
  primary key (tenant_id, id)
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
comment on table inbox is 'Deliveries that are durable but not yet folded: the acknowledged promise.';
comment on column inbox.tenant_id is 'Whose delivery.';
comment on column inbox.id is 'UUID version 7 of the receipt, by the service''s clock.';
comment on column inbox.channel is '0 live, 1 backfill, 2 replay.';
comment on column inbox.payload is 'The envelope as JSON, cut to the allow-listed columns.';

create table dead_letter (
  tenant_id uuid not null,
  id uuid not null,
  received_at timestamptz not null,
  event_id text,
  source_table text,
  trigger_name text,
  reason text not null,
  detail text not null,
  envelope jsonb,
  primary key (tenant_id, id)
);
comment on table dead_letter is 'Deliveries that can never work as they are, with the reason; acknowledged, visible, re-drivable.';
comment on column dead_letter.tenant_id is 'Whose delivery; the nil uuid when it names no tenant.';
comment on column dead_letter.id is 'Derived from the delivery, so that a redelivery replaces its letter; version 7 where nothing identifies it.';
comment on column dead_letter.received_at is 'The last time it came.';
comment on column dead_letter.event_id is 'Hasura''s event id, shortened, where it has one.';
comment on column dead_letter.source_table is 'schema.table as named by the delivery.';
comment on column dead_letter.trigger_name is 'The event trigger as named by the delivery.';
comment on column dead_letter.reason is 'A stable code such as missing_tenant or wrong_type.';
comment on column dead_letter.detail is 'What, where, what to do; never a value that could be personal.';
comment on column dead_letter.envelope is 'Key names and JSON types, values only of allow-listed columns of harmless types; null without a contract.';

create table dossier (
  tenant_id uuid not null,
  kind smallint not null,
  id uuid not null,
  waiting boolean not null,
  recorded_at timestamptz not null,
  body bytea not null,
  primary key (tenant_id, kind, id)
) with (fillfactor = 70);
comment on table dossier is 'One source row: its versions and everyone ever linked to it.';
comment on column dossier.tenant_id is 'Whose row.';
comment on column dossier.kind is 'Number of the source kind.';
comment on column dossier.id is 'The row''s id on the platform; for an erased person a digest.';
comment on column dossier.waiting is 'Nobody is linked yet, so its facts wait.';
comment on column dossier.recorded_at is 'When it was first heard of.';
comment on column dossier.body is 'Format byte 1, then the dossier in postcard form.';
create index dossier_waiting on dossier (tenant_id, recorded_at) where waiting;

create table link (
  tenant_id uuid not null,
  parent_kind smallint not null,
  parent_id uuid not null,
  child_kind smallint not null,
  child_id uuid not null,
  primary key (tenant_id, parent_kind, parent_id, child_kind, child_id)
);
comment on table link is 'Which source rows ever named which: grow-only, read when the parent gains a person.';
comment on column link.tenant_id is 'Whose rows.';
comment on column link.parent_kind is 'Source kind of the row that was named.';
comment on column link.parent_id is 'Id of the row that was named.';
comment on column link.child_kind is 'Source kind of the row that names it.';
comment on column link.child_id is 'Id of the row that names it.';
create index link_child on link (tenant_id, child_kind, child_id);

create table activity_log (
  tenant_id uuid not null,
  person_profile_id uuid not null,
  activity_id uuid not null,
  version_at timestamptz not null,
  content_hash bytea not null,
  kind smallint not null,
  role smallint not null,
  provenance smallint not null,
  occurred_at timestamptz not null,
  recorded_at timestamptz not null,
  body bytea not null,
  primary key (tenant_id, person_profile_id, activity_id, version_at, content_hash)
);
comment on table activity_log is 'Append-only: one version of one source row as it concerns one person in one role.';
comment on column activity_log.tenant_id is 'Whose customer.';
comment on column activity_log.person_profile_id is 'The one person the row is about.';
comment on column activity_log.activity_id is 'UUIDv5 of table, source row, person and role.';
comment on column activity_log.version_at is 'The version''s time: updated_at of the row, occurred_at of an event.';
comment on column activity_log.content_hash is '16 bytes: SHA-256 of the canonical JSON, shortened, flags in the last byte.';
comment on column activity_log.kind is 'Number of the source kind.';
comment on column activity_log.role is '0 subject, 1 booker, 2 traveller, 3 correspondent.';
comment on column activity_log.provenance is '0 live, 1 late, 2 backfill, 3 replay; outside identity and fold.';
comment on column activity_log.occurred_at is 'When it happened in the world.';
comment on column activity_log.recorded_at is 'When it was appended; rises strictly within a tenant.';
comment on column activity_log.body is 'Format byte 1, then the row''s body in postcard form.';

create table customer (
  tenant_id uuid not null,
  person_profile_id uuid not null,
  merged_into uuid,
  root uuid not null,
  primary key (tenant_id, person_profile_id)
) with (fillfactor = 80);
comment on table customer is 'The CustomerProfile: exists only where a PersonProfile is known; its row lock orders refolds.';
comment on column customer.tenant_id is 'Whose customer.';
comment on column customer.person_profile_id is 'The PersonProfile.';
comment on column customer.merged_into is 'The survivor by the latest version of the profile; an alias, never a rewrite.';
comment on column customer.root is 'Where following merges ends: whose insight answers for this person.';
create index customer_root on customer (tenant_id, root);
create index customer_merged on customer (tenant_id, merged_into) where merged_into is not null;

create table fence (
  tenant_id uuid not null,
  tag uuid not null,
  erased_at timestamptz not null,
  reason text not null,
  primary key (tenant_id, tag)
);
comment on table fence is 'Erased persons, nameless: checked before anything about a person is written.';
comment on column fence.tenant_id is 'Whose customer it was.';
comment on column fence.tag is 'HMAC of the person''s id under the tenant''s pepper, shortened to a uuid.';
comment on column fence.erased_at is 'When.';
comment on column fence.reason is 'redacted, deleted or merged.';

create table customer_insight (
  tenant_id uuid not null,
  person_profile_id uuid not null,
  revision bigint not null,
  computed_at timestamptz not null,
  valid_until timestamptz,
  lifetime_revenue bigint not null,
  outstanding bigint not null,
  total_bookings integer not null,
  cancelled_bookings integer not null,
  open_reservations integer not null,
  trips_taken integer not null,
  upcoming_trips integer not null,
  next_departure_on date,
  no_show_count integer not null,
  no_show_rate double precision,
  average_booking_lead_time double precision,
  nps_score integer,
  satisfaction double precision,
  booker_kind smallint,
  is_minor boolean not null,
  marketing_consent boolean,
  customer_since timestamptz,
  first_booking_at timestamptz,
  last_booking_at timestamptz,
  last_activity_at timestamptz,
  body bytea not null,
  primary key (tenant_id, person_profile_id)
) with (fillfactor = 70);
comment on table customer_insight is 'What the dispatcher reads: one row a surviving person, derived from the log and nothing else.';
comment on column customer_insight.tenant_id is 'Whose customer.';
comment on column customer_insight.person_profile_id is 'The person after following merges.';
comment on column customer_insight.revision is 'Rises with every change of the body.';
comment on column customer_insight.computed_at is 'The instant it was derived for.';
comment on column customer_insight.valid_until is 'The next instant at which time alone changes it; null when nothing will.';
comment on column customer_insight.lifetime_revenue is 'Hundredths of the tenant''s currency.';
comment on column customer_insight.outstanding is 'Hundredths of the tenant''s currency.';
comment on column customer_insight.total_bookings is 'Kept bookings as booker.';
comment on column customer_insight.cancelled_bookings is 'Cancelled by the customer.';
comment on column customer_insight.open_reservations is 'Reservations not paid yet.';
comment on column customer_insight.trips_taken is 'Trips that have ended.';
comment on column customer_insight.upcoming_trips is 'Departures still to come.';
comment on column customer_insight.next_departure_on is 'First day of the next departure, in the tenant''s zone.';
comment on column customer_insight.no_show_count is 'Departures missed.';
comment on column customer_insight.no_show_rate is 'Missed departures divided by trips and missed departures.';
comment on column customer_insight.average_booking_lead_time is 'Days.';
comment on column customer_insight.nps_score is 'The latest, 0 to 10.';
comment on column customer_insight.satisfaction is 'Mean of the last five ratings, 1 to 5.';
comment on column customer_insight.booker_kind is '0 private, 1 group organiser, 2 agency.';
comment on column customer_insight.is_minor is 'The latest fare category is CHILD or INFANT.';
comment on column customer_insight.marketing_consent is 'As last told; null when never asked.';
comment on column customer_insight.customer_since is 'First confirmed booking.';
comment on column customer_insight.first_booking_at is 'First kept booking.';
comment on column customer_insight.last_booking_at is 'Last kept booking.';
comment on column customer_insight.last_activity_at is 'The latest thing the person did.';
comment on column customer_insight.body is 'Format byte 1, then the insight in postcard form.';
create index customer_insight_due on customer_insight (tenant_id, valid_until) where valid_until is not null;

create table tally (
  tenant_id uuid not null,
  name text not null,
  total bigint not null,
  last_at timestamptz not null,
  primary key (tenant_id, name)
);
comment on table tally is 'What was counted instead of kept: events by name, dropped columns, unattributable facts.';
comment on column tally.tenant_id is 'Whose deliveries; the nil uuid when they named no tenant.';
comment on column tally.name is 'A stable name such as event.BookingConfirmed or unattributable.';
comment on column tally.total is 'How many.';
comment on column tally.last_at is 'When last.';

-- The log is append-only for the service; only an erasure's role takes rows out.
revoke update, delete on activity_log from ci_app;
