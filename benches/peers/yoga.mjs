// graphql-yoga with a DataLoader over the rows of this service: the same documents, one statement a request.
// Usage: node yoga.mjs <database url>. Prints the port it listens on.
import { createServer } from 'node:http';
import DataLoader from 'dataloader';
import { createSchema, createYoga } from 'graphql-yoga';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.argv[2], max: 10 });
const STATEMENT = {
  name: 'insights',
  text: `select c.person_profile_id as asked, i.lifetime_revenue, i.total_bookings, i.trips_taken, i.no_show_count,
           i.last_booking_at
         from customer_intelligence.customer c
         join customer_intelligence.customer_insight i on i.tenant_id = c.tenant_id and i.person_profile_id = c.root
         where c.tenant_id = $1 and c.person_profile_id = any ($2::uuid[])`,
};

const loader = (tenant) =>
  new DataLoader(
    async (ids) => {
      const { rows } = await pool.query({ ...STATEMENT, values: [tenant, ids] });
      const found = new Map(rows.map((row) => [row.asked, row]));
      return ids.map((id) => found.get(id) ?? null);
    },
    { maxBatchSize: 10_000 },
  );

const schema = createSchema({
  typeDefs: `
    scalar uuid
    scalar numeric
    scalar timestamptz
    type Query { customer_insight(person_profile_id: uuid!): CustomerInsight }
    type CustomerInsight { behavior_aggregate: BehaviorAggregate }
    type BehaviorAggregate {
      lifetime_revenue: numeric
      total_bookings: Int
      trips_taken: Int
      no_show_count: Int
      last_booking_at: timestamptz
    }
  `,
  resolvers: {
    Query: {
      customer_insight: (_, { person_profile_id }, { insights }) => insights.load(person_profile_id),
    },
    CustomerInsight: { behavior_aggregate: (row) => row },
    BehaviorAggregate: { lifetime_revenue: (row) => Number(row.lifetime_revenue) / 100 },
  },
});

const yoga = createYoga({
  schema,
  logging: false,
  graphiql: false,
  landingPage: false,
  context: ({ request }) => ({ insights: loader(request.headers.get('x-hasura-tenant-id')) }),
});
const server = createServer(yoga);
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
