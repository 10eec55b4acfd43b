//! The migrated database, asked about itself.

use customer_intelligence::db::Pool;
use sqlx::{AssertSqlSafe, Row};

use crate::support::TestDb;

/// Our tables, as a common table expression to ask about. The migrator's own ledger is none of them: it is written
/// once per upgrade by one process and stays on the first machine.
const OURS: &str = "with schema as (select oid from pg_namespace where nspname = 'customer_intelligence'),
    ours as (select oid, relname::text as name from pg_class
      where relnamespace = (table schema) and relkind in ('r', 'p') and relname <> '_sqlx_migrations'),
    key as (select attrelid, attnum, atttypid, attnotnull from pg_attribute where attname = 'tenant_id')";

struct Rule {
    says: &'static str,
    /// Finds, one line each, what must not be.
    question: &'static str,
    /// What breaks it, so that the question is known to find something.
    broken_by: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        says: "A table is cut by tenant_id, a uuid that is never null.",
        question: "select name from ours where not exists (select from key where attrelid = ours.oid
            and atttypid = 'uuid'::regtype and attnotnull)",
        broken_by: "create table planted (tenant_id text not null primary key)",
    },
    Rule {
        says: "A table has a primary key.",
        question: "select name from ours where not exists (
            select from pg_index i where i.indrelid = ours.oid and i.indisprimary)",
        broken_by: "create table planted (tenant_id uuid not null)",
    },
    Rule {
        says: "Every index starts with tenant_id: a unique one cannot be kept otherwise, another would not be used.",
        question: "select ours.name || ': ' || i.indexrelid::regclass from ours
            join pg_index i on i.indrelid = ours.oid
            where i.indkey[0] is distinct from (select attnum from key where attrelid = ours.oid)",
        broken_by: "create unique index planted on activity_log (activity_id)",
    },
    Rule {
        says: "A foreign key stays within its tenant: tenant_id comes first on both sides.",
        question: "select conname::text from pg_constraint c join ours on ours.oid = c.conrelid
            where contype = 'f' and not (
              c.conkey[1] = (select attnum from key where attrelid = c.conrelid)
              and c.confkey[1] = coalesce((select attnum from key where attrelid = c.confrelid), 0))",
        broken_by: "create table planted (id uuid primary key);
            alter table activity_log add foreign key (activity_id) references planted",
    },
    Rule {
        says: "An exclusion constraint is checked on one machine only.",
        question: "select conname::text from pg_constraint c join ours on ours.oid = c.conrelid
            where contype = 'x'",
        broken_by: "alter table tally add constraint planted exclude using btree (name with =)",
    },
    Rule {
        says: "No sequences, serial or identity columns: the program makes ids.",
        question: "select relname::text from pg_class where relkind = 'S' and relnamespace = (table schema)
            union all
            select ours.name || '.' || attname from ours join pg_attribute a on a.attrelid = ours.oid
            where attidentity <> ''",
        broken_by: "alter table tally add planted int generated always as identity",
    },
    Rule {
        says: "Defaults are constants: a function gives another value on every machine.",
        question: "select ours.name || '.' || a.attname || ' default ' || pg_get_expr(d.adbin, d.adrelid)
            from ours join pg_attrdef d on d.adrelid = ours.oid
            join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
            where pg_get_expr(d.adbin, d.adrelid) ~ '\\(|CURRENT|SESSION|LOCAL'",
        broken_by: "alter table tally add planted timestamptz default now()",
    },
    Rule {
        says: "No triggers: a distributed table carries none.",
        question: "select tgname::text from pg_trigger t join ours on ours.oid = t.tgrelid
            where not tgisinternal",
        broken_by: "create trigger planted before update on tally
            for each row execute function suppress_redundant_updates_trigger()",
    },
    Rule {
        says: "No rules, views or functions: statements are the program's.",
        question: "select rulename::text from pg_rewrite r join ours on ours.oid = r.ev_class
            union all
            select relname::text from pg_class where relkind in ('v', 'm') and relnamespace = (table schema)
            union all
            select proname::text from pg_proc where pronamespace = (table schema)",
        broken_by: "create view planted as select tenant_id from tenant",
    },
    Rule {
        says: "Tables are logged: what an unlogged one holds is gone after a crash and never on a stand-by.",
        question: "select name from ours join pg_class c on c.oid = ours.oid where c.relpersistence <> 'p'",
        broken_by: "create unlogged table planted (tenant_id uuid primary key)",
    },
    Rule {
        says: "Row level security is on, with a policy for those who serve all tenants and one for reads of one tenant.",
        question: "select name from ours join pg_class c on c.oid = ours.oid where not c.relrowsecurity
            or not coalesce(array['every_tenant', 'one_tenant']::name[]
              <@ (select array_agg(polname) from pg_policy where polrelid = ours.oid), false)",
        broken_by: "alter table tally disable row level security",
    },
    Rule {
        says: "What the reader sees of a table is what its tenant_id allows, without a question to another table; it only reads.",
        question: "select ours.name || ': ' || polname from ours join pg_policy on polrelid = ours.oid
            where 'ci_reader'::regrole = any (polroles) and (polcmd <> 'r'
              or pg_get_expr(polqual, polrelid) not like '(tenant_id = %'
              or pg_get_expr(polqual, polrelid) ~* ' or |select')
            union all
            select ours.name || ': ' || privilege_type from ours
            join information_schema.role_table_grants g on g.table_schema = 'customer_intelligence'
              and g.table_name = ours.name
            where g.grantee = 'ci_reader' and privilege_type <> 'SELECT'",
        broken_by: "create policy planted on customer for select to ci_reader using (true)",
    },
    Rule {
        says: "Every table and column says in a comment what it is for.",
        question: "select name from ours where obj_description(oid, 'pg_class') is null
            union all
            select name || '.' || attname from ours join pg_attribute a on a.attrelid = ours.oid
            where attnum > 0 and not attisdropped and col_description(ours.oid, attnum) is null",
        broken_by: "alter table tally add planted int",
    },
];

async fn lines(pool: &Pool, question: &str) -> Vec<String> {
    let rows = sqlx::raw_sql(AssertSqlSafe(format!("{OURS} {question}")))
        .fetch_all(pool)
        .await
        .unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// The names of our tables.
pub(super) async fn tables(db: &TestDb) -> Vec<String> {
    let found = lines(db.pool(), "select name from ours order by 1").await;
    assert!(found.len() >= 10 && found.iter().any(|name| name == "activity_log"));
    found
}

#[tokio::test]
async fn the_schema_can_be_cut_by_tenant() {
    let db = TestDb::new().await;
    for Rule { says, question, .. } in RULES {
        let found = lines(db.pool(), question).await;
        assert!(found.is_empty(), "{says}\n  {}", found.join("\n  "));
    }
}

#[tokio::test]
async fn what_breaks_a_rule_of_the_schema_is_found() {
    let db = TestDb::new().await;
    let superuser = db.superuser();
    for rule in RULES {
        let mut tx = superuser.begin().await.unwrap();
        sqlx::raw_sql(rule.broken_by)
            .execute(&mut *tx)
            .await
            .unwrap();
        let question = AssertSqlSafe(format!("{OURS} {}", rule.question));
        let found = sqlx::raw_sql(question).fetch_all(&mut *tx).await.unwrap();
        assert!(!found.is_empty(), "{}: {}", rule.says, rule.broken_by);
        tx.rollback().await.unwrap();
    }
}

#[tokio::test]
async fn the_guide_to_several_machines_distributes_every_table() {
    let guide = include_str!("../../../docs/scale-out.md");
    let db = TestDb::new().await;
    let tables = tables(&db).await;
    for table in &tables {
        let line =
            format!("select create_distributed_table('{table}', 'tenant_id', colocate_with => ");
        assert!(
            guide.contains(&line),
            "docs/scale-out.md lacks: {line}'tenant');"
        );
    }
    assert_eq!(
        guide.matches("select create_distributed_table(").count(),
        tables.len()
    );
}
