-- Keeps a version. Another process that trained the same tenant at the same moment makes this fail on the key, and its
-- transaction is then run again.
insert into model_version
  (tenant_id, kind, version, algorithm, program, settings, seed, window_from, window_until, high_water, persons,
   matrix_hash, report, artefact, artefact_hash, verdict, reason, trained_at, confirmed_at, took_ms)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $18, $19)
