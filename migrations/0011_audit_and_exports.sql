-- Who did what and who read about whom, in hash chains; and exports that were asked for, encrypted until they are fetched.

create table audit_act (
  tenant_id uuid not null,
  number bigint not null,
  previous bytea not null,
  hash bytea not null,
  at timestamptz not null,
  role text not null,
  user_id text,
  act text not null,
  subject_tag uuid,
  object_id uuid,
  detail text not null,
  primary key (tenant_id, number)
);
comment on table audit_act is 'Append-only: everything that somebody did, written in the transaction of what was done; a chain for each tenant.';
comment on column audit_act.tenant_id is 'Whose data; the nil uuid for what concerns no tenant.';
comment on column audit_act.number is 'Place in the tenant''s chain, from 1; that it is unique keeps two writers from forking the chain.';
comment on column audit_act.previous is 'SHA-256 of the link before; zeros for the first.';
comment on column audit_act.hash is 'SHA-256 over the previous hash and everything else in this row.';
comment on column audit_act.at is 'When.';
comment on column audit_act.role is 'In which role it was done: a role of the platform, or command or service for this program itself.';
comment on column audit_act.user_id is 'By which user, as the platform names them; null for customers, whose tag stands in subject_tag.';
comment on column audit_act.act is 'What was done, by its stable name.';
comment on column audit_act.subject_tag is 'HMAC of the id of the person it is about, as in the fence; so the chain need not change when the person is erased.';
comment on column audit_act.object_id is 'The request, letter or other thing it is about, which is no person.';
comment on column audit_act.detail is 'What more is to be said, as JSON, byte by byte as it was hashed; no personal data.';
create index audit_act_at on audit_act (tenant_id, at);
create index audit_act_subject on audit_act (tenant_id, subject_tag) where subject_tag is not null;

-- What was done stays done.
revoke update, delete on audit_act from ci_app, ci_eraser;

create table audit_read (
  tenant_id uuid not null,
  chain uuid not null,
  number bigint not null,
  previous bytea not null,
  hash bytea not null,
  anchor uuid,
  at timestamptz not null,
  role text not null,
  user_id text,
  operation text,
  query_hash bytea not null,
  persons integer not null,
  subject_tags uuid[] not null,
  lost bigint not null,
  primary key (tenant_id, chain, number)
);
comment on table audit_read is 'Append-only: requests that read about persons; a chain for each tenant and process, one link a request.';
comment on column audit_read.tenant_id is 'Whose data.';
comment on column audit_read.chain is 'The process that answered, by an id it made up when it started.';
comment on column audit_read.number is 'Place in the chain, from 1.';
comment on column audit_read.previous is 'SHA-256 of the link before; of the first, that of the last link then known of the chain in anchor, or zeros.';
comment on column audit_read.hash is 'SHA-256 over the previous hash and everything else in this row.';
comment on column audit_read.anchor is 'Of the first link: the chain whose last link was known then.';
comment on column audit_read.at is 'When it was answered.';
comment on column audit_read.role is 'In which role it was read.';
comment on column audit_read.user_id is 'By which user, as the platform names them; null for customers, who read about themselves.';
comment on column audit_read.operation is 'The name of the GraphQL operation, if it had one.';
comment on column audit_read.query_hash is 'SHA-256 of the GraphQL document.';
comment on column audit_read.persons is 'About how many persons something was answered.';
comment on column audit_read.subject_tags is 'HMACs of their ids, as in the fence; empty where they are too many to list.';
comment on column audit_read.lost is 'How many reads before this one could not be recorded, because the database was away for too long.';
create index audit_read_at on audit_read (tenant_id, at);

-- What was read stays read; only what is older than it has to be kept goes, as an act of its own.
revoke update on audit_read from ci_app, ci_eraser;
revoke delete on audit_read from ci_app;

create table export_request (
  tenant_id uuid not null,
  request_id uuid not null,
  person_profile_id uuid,
  subject_tag uuid not null,
  categories text[] not null,
  format smallint not null,
  language text,
  recipient text not null,
  token_hash bytea not null,
  state smallint not null,
  requested_at timestamptz not null,
  due_at timestamptz not null,
  claimed_at timestamptz,
  attempts smallint not null default 0,
  ready_at timestamptz,
  expires_at timestamptz,
  ended_at timestamptz,
  bytes bigint,
  primary key (tenant_id, request_id)
) with (fillfactor = 70);
comment on table export_request is 'Persons'' data that were asked for: how far each request is; nameless once the person is erased.';
comment on column export_request.tenant_id is 'Whose customer.';
comment on column export_request.request_id is 'Made up when it was asked for.';
comment on column export_request.person_profile_id is 'Whose data, by the id that was asked for; null after the person was erased.';
comment on column export_request.subject_tag is 'HMAC of that id, as in the fence.';
comment on column export_request.categories is 'Names of the categories that were asked for.';
comment on column export_request.format is '0 JSON, 1 CSV.';
comment on column export_request.language is 'In which language it explains itself, de or en; null for the person''s own.';
comment on column export_request.recipient is 'The age public key to which the archive is encrypted; the key that opens it is never here.';
comment on column export_request.token_hash is 'SHA-256 of the secret in the one-time address; the secret itself is never here.';
comment on column export_request.state is '0 requested, 1 building, 2 ready, 3 fetched, 4 expired, 5 cancelled by an erasure, 6 failed, 7 no such person.';
comment on column export_request.requested_at is 'When it was asked for.';
comment on column export_request.due_at is 'Until when it must be answered.';
comment on column export_request.claimed_at is 'When a process last took it up; another takes it up again when that is long ago.';
comment on column export_request.attempts is 'How often it was taken up.';
comment on column export_request.ready_at is 'When the archive was there.';
comment on column export_request.expires_at is 'Until when it can be fetched.';
comment on column export_request.ended_at is 'When it was fetched, expired, cancelled or given up.';
comment on column export_request.bytes is 'Size of the encrypted archive.';
create index export_request_open on export_request (tenant_id, state, requested_at);
create index export_request_person on export_request (tenant_id, person_profile_id) where person_profile_id is not null;

create table export_chunk (
  tenant_id uuid not null,
  request_id uuid not null,
  number integer not null,
  person_profile_id uuid not null,
  body bytea not null,
  primary key (tenant_id, request_id, number)
);
comment on table export_chunk is 'Encrypted archives that wait to be fetched, in pieces; gone once they are fetched, expired, or their person is erased.';
comment on column export_chunk.tenant_id is 'Whose customer.';
comment on column export_chunk.request_id is 'Which request.';
comment on column export_chunk.number is 'Place of the piece, from 0.';
comment on column export_chunk.person_profile_id is 'Whose data: erasing finds it by this.';
comment on column export_chunk.body is 'A piece of an age file, which only the recipient''s key opens.';
create index export_chunk_person on export_chunk (tenant_id, person_profile_id);
-- Compressed and encrypted already.
alter table export_chunk alter column body set storage external;
