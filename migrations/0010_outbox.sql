-- What goes out: messages written in the transaction that caused them, and each one's way to every receiver. And what
-- is kept of a consent when the person is erased.

create table outbox (
  tenant_id uuid not null,
  id uuid not null,
  kind text not null,
  person_profile_id uuid,
  granted text[] not null,
  unopposed text[] not null,
  provenance smallint not null,
  written_at timestamptz not null,
  state smallint not null default 0,
  settled_at timestamptz,
  payload jsonb,
  primary key (tenant_id, id)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
comment on table outbox is 'Messages to other systems, written with what caused them; at least once, each under one id.';
comment on column outbox.tenant_id is 'Whose message.';
comment on column outbox.id is 'Derived from what caused it, so that the same cause is one message; receivers know repetitions by it.';
comment on column outbox.kind is 'What it says, such as ProfileEnrichmentAvailable.';
comment on column outbox.person_profile_id is 'Whom it is about; null for messages that outlive the person.';
comment on column outbox.granted is 'Purposes that the person has to have granted at the moment of sending.';
comment on column outbox.unopposed is 'Purposes that the person may not have refused, or objected to, at that moment.';
comment on column outbox.provenance is '0 live; nothing else is ever sent.';
comment on column outbox.written_at is 'When it was caused: messages about one person go out in this order.';
comment on column outbox.state is '0 written, 1 on its way to its receivers, 2 settled with all of them.';
comment on column outbox.settled_at is 'When the last receiver had it, or had to do without.';
comment on column outbox.payload is 'What is sent; taken out as soon as it is settled.';
create index outbox_written on outbox (tenant_id, written_at, id) where state = 0;
create index outbox_open on outbox (tenant_id, id) where state = 1;
create index outbox_person on outbox (tenant_id, person_profile_id) where person_profile_id is not null;
create index outbox_settled on outbox (tenant_id, settled_at) where state = 2;

create table outbox_delivery (
  tenant_id uuid not null,
  id uuid not null,
  target text not null,
  person_profile_id uuid,
  written_at timestamptz not null,
  state smallint not null default 0,
  attempts smallint not null default 0,
  next_attempt_at timestamptz not null,
  outcome text,
  settled_at timestamptz,
  primary key (tenant_id, id, target)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
comment on table outbox_delivery is 'One message on its way to one receiver.';
comment on column outbox_delivery.tenant_id is 'Whose message.';
comment on column outbox_delivery.id is 'The message.';
comment on column outbox_delivery.target is 'Name of the receiver in the configuration.';
comment on column outbox_delivery.person_profile_id is 'As in the message, to keep the order of one person''s messages.';
comment on column outbox_delivery.written_at is 'As in the message.';
comment on column outbox_delivery.state is '0 waiting, 1 delivered, 2 parked after too many tries, 3 withheld: the person does not allow it.';
comment on column outbox_delivery.attempts is 'How often it was tried since it was written or replayed.';
comment on column outbox_delivery.next_attempt_at is 'Not before.';
comment on column outbox_delivery.outcome is 'How the last try went: an HTTP status, or a stable word such as timeout. Never what the receiver answered.';
comment on column outbox_delivery.settled_at is 'When it was delivered, parked or withheld.';
create index outbox_delivery_due on outbox_delivery (tenant_id, target, next_attempt_at) where state = 0;
create index outbox_delivery_order on outbox_delivery (tenant_id, target, person_profile_id, written_at, id) where state = 0;
create index outbox_delivery_parked on outbox_delivery (tenant_id, settled_at, id) where state = 2;
create index outbox_delivery_person on outbox_delivery (tenant_id, person_profile_id) where person_profile_id is not null;

-- Consents of erased persons, nameless, for as long as somebody may claim that there was none.
create table consent_proof (
  tenant_id uuid not null,
  tag uuid not null,
  purpose text not null,
  channel text not null,
  granted_at timestamptz not null,
  ended_at timestamptz not null,
  text_version text,
  kept_until timestamptz not null,
  primary key (tenant_id, tag, purpose, channel, granted_at)
);
comment on table consent_proof is 'What is left of an erased person''s consents: that somebody with this tag allowed it, from when to when.';
comment on column consent_proof.tenant_id is 'Whose customer it was.';
comment on column consent_proof.tag is 'HMAC of the person''s id under the tenant''s pepper, as in the fence.';
comment on column consent_proof.purpose is 'Name of the purpose.';
comment on column consent_proof.channel is 'The channel it was about; ANY for all of them.';
comment on column consent_proof.granted_at is 'Since when it held.';
comment on column consent_proof.ended_at is 'When it was taken back or ran out, or the person was erased.';
comment on column consent_proof.text_version is 'Which wording was agreed to, where that is known.';
comment on column consent_proof.kept_until is 'End of the limitation period; then the row goes.';
create index consent_proof_over on consent_proof (tenant_id, kept_until);

-- A proof is only added; a retention run takes it out in the eraser's role.
revoke update, delete on consent_proof from ci_app;
revoke update on consent_proof from ci_eraser;

alter table consent_purpose add column proof_years smallint not null default 3;
comment on column consent_purpose.proof_years is 'So many years beyond the end of the year in which a consent ended its proof is kept once the person is erased; 0 keeps none.';
