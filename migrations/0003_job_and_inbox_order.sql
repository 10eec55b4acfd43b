-- Long work that survives restarts has a row of its own; and the inbox is taken in the order of its channels, so that
-- history which is brought in never stands before what happens now.

create table job (
  tenant_id uuid not null,
  name text not null,
  run text not null,
  state smallint not null,
  started_at timestamptz not null,
  touched_at timestamptz not null,
  progress jsonb not null,
  primary key (tenant_id, name, run)
) with (fillfactor = 70);
comment on table job is 'Long work and how far it is, so that it goes on where a killed process left it.';
comment on column job.tenant_id is 'Whose work; the nil uuid for work of no one tenant.';
comment on column job.name is 'What kind of work, such as backfill, rebuild or the name of a cron trigger.';
comment on column job.run is 'Which run of it: the same run begun twice goes on or is found finished.';
comment on column job.state is '0 running, 1 finished, 2 failed (begun again it goes on), 3 cancelled.';
comment on column job.started_at is 'When it was first begun.';
comment on column job.touched_at is 'The last sign of life; a running job without a recent one was killed.';
comment on column job.progress is 'How far it is, in the words of whoever does the work; never personal data.';

-- Live (0) before backfill (1) before replay (2).
alter table inbox drop constraint inbox_pkey;
alter table inbox add primary key (tenant_id, channel, id);
