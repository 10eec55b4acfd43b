-- What was learned: every version of every model with its report, and which of them speaks since when. No rows of persons.

create table model_version (
  tenant_id uuid not null,
  kind smallint not null,
  version integer not null,
  algorithm text not null,
  program text not null,
  settings jsonb not null,
  seed bigint not null,
  window_from timestamptz,
  window_until timestamptz not null,
  high_water timestamptz,
  persons bigint not null,
  matrix_hash bytea not null,
  report jsonb not null,
  artefact bytea,
  artefact_hash bytea,
  verdict smallint not null,
  reason text not null,
  trained_at timestamptz not null,
  confirmed_at timestamptz not null,
  took_ms bigint not null,
  primary key (tenant_id, kind, version)
);
comment on table model_version is 'Append-only but for confirmed_at: every version of a tenant''s models, with all that is needed to train it again and to judge it.';
comment on column model_version.tenant_id is 'Whose model: it learned from this tenant''s customers alone.';
comment on column model_version.kind is '0 churn and value, 1 tours, 2 clusters, 3 channels and engagement.';
comment on column model_version.version is 'Rises by one within tenant and kind.';
comment on column model_version.algorithm is 'Which algorithm won, such as mbg-nbd or logistic.';
comment on column model_version.program is 'Version of the program that trained it.';
comment on column model_version.settings is 'Settings and hyper-parameters it was trained with.';
comment on column model_version.seed is 'Where its randomness begins; the same seed and matrix give the same artefact.';
comment on column model_version.window_from is 'The earliest instant it looked at; null for the beginning.';
comment on column model_version.window_until is 'The instant up to which it looked.';
comment on column model_version.high_water is 'When the latest row of the tenant''s log it rests on was recorded.';
comment on column model_version.persons is 'How many customers it learned from.';
comment on column model_version.matrix_hash is 'SHA-256 of the training matrix.';
comment on column model_version.report is 'Back-test beside the baselines, calibration, parameters; about nobody in particular.';
comment on column model_version.artefact is 'What is needed to score, in postcard form behind a byte of format; null when the model abstains.';
comment on column model_version.artefact_hash is 'SHA-256 of the artefact.';
comment on column model_version.verdict is '0 promoted, 1 not better than the champion, 2 not better than the baseline, 3 abstains for want of data.';
comment on column model_version.reason is 'The verdict in words.';
comment on column model_version.trained_at is 'When it was trained.';
comment on column model_version.confirmed_at is 'When training last came to the very same artefact.';
comment on column model_version.took_ms is 'How long training took.';

create table model_champion (
  tenant_id uuid not null,
  kind smallint not null,
  since timestamptz not null,
  version integer,
  cause smallint not null,
  reason text not null,
  actor text not null,
  primary key (tenant_id, kind, since)
);
comment on table model_champion is 'Append-only: which version speaks since when. A past instant is answered by the champion of then; a rollback is one row more.';
comment on column model_champion.tenant_id is 'Whose model.';
comment on column model_champion.kind is 'As in model_version.';
comment on column model_champion.since is 'From when on.';
comment on column model_champion.version is 'The version that speaks; null for none.';
comment on column model_champion.cause is '0 won its back-test, 1 rolled back to, 2 chosen by hand, 3 withdrawn.';
comment on column model_champion.reason is 'In words.';
comment on column model_champion.actor is 'The job, the command, or the role and user that did it.';

revoke update, delete on model_version, model_champion from ci_app, ci_eraser;
grant update (confirmed_at) on model_version to ci_app;
