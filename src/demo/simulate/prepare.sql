-- The stand-in's own note of what it has simulated, and how far it was played into the platform's tables.
create schema if not exists demo;
create table if not exists demo.simulation (
  one boolean primary key default true check (one),
  seed bigint not null,
  persons bigint not null,
  now timestamptz not null,
  played bigint not null default 0
);
comment on table demo.simulation is 'The simulated operator of this database: one row.';

-- The reference trigger's functions, with the one difference that history may bring its own clock.
create or replace function backoffice.set_updated_at() returns trigger language plpgsql as $$
begin
  if coalesce(current_setting('demo.clock', true), '') <> 'explicit' then
    new.updated_at = clock_timestamp();
  end if;
  return new;
end $$;
create or replace function commerce.set_updated_at() returns trigger language plpgsql as $$
begin
  if coalesce(current_setting('demo.clock', true), '') <> 'explicit' then
    new.updated_at = clock_timestamp();
  end if;
  return new;
end $$;
create or replace function operations.set_updated_at() returns trigger language plpgsql as $$
begin
  if coalesce(current_setting('demo.clock', true), '') <> 'explicit' then
    new.updated_at = clock_timestamp();
  end if;
  return new;
end $$;
create or replace function communications.set_updated_at() returns trigger language plpgsql as $$
begin
  if coalesce(current_setting('demo.clock', true), '') <> 'explicit' then
    new.updated_at = clock_timestamp();
  end if;
  return new;
end $$;
