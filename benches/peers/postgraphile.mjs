// PostGraphile over the tables of this service, as it comes.
// Usage: node postgraphile.mjs <database url>. Prints the port it listens on.
import { createServer } from 'node:http';
import { postgraphile } from 'postgraphile';
import { makePgService } from 'postgraphile/adaptors/pg';
import { grafserv } from 'postgraphile/grafserv/node';
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber';

const instance = postgraphile({
  extends: [PostGraphileAmberPreset],
  pgServices: [
    makePgService({ connectionString: process.argv[2], schemas: ['customer_intelligence'] }),
  ],
  // A join of a thousand keys is longer than what it takes by itself.
  grafserv: { watch: false, graphiql: false, maxRequestLength: 16 * 1024 * 1024 },
});
const served = instance.createServ(grafserv);
const server = createServer();
await served.addTo(server);
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
