-- What a tenant decides about its models: how far ahead churn looks, and what the parts of the engagement score weigh.

create table model_setting (
  tenant_id uuid not null,
  name text not null,
  version integer not null,
  since timestamptz not null,
  value jsonb not null,
  actor text not null,
  primary key (tenant_id, name, version),
  unique (tenant_id, name, since)
);
comment on table model_setting is 'Append-only: what a tenant decided about its models, and from when on it holds. A past instant is answered by what held then.';
comment on column model_setting.tenant_id is 'Whose setting.';
comment on column model_setting.name is 'churn_horizon (months) or engagement_weights (the weights of the five parts).';
comment on column model_setting.version is 'Rises by one within tenant and name; 0 is what holds without any row.';
comment on column model_setting.since is 'From when on it holds, until the next version does.';
comment on column model_setting.value is 'The setting itself.';
comment on column model_setting.actor is 'The role and user who decided.';

revoke update, delete on model_setting from ci_app, ci_eraser;
