-- Hasura's catalogue as far as event triggers need it, in the shape of its init_pg_source.sql.
create schema if not exists hdb_catalog;

create table if not exists hdb_catalog.event_log (
  id text primary key default gen_random_uuid(),
  schema_name text not null,
  table_name text not null,
  trigger_name text not null,
  payload jsonb not null,
  delivered boolean not null default false,
  error boolean not null default false,
  tries integer not null default 0,
  created_at timestamp default now(),
  locked timestamptz,
  next_retry_at timestamp,
  archived boolean not null default false
);
create index if not exists event_log_trigger_name_idx on hdb_catalog.event_log (trigger_name);
create index if not exists event_log_fetch_events on hdb_catalog.event_log (locked nulls first, next_retry_at nulls first, created_at)
  where delivered = 'f' and error = 'f' and archived = 'f';

create or replace function hdb_catalog.insert_event_log(schema_name text, table_name text, trigger_name text, op text, row_data json)
returns text language plpgsql as $$
declare
  id text;
  payload json;
  session_variables json;
  trace_context json;
begin
  id := gen_random_uuid();
  session_variables := current_setting('hasura.user', 't');
  trace_context := current_setting('hasura.tracecontext', 't');
  payload := json_build_object(
    'op', op,
    'data', row_data,
    'session_variables', session_variables,
    'trace_context', trace_context
  );
  insert into hdb_catalog.event_log (id, schema_name, table_name, trigger_name, payload)
  values (id, schema_name, table_name, trigger_name, payload);
  return id;
end $$;
