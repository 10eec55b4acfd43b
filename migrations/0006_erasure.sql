-- Erasures with their proof: what was asked for and how far it is, and signed receipts in a chain. Neither names anybody.

create table erasure_request (
  tenant_id uuid not null,
  request_id uuid not null,
  subject_tag uuid not null,
  tags uuid[] not null,
  basis text not null,
  state smallint not null,
  requested_at timestamptz not null,
  fenced_at timestamptz,
  deleted_at timestamptz,
  verified_at timestamptz,
  closed_at timestamptz,
  removed jsonb not null default '{}',
  primary key (tenant_id, request_id)
) with (fillfactor = 70);
comment on table erasure_request is 'One row an erasure: how far it is, so that it goes on where a killed process left it; nameless.';
comment on column erasure_request.tenant_id is 'Whose customer it was.';
comment on column erasure_request.request_id is 'Given by whoever asked; the same request twice is one erasure.';
comment on column erasure_request.subject_tag is 'HMAC of the id that was named, as in the fence.';
comment on column erasure_request.tags is 'Tags of everyone who was erased with it: the person and all merged with them.';
comment on column erasure_request.basis is 'gdpr-request, ccpa-request, internal-policy, restored, redacted, deleted or merged.';
comment on column erasure_request.state is '0 requested, 1 fenced, 2 deleted, 3 verified, 4 closed, 5 suspended by a legal hold.';
comment on column erasure_request.requested_at is 'When it was first asked for.';
comment on column erasure_request.fenced_at is 'When the fence was raised.';
comment on column erasure_request.deleted_at is 'When the rows were taken out, in the transaction of the fence.';
comment on column erasure_request.verified_at is 'When a scan first found nothing.';
comment on column erasure_request.closed_at is 'When a later scan found nothing again.';
comment on column erasure_request.removed is 'Rows taken out or emptied, by table.';
create index erasure_request_subject on erasure_request (tenant_id, subject_tag);

create table erasure_receipt (
  tenant_id uuid not null,
  number bigint not null,
  request_id uuid not null,
  issued_at timestamptz not null,
  body text not null,
  primary key (tenant_id, number)
);
comment on table erasure_receipt is 'Signed receipts, each with the hash of the one before: append-only, free of personal data.';
comment on column erasure_receipt.tenant_id is 'Whose customer it was.';
comment on column erasure_receipt.number is 'Place in the tenant''s chain, from 1.';
comment on column erasure_receipt.request_id is 'The erasure it is about.';
comment on column erasure_receipt.issued_at is 'When.';
comment on column erasure_receipt.body is 'The receipt as JSON, byte by byte as it was handed out.';

-- Receipts are only ever added.
revoke update, delete on erasure_receipt from ci_app, ci_eraser;
