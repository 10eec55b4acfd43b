-- The second fence between tenants: whoever reads on behalf of a caller (ci_reader) sees the rows of the tenant that its
-- connection was told (`ci.tenant_id`), whatever the statement says; told nothing, it sees nothing. The first fence is
-- the `tenant_id = $1` in every statement. Workers (ci_app) and erasures (ci_eraser) see all tenants: they serve all.
--
-- Sent as ci_owner after every run of migrations; what is in place is passed over. One transaction a table, so that
-- nobody waits for more than one of them. ci_owner itself is not bound (no FORCE): only migrations are that role, and
-- they have to see what they change.
do $security$
declare
  -- What insights are made of, and what desks list. A table that is not named here is closed to the reader.
  shown constant text[] := array[
    'activity_log', 'audit_act', 'audit_read', 'consent', 'consent_purpose', 'customer', 'customer_insight',
    'customer_score', 'dead_letter', 'dossier', 'erasure_receipt', 'erasure_request', 'job', 'link', 'model_champion',
    'model_setting', 'model_version', 'retention_setting', 'tenant'];
  -- Rows of the nil uuid are everybody's here.
  shared constant text[] := array['consent_purpose'];
  -- Compared with the statement's own tenant once, before anything is read. No sub-select: distributed tables refuse one.
  told constant text := $$nullif(current_setting('ci.tenant_id', true), '')::uuid$$;
  name text;
begin
  perform set_config('client_min_messages', 'warning', false);
  for name in
    select relname from pg_class
    where relnamespace = 'customer_intelligence'::regnamespace and relkind in ('r', 'p')
      and relname <> '_sqlx_migrations' and not relrowsecurity
    order by relname
  loop
    execute format('drop policy if exists every_tenant on %I', name);
    execute format('create policy every_tenant on %I to ci_app, ci_eraser using (true) with check (true)', name);
    execute format('drop policy if exists one_tenant on %I', name);
    execute format('create policy one_tenant on %I for select to ci_reader using (tenant_id = %s)', name, told);
    if name = any (shared) then
      execute format('drop policy if exists rows_of_no_tenant on %I', name);
      execute format('create policy rows_of_no_tenant on %I for select to ci_reader using (tenant_id = %L)',
        name, '00000000-0000-0000-0000-000000000000');
    end if;
    execute format('alter table %I enable row level security', name);
    commit;
  end loop;
  for name in
    select relname from pg_class
    where relnamespace = 'customer_intelligence'::regnamespace and relname = any (shown)
      and not has_table_privilege('ci_reader', oid, 'select')
  loop
    execute format('grant select on %I to ci_reader', name);
  end loop;
  -- How old the oldest delivery is that waits, and nothing of what it says.
  if not has_column_privilege('ci_reader', 'inbox', 'id', 'select') then
    grant select (tenant_id, id, channel) on inbox to ci_reader;
  end if;
  -- How far a request is, and nothing of the archive or of what opens it.
  if not has_column_privilege('ci_reader', 'export_request', 'request_id', 'select') then
    grant select (tenant_id, request_id, person_profile_id, categories, format, state, requested_at, due_at, ready_at,
      expires_at, ended_at, bytes) on export_request to ci_reader;
  end if;
end
$security$;
