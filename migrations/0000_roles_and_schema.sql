-- The schema, and the three roles that work in it.
--
-- Roles belong to the whole server, so every statement here may meet a server that has them already; the runner
-- also sends this file as the login role before it becomes ci_owner and applies the migrations.
--   ci_owner   owns the schema and applies migrations
--   ci_app     what the service's connections become; may not change or delete what was logged
--   ci_eraser  what an erasure becomes for the length of its transaction
do $roles$
declare
  name text;
  privilege text := case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end;
begin
  foreach name in array array['ci_owner', 'ci_app', 'ci_eraser'] loop
    begin
      if not exists (select from pg_roles where rolname = name) then
        execute format('create role %I nologin', name);
      end if;
    exception
      -- Another database of this server is being migrated at the same moment.
      when duplicate_object or unique_violation then null;
    end;
    -- A login that is no superuser can only become what it is a member of.
    if current_user = session_user and not pg_has_role(session_user, name, privilege) then
      execute format('grant %I to %I', name, session_user);
    end if;
  end loop;
exception
  when insufficient_privilege then
    raise exception 'the roles of this schema are not all there and % may not create or take them; as an administrator: %',
        session_user,
        'create role ci_owner nologin; create role ci_app nologin; create role ci_eraser nologin; '
        || 'grant ci_owner, ci_app, ci_eraser to ' || quote_ident(session_user)
      using errcode = 'insufficient_privilege';
end
$roles$;

do $schema$
declare
  owner name := (select pg_get_userbyid(nspowner) from pg_namespace where nspname = 'customer_intelligence');
begin
  if owner is null then
    create schema customer_intelligence authorization ci_owner;
  elsif owner <> 'ci_owner' then
    alter schema customer_intelligence owner to ci_owner;
  end if;
end
$schema$;

grant usage on schema customer_intelligence to ci_app, ci_eraser;

-- What later migrations create, the service and the eraser may read and write, unless that migration takes it away
-- again.
alter default privileges for role ci_owner in schema customer_intelligence
  grant select, insert, update, delete on tables to ci_app, ci_eraser;

comment on schema customer_intelligence is 'Customer Intelligence: what it knows about each person, and why';
