-- Reference copy of the platform's tables that Customer Intelligence listens to, so that the whole chain runs without the
-- platform's own repository. On a real platform these tables exist already: apply nothing of this folder there.
--
-- The column names are the ones that arrive in Hasura's data.old / data.new. Columns marked PII never leave the source: the event
-- triggers cut the payload to the other columns, and the webhook drops them again if they arrive all the same.
--
-- tenant = operator: every tenant_id is an operators.id; for operators itself the tenant is id. References across schemas are soft.
-- updated_at is the row's version (set by a trigger, see the next migration). Tables without it are versioned by synced_at,
-- else boarded_at / sold_at / submitted_at.

create schema backoffice;
create schema commerce;
create schema operations;
create schema communications;

create table backoffice.operators (
  id uuid primary key, name text not null, default_locale text not null default 'de-DE',
  default_currency char(3) not null default 'EUR', time_zone text not null default 'Europe/Berlin',
  status text not null default 'ACTIVE', updated_at timestamptz not null default now());

-- INSERT, UPDATE -> PersonProfileUpdated. merged_into_id set -> merged; back to null -> unmerged; pii_redacted_at set or DELETE -> erase,
-- unless the row carries merged_into_id: then it is the clean-up of a duplicate, and alias and history stay with the survivor.
create table backoffice.person_profiles (
  id uuid primary key, tenant_id uuid not null,
  first_name text, last_name text, email text, phone text, date_of_birth date, dietary_needs text,   -- PII
  has_email boolean generated always as (email is not null) stored, has_phone boolean generated always as (phone is not null) stored,
  marketing_consent boolean, marketing_consent_at timestamptz, profiling_objection_at timestamptz, locale text,
  merged_into_id uuid, pii_redacted_at timestamptz,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now());

create table backoffice.tour_templates (
  id uuid primary key, tenant_id uuid not null, title text not null, region text, category text, duration_days int,
  tags text[] not null default '{}', updated_at timestamptz not null default now());

create table backoffice.boarding_points (
  id uuid primary key, tenant_id uuid not null, label text not null, zone_label text, updated_at timestamptz not null default now());

-- INSERT, UPDATE -> the tour catalogue (TourDeparturePublished in its event form)
create table commerce.tour_offerings (
  id uuid primary key, tenant_id uuid not null, tour_departure_id uuid not null, tour_template_id uuid not null,
  title text not null, region text, start_date date not null, end_date date not null,
  list_price numeric(12,2), currency char(3) not null default 'EUR', seats_available int,
  status text not null default 'SCHEDULED',          -- SCHEDULED SOLD_OUT COMPLETED CANCELLED
  updated_at timestamptz not null default now());

-- status becomes DEPOSIT_PAID -> BookingConfirmed; FULLY_PAID -> BookingFullyPaid (implies a confirmation that was not seen);
-- CANCELLED -> BookingCancelled; REFUNDED -> BookingRefunded; COMPLETED -> BookingCompleted; NO_SHOW -> BookingNoShow.
-- A row that arrives already in a later state (INSERT, or a missed UPDATE) implies the states before it; CANCELLED implies none.
-- total_amount is the agreed total of the booking at that moment, ancillaries of the checkout included, cancelled passengers excluded.
create table commerce.bookings (
  id uuid primary key, tenant_id uuid not null, tour_offering_id uuid not null,
  status text not null,                              -- DRAFT PENDING_PAYMENT DEPOSIT_PAID FULLY_PAID COMPLETED CANCELLED REFUNDED NO_SHOW
  reference_number text, booker_profile_id uuid, reseller_id uuid, channel text, passenger_count int not null default 1,
  replaces_booking_id uuid,                          -- a rebooking to another date: the replaced one was rebooked, not cancelled
  total_amount numeric(12,2) not null, deposit_amount numeric(12,2), currency char(3) not null default 'EUR',
  cancelled_by text,                                 -- PASSENGER DISPATCHER OPERATOR SYSTEM; OPERATOR = the operator called the departure off
  cancellation_fee numeric(12,2), refund_amount numeric(12,2),
  booked_at timestamptz, created_at timestamptz not null default now(), updated_at timestamptz not null default now());

-- INSERT, UPDATE -> who travels on a booking; status becomes CANCELLED -> PassengerCancelled
create table commerce.passengers (
  id uuid primary key, tenant_id uuid not null, booking_id uuid not null, person_profile_id uuid,
  first_name text, last_name text, email text, phone text, pickup_address text,                       -- PII
  is_primary_contact boolean not null default false, boarding_point_id uuid, is_door_pickup boolean not null default false,
  seat_label text, seat_position text,               -- e.g. '7A' or '14'; WINDOW_FRONT, AISLE_REAR … when the platform knows it
  fare_category text, cancellation_fee numeric(12,2), -- ADULT CHILD INFANT; fee kept for this passenger when cancelled alone
  status text not null default 'ACTIVE', updated_at timestamptz not null default now());

-- status becomes COMPLETED -> PaymentReceived (older name PaymentCompleted); becomes REFUNDED -> payment refunded
create table commerce.payments (
  id uuid primary key, tenant_id uuid not null, booking_id uuid not null, payment_type text not null, -- DEPOSIT FINAL_PAYMENT ANCILLARY
  status text not null, amount numeric(12,2) not null, currency char(3) not null default 'EUR', payment_method text,
  received_at timestamptz, updated_at timestamptz not null default now());

-- INSERT -> AncillaryPurchased
create table commerce.ancillaries (
  id uuid primary key, tenant_id uuid not null, booking_id uuid not null, passenger_id uuid, catalog_item_id uuid,
  type text not null, label text, quantity int not null default 1, unit_price numeric(12,2), total_amount numeric(12,2) not null,
  currency char(3) not null default 'EUR', purchase_phase text not null default 'CHECKOUT',           -- CHECKOUT POST_BOOKING
  status text not null default 'ACTIVE', purchased_at timestamptz not null, updated_at timestamptz not null default now());

create table commerce.tickets (
  id uuid primary key, tenant_id uuid not null, booking_id uuid not null, passenger_id uuid not null, status text not null default 'ACTIVE',
  qr_hash text, updated_at timestamptz not null default now());                                       -- qr_hash: never forwarded

-- status becomes EXPIRED -> CheckoutAbandoned (dropped when nobody is linked)
create table commerce.checkout_sessions (
  id uuid primary key, tenant_id uuid not null, tour_offering_id uuid not null, booker_profile_id uuid, status text not null,
  step text, passenger_count int, cart_amount numeric(12,2), currency char(3), started_at timestamptz, expires_at timestamptz,
  updated_at timestamptz not null default now());

-- INSERT -> TripFeedbackSubmitted
create table commerce.trip_feedback (
  id uuid primary key, tenant_id uuid not null, booking_id uuid, person_profile_id uuid, tour_departure_id uuid,
  nps_score int check (nps_score between 0 and 10), rating int check (rating between 1 and 5), comment text, -- comment: PII
  submitted_at timestamptz not null);

-- status becomes COMPLETED -> ServiceLegCompleted; names no person
create table operations.service_legs (
  id uuid primary key, tenant_id uuid not null, tour_offering_id uuid, tour_departure_id uuid not null,
  leg_type text not null, is_final_leg boolean not null default false, status text not null,
  scheduled_start timestamptz, scheduled_end timestamptz, actual_start timestamptz, actual_end timestamptz,
  updated_at timestamptz not null default now());

-- INSERT -> BoardingEventCreated; synced in bursts, hours late
create table operations.boarding_events (
  id uuid primary key, tenant_id uuid not null, service_leg_id uuid not null, tour_departure_id uuid not null,
  ticket_id uuid, passenger_id uuid, boarding_point_id uuid, seat_label text, status text not null default 'BOARDED', -- BOARDED DENIED
  method text, is_offline boolean not null default false, boarded_at timestamptz not null, synced_at timestamptz);

-- INSERT -> OnboardSaleRecorded
create table operations.onboard_sales (
  id uuid primary key, tenant_id uuid not null, service_leg_id uuid not null, tour_departure_id uuid not null, ticket_id uuid,
  seat_label text, items jsonb, total_amount numeric(12,2) not null, currency char(3) not null default 'EUR', payment_method text,
  sold_at timestamptz not null, synced_at timestamptz);

create table communications.channel_accounts (
  id uuid primary key, tenant_id uuid not null, channel_type text not null, status text not null,      -- WHATSAPP EMAIL WEBCHAT SMS
  updated_at timestamptz not null default now());

-- INSERT, UPDATE -> contact link (person_profile_id may come later, change, or stay null)
create table communications.contacts (
  id uuid primary key, tenant_id uuid not null, person_profile_id uuid, name text, identifiers jsonb,   -- name, identifiers: PII
  created_at timestamptz not null default now(), updated_at timestamptz not null default now());

-- status becomes RESOLVED -> ConversationResolved (may happen again after reopening)
create table communications.conversations (
  id uuid primary key, tenant_id uuid not null, contact_id uuid not null, booking_id uuid, service_leg_id uuid, invoice_id uuid,
  status text not null, assigned_to uuid, opened_at timestamptz, last_message_at timestamptz, resolved_at timestamptz,
  updated_at timestamptz not null default now());

-- OUTBOUND: status becomes DELIVERED -> MessageDelivered; READ -> MessageRead (implies delivered). INBOUND INSERT -> a reply.
create table communications.messages (
  id uuid primary key, tenant_id uuid not null, conversation_id uuid not null, channel_account_id uuid not null,
  direction text not null, template_id uuid, trigger_event text, rendered_content text,                 -- rendered_content: PII
  status text not null, sent_at timestamptz, delivered_at timestamptz, read_at timestamptz,
  updated_at timestamptz not null default now());

-- The canonical form: each context may instead write finished domain events here; Hasura delivers the INSERT.
-- payload = the contract's fields including event_id and tenant_id.
create table commerce.domain_events (
  event_id uuid primary key, tenant_id uuid not null, event_type text not null, schema_version int not null default 1,
  occurred_at timestamptz not null, payload jsonb not null);
create table backoffice.domain_events (like commerce.domain_events including all);
create table operations.domain_events (like commerce.domain_events including all);
create table communications.domain_events (like commerce.domain_events including all);

-- Suspends retention and erasure of a person while open (closed_at null).
create table backoffice.legal_holds (
  id uuid primary key, tenant_id uuid not null, entity_type text not null, entity_id uuid not null,    -- person
  reason_code text, until date, closed_at timestamptz, created_at timestamptz not null default now(), updated_at timestamptz not null default now());

-- Comments, so that the console and psql (\d+) explain the tables.
comment on table backoffice.operators is 'Tenant root: one row per operator. Gives CI the default currency and the time zone.';
comment on table backoffice.person_profiles is 'The person, identity owned by Backoffice. INSERT, UPDATE: PersonProfileUpdated. merged_into_id set: merged; null again: unmerged; pii_redacted_at set or DELETE: erase (not of a merged duplicate).';
comment on column backoffice.person_profiles.first_name is 'PII, never forwarded';
comment on column backoffice.person_profiles.last_name is 'PII, never forwarded';
comment on column backoffice.person_profiles.email is 'PII, never forwarded';
comment on column backoffice.person_profiles.phone is 'PII, never forwarded';
comment on column backoffice.person_profiles.date_of_birth is 'PII, never forwarded';
comment on column backoffice.person_profiles.dietary_needs is 'PII, never forwarded';
comment on column backoffice.person_profiles.has_email is 'an e-mail address is known';
comment on column backoffice.person_profiles.has_phone is 'a phone number is known';
comment on column backoffice.person_profiles.marketing_consent is 'null = no consent';
comment on column backoffice.person_profiles.profiling_objection_at is 'objection to profiling (Art. 21 GDPR)';
comment on column backoffice.person_profiles.merged_into_id is 'the surviving profile, when this one was a duplicate';
comment on column backoffice.person_profiles.pii_redacted_at is 'the person was erased';
comment on table backoffice.tour_templates is 'What is offered again and again; region, category and tags of a tour.';
comment on table backoffice.boarding_points is 'Library of stops; labels are shown beside the preferred boarding point.';
comment on table commerce.tour_offerings is 'One dated departure on sale. INSERT, UPDATE: the tour catalogue.';
comment on column commerce.tour_offerings.status is 'SCHEDULED SOLD_OUT COMPLETED CANCELLED';
comment on table commerce.bookings is 'status becomes DEPOSIT_PAID: BookingConfirmed; FULLY_PAID: BookingFullyPaid; CANCELLED: BookingCancelled; REFUNDED: BookingRefunded; COMPLETED: BookingCompleted; NO_SHOW: BookingNoShow.';
comment on column commerce.bookings.total_amount is 'agreed total at this moment: ancillaries of the checkout included, cancelled passengers excluded';
comment on column commerce.bookings.booker_profile_id is 'who pays; may never travel';
comment on column commerce.bookings.reseller_id is 'the agency that brokered the booking';
comment on column commerce.bookings.replaces_booking_id is 'a rebooking to another date: the replaced one was rebooked, not cancelled';
comment on column commerce.bookings.cancelled_by is 'PASSENGER DISPATCHER OPERATOR SYSTEM; OPERATOR = the departure was called off';
comment on column commerce.bookings.reference_number is 'free text, never forwarded';
comment on column commerce.bookings.status is 'DRAFT PENDING_PAYMENT DEPOSIT_PAID FULLY_PAID COMPLETED CANCELLED REFUNDED NO_SHOW';
comment on table commerce.passengers is 'Who travels on a booking. status becomes CANCELLED: PassengerCancelled.';
comment on column commerce.passengers.first_name is 'PII, never forwarded';
comment on column commerce.passengers.last_name is 'PII, never forwarded';
comment on column commerce.passengers.email is 'PII, never forwarded';
comment on column commerce.passengers.phone is 'PII, never forwarded';
comment on column commerce.passengers.pickup_address is 'PII, never forwarded';
comment on column commerce.passengers.seat_position is 'WINDOW_FRONT, AISLE_REAR …, when the platform knows it';
comment on column commerce.passengers.fare_category is 'ADULT CHILD INFANT';
comment on column commerce.passengers.cancellation_fee is 'fee kept for this passenger when cancelled alone';
comment on table commerce.payments is 'status becomes COMPLETED: PaymentReceived; REFUNDED: payment refunded.';
comment on column commerce.payments.payment_type is 'DEPOSIT FINAL_PAYMENT ANCILLARY';
comment on table commerce.ancillaries is 'INSERT: AncillaryPurchased.';
comment on column commerce.ancillaries.label is 'free text, never forwarded';
comment on column commerce.ancillaries.purchase_phase is 'CHECKOUT (inside the booking total) or POST_BOOKING';
comment on table commerce.tickets is 'Links a scanned ticket to its passenger.';
comment on column commerce.tickets.qr_hash is 'never forwarded';
comment on table commerce.checkout_sessions is 'status becomes EXPIRED: CheckoutAbandoned.';
comment on table commerce.trip_feedback is 'INSERT: TripFeedbackSubmitted.';
comment on column commerce.trip_feedback.comment is 'PII, never forwarded';
comment on table operations.service_legs is 'status becomes COMPLETED: ServiceLegCompleted. Names no person.';
comment on table operations.boarding_events is 'INSERT: BoardingEventCreated; synced in bursts, hours late.';
comment on column operations.boarding_events.boarded_at is 'time on the driver''s device';
comment on column operations.boarding_events.synced_at is 'time of arrival on the platform';
comment on column operations.boarding_events.status is 'BOARDED or DENIED';
comment on table operations.onboard_sales is 'INSERT: OnboardSaleRecorded; synced in bursts, hours late.';
comment on column operations.onboard_sales.items is 'free text, never forwarded';
comment on table communications.channel_accounts is 'One sending account per channel.';
comment on column communications.channel_accounts.channel_type is 'WHATSAPP EMAIL WEBCHAT SMS';
comment on table communications.contacts is 'Messaging identity; person_profile_id may come later, change, or stay null.';
comment on column communications.contacts.name is 'PII, never forwarded';
comment on column communications.contacts.identifiers is 'PII, never forwarded';
comment on table communications.conversations is 'status becomes RESOLVED: ConversationResolved (may happen again after reopening).';
comment on column communications.conversations.assigned_to is 'never forwarded';
comment on table communications.messages is 'OUTBOUND: status becomes DELIVERED: MessageDelivered; READ: MessageRead. INBOUND INSERT: a reply.';
comment on column communications.messages.rendered_content is 'PII, never forwarded';
comment on column communications.messages.direction is 'INBOUND or OUTBOUND';
comment on table commerce.domain_events is 'Finished domain events of this context; Hasura delivers the INSERT. payload: the fields of the contract.';
comment on table backoffice.domain_events is 'Finished domain events of this context; Hasura delivers the INSERT. payload: the fields of the contract.';
comment on table operations.domain_events is 'Finished domain events of this context; Hasura delivers the INSERT. payload: the fields of the contract.';
comment on table communications.domain_events is 'Finished domain events of this context; Hasura delivers the INSERT. payload: the fields of the contract.';
comment on table backoffice.legal_holds is 'Suspends retention and erasure of a person while open (closed_at null).';

-- Every access is by tenant.
create index on backoffice.person_profiles (tenant_id);
create index on backoffice.tour_templates (tenant_id);
create index on backoffice.boarding_points (tenant_id);
create index on commerce.tour_offerings (tenant_id);
create index on commerce.bookings (tenant_id);
create index on commerce.passengers (tenant_id);
create index on commerce.payments (tenant_id);
create index on commerce.ancillaries (tenant_id);
create index on commerce.tickets (tenant_id);
create index on commerce.checkout_sessions (tenant_id);
create index on commerce.trip_feedback (tenant_id);
create index on operations.service_legs (tenant_id);
create index on operations.boarding_events (tenant_id);
create index on operations.onboard_sales (tenant_id);
create index on communications.channel_accounts (tenant_id);
create index on communications.contacts (tenant_id);
create index on communications.conversations (tenant_id);
create index on communications.messages (tenant_id);
create index on commerce.domain_events (tenant_id);
create index on backoffice.domain_events (tenant_id);
create index on operations.domain_events (tenant_id);
create index on communications.domain_events (tenant_id);
create index on backoffice.legal_holds (tenant_id);
