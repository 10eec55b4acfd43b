-- How long a tenant keeps what: two clocks, and what remains of those who went.

create table retention_setting (
  tenant_id uuid not null,
  clock text not null,
  months smallint not null,
  set_at timestamptz not null,
  primary key (tenant_id, clock)
);
comment on table retention_setting is 'How long a tenant keeps what, where it is other than the default.';
comment on column retention_setting.tenant_id is 'Whose setting.';
comment on column retention_setting.clock is 'messages, checkouts, review or persons.';
comment on column retention_setting.months is 'So many months; 0 for as long as the tenant is served.';
comment on column retention_setting.set_at is 'When it was last set.';

create table retention_horizon (
  tenant_id uuid not null,
  kind smallint not null,
  reaches_to timestamptz not null,
  primary key (tenant_id, kind)
);
comment on table retention_horizon is 'How far back a tenant''s facts of a kind reach: what happened at that instant or before is gone and not accepted again. Only moves forward.';
comment on column retention_horizon.tenant_id is 'Whose facts.';
comment on column retention_horizon.kind is '1 messages, 2 checkouts.';
comment on column retention_horizon.reaches_to is 'What happened at this instant or before is not kept.';

create table retention_statistic (
  tenant_id uuid not null,
  gone_on date not null,
  persons integer not null,
  bookings bigint not null,
  trips bigint not null,
  revenue bigint not null,
  currency text not null,
  primary key (tenant_id, gone_on)
);
comment on table retention_statistic is 'What remains of persons whose time was over: sums over at least ten of them, so that nobody can be traced.';
comment on column retention_statistic.tenant_id is 'Whose customers they were.';
comment on column retention_statistic.gone_on is 'The day on which their erasure was asked for.';
comment on column retention_statistic.persons is 'How many; ten or more.';
comment on column retention_statistic.bookings is 'Kept bookings of all of them.';
comment on column retention_statistic.trips is 'Trips taken by all of them.';
comment on column retention_statistic.revenue is 'Revenue from all of them, in hundredths of the currency.';
comment on column retention_statistic.currency is 'The tenant''s currency on that day.';

alter table customer
  add column last_active_at timestamptz,
  add column review_since timestamptz;
comment on column customer.last_active_at is 'The latest thing heard of the person when older activities were let go; null while nothing was. Rises only.';
comment on column customer.review_since is 'Since when the person has been up for review for having been inactive.';
create index customer_review on customer (tenant_id, review_since) where review_since is not null;

-- What goes by a clock of its own, by age.
create index activity_log_ageing on activity_log (tenant_id, kind, occurred_at) where kind in (12, 20);
