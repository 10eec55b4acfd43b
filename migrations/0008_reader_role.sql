-- The role that reads on behalf of one caller. What it sees of each table is one tenant's: see src/db/row_security.sql,
-- which the runner sends after the migrations, so that it covers every table, also those of later migrations.
--
-- Like the first migration this one is also sent as the login role, before the runner becomes ci_owner: roles belong to
-- the whole server, and a database that was moved to another server finds no role there.
do $reader$
declare
  worked_as name := current_user;
  privilege text := case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end;
begin
  -- ci_owner may not make roles; whoever logged in perhaps may.
  set local role none;
  begin
    if not exists (select from pg_roles where rolname = 'ci_reader') then
      create role ci_reader nologin;
    end if;
  exception
    -- Another database of this server is being migrated at the same moment.
    when duplicate_object or unique_violation then null;
  end;
  if not pg_has_role(session_user, 'ci_reader', privilege) then
    execute format('grant ci_reader to %I', session_user);
  end if;
  execute format('set local role %I', worked_as);
exception
  when insufficient_privilege then
    raise exception 'the role ci_reader is not there and % may not create or take it; as an administrator: %',
        session_user,
        'create role ci_reader nologin; grant ci_reader to ' || quote_ident(session_user)
      using errcode = 'insufficient_privilege';
end
$reader$;

grant usage on schema customer_intelligence to ci_reader;
