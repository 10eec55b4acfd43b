-- What Hasura itself keeps of a person: copies of row changes in hdb_catalog.event_log, and of each attempt to deliver them
-- in hdb_catalog.event_invocation_logs, in the platform's own database. Hasura's open edition never takes them away.
--
-- Run this file once in that database, as somebody who may create a schema there:
--   psql "$PLATFORM_DATABASE_URL" -f hasura/sql/forget_person.sql
-- After an erasure, for each profile of the person, as whoever knows the id; again while `waiting` is not 0:
--   select * from ci_upkeep.forget_person('<tenant id>', '<person id>');
-- From time to time, so that little is there to be forgotten:
--   select * from ci_upkeep.prune_events(interval '30 days');

create schema if not exists ci_upkeep;
comment on schema ci_upkeep is 'Upkeep of Hasura''s event logs, on behalf of Customer Intelligence.';

-- Events that still wait for their delivery are left: they may be the very ones that tell of the erasure.
create or replace function ci_upkeep.forget_person(tenant uuid, person uuid, triggers text default 'ci\_%')
returns table (event_log bigint, event_invocation_logs bigint, waiting bigint)
language plpgsql
set search_path = pg_catalog
as $forget$
declare
  named constant text := '%' || person::text || '%';
  plain constant text := '%' || replace(person::text, '-', '') || '%';
  whose constant text := '%' || tenant::text || '%';
begin
  if tenant is null or person is null then
    raise exception 'both the tenant and the person have to be named';
  end if;
  create temporary table forgotten on commit drop as
    select id, (delivered or error or archived) and locked is null as settled
    from hdb_catalog.event_log
    where trigger_name like triggers
      and (payload::text ilike named or payload::text ilike plain)
      and payload::text ilike whose;
  delete from hdb_catalog.event_invocation_logs l
    where l.event_id in (select f.id from pg_temp.forgotten f where f.settled)
       or (l.trigger_name like triggers
           and (l.request::text ilike named or l.request::text ilike plain
             or l.response::text ilike named or l.response::text ilike plain)
           and l.request::text ilike whose
           and l.event_id not in (select f.id from pg_temp.forgotten f where not f.settled));
  get diagnostics event_invocation_logs = row_count;
  delete from hdb_catalog.event_log e
    where e.id in (select f.id from pg_temp.forgotten f where f.settled);
  get diagnostics event_log = row_count;
  select count(*) into waiting from pg_temp.forgotten f where not f.settled;
  drop table pg_temp.forgotten;
  return next;
end
$forget$;
comment on function ci_upkeep.forget_person is 'Takes out what Hasura''s event logs hold of a person: rows taken out of each table, and events that wait to be delivered and were left.';

create or replace function ci_upkeep.prune_events(older_than interval, triggers text default 'ci\_%')
returns table (event_log bigint, event_invocation_logs bigint)
language plpgsql
set search_path = pg_catalog
as $prune$
declare
  -- Hasura writes these instants in the zone of its session, without saying which.
  before constant timestamp := localtimestamp - older_than;
begin
  delete from hdb_catalog.event_invocation_logs l
    where l.trigger_name like triggers and l.created_at < before;
  get diagnostics event_invocation_logs = row_count;
  delete from hdb_catalog.event_log e
    where e.trigger_name like triggers and e.created_at < before
      and (e.delivered or e.error or e.archived) and e.locked is null
      and not exists (select from hdb_catalog.event_invocation_logs l where l.event_id = e.id);
  get diagnostics event_log = row_count;
  return next;
end
$prune$;
comment on function ci_upkeep.prune_events is 'Takes out settled events, and attempts to deliver, that are older than that; returns how many.';
