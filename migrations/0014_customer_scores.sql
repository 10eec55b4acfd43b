-- What the models say of each customer, written down so that lists can be filtered and ordered by it, and who is to be
-- scored again. Reading one customer's insight scores them anew and never looks here.

create table customer_score (
  tenant_id uuid not null,
  person_profile_id uuid not null,
  computed_at timestamptz not null,
  insight_revision bigint not null,
  churn_risk double precision,
  churn_band smallint,
  next_booking_expected_at timestamptz,
  predicted_bookings double precision,
  predicted_value_12_months bigint,
  predicted_value_36_months bigint,
  engagement_score double precision,
  engagement_coverage double precision,
  cluster_id integer,
  cluster_clarity double precision,
  nps_score smallint,
  rating smallint,
  churn_version integer,
  clusters_version integer,
  habits_version integer,
  weights_version integer not null,
  primary key (tenant_id, person_profile_id)
) with (fillfactor = 70);
comment on table customer_score is 'What the models say of a customer as of computed_at: for filters, orders and segments. Written under the customer''s lock; nobody who may not be profiled has a row.';
comment on column customer_score.tenant_id is 'Whose customer.';
comment on column customer_score.person_profile_id is 'The person after following merges.';
comment on column customer_score.computed_at is 'The instant they were scored for.';
comment on column customer_score.insight_revision is 'The revision of the insight whose history was scored.';
comment on column customer_score.churn_risk is 'The risk of not coming back within the horizon, 0 to 1; null where no model speaks, and for those who never came.';
comment on column customer_score.churn_band is 'The same in one word: 0 low, 1 medium, 2 high.';
comment on column customer_score.next_booking_expected_at is 'When they come next, as likely before as after.';
comment on column customer_score.predicted_bookings is 'Own bookings within 12 months, probably.';
comment on column customer_score.predicted_value_12_months is 'What they will probably spend within 12 months, hundredths of the tenant''s currency.';
comment on column customer_score.predicted_value_36_months is 'The same within 36 months.';
comment on column customer_score.engagement_score is '0 to 100; null where no part has data.';
comment on column customer_score.engagement_coverage is 'How much of the score''s weight had data, 0 to 1.';
comment on column customer_score.cluster_id is 'The group of customers; null before the first booking and where no model speaks.';
comment on column customer_score.cluster_clarity is 'How clearly they belong to it, 0 to 1.';
comment on column customer_score.nps_score is 'The latest answer to whether they would recommend, 0 to 10.';
comment on column customer_score.rating is 'The latest rating of a trip, 1 to 5.';
comment on column customer_score.churn_version is 'Which version of the model of churn and value spoke.';
comment on column customer_score.clusters_version is 'Which version of the groups.';
comment on column customer_score.habits_version is 'Which version of what is usual.';
comment on column customer_score.weights_version is 'Which version of the tenant''s engagement weights; 0 for those that hold without any.';

create table score_due (
  tenant_id uuid not null,
  person_profile_id uuid not null,
  primary key (tenant_id, person_profile_id)
);
comment on table score_due is 'Customers whose insight was written since they were last scored; entered in the transaction that wrote it, gone within seconds.';
comment on column score_due.tenant_id is 'Whose customer.';
comment on column score_due.person_profile_id is 'The person after following merges.';
