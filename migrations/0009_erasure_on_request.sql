-- Erasures that are asked for from outside and carried out by a worker, of a whole person or of single categories; and
-- the lawful return of whoever was erased.

alter table erasure_request
  add column person_profile_id uuid,
  add column categories text[] not null default '{}',
  add column reason text,
  add column due_at timestamptz,
  add column propagated_at timestamptz,
  add column told jsonb not null default '[]',
  add column next_at timestamptz;
comment on column erasure_request.person_profile_id is 'Whom it is about, until their rows are taken out in the same transaction; then nobody.';
comment on column erasure_request.categories is 'Names of the categories that go; empty for the whole person.';
comment on column erasure_request.reason is 'A reference of whoever asked, such as a ticket; letters, digits and a few marks only, so that it is no address.';
comment on column erasure_request.due_at is 'When it has to be done.';
comment on column erasure_request.propagated_at is 'When everybody downstream had confirmed, or there was nobody to tell.';
comment on column erasure_request.told is 'Names of those who were told; never whom it was about.';
comment on column erasure_request.next_at is 'When the worker looks at it again; null once closed.';
comment on column erasure_request.state is '0 requested, 1 fenced, 2 deleted, 3 verified, 4 closed, 5 suspended by a legal hold, 6 propagated (between 2 and 3).';
comment on column erasure_request.basis is 'gdpr-request, ccpa-request, internal-policy, retention, restored, redacted, deleted or merged.';
create index erasure_request_next on erasure_request (tenant_id, next_at) where next_at is not null;

-- What stands half done is gone on with.
update erasure_request set next_at = requested_at, due_at = requested_at + interval '30 days'
where state in (2, 3);

alter table fence
  add column scope smallint not null default 0,
  add column returned_at timestamptz;
comment on column fence.scope is '0 for the whole person, else the number of a category.';
comment on column fence.returned_at is 'An explicit act allowed it again: only what happened after this instant is accepted.';
comment on column fence.reason is 'redacted, deleted, merged, requested or purged.';
alter table fence drop constraint fence_pkey;
alter table fence add primary key (tenant_id, tag, scope);
create index fence_partial on fence (tenant_id, tag) where scope <> 0 or returned_at is not null;
