// Runs the GraphQL-over-HTTP audit against a running server.
// Usage: node audit.mjs <url> <secret>. Ends with 1 when a MUST or SHOULD fails.
import { auditServer } from 'graphql-http';

const [url, secret] = process.argv.slice(2);
const results = await auditServer({
  url,
  fetchFn: (input, init = {}) =>
    fetch(input, { ...init, headers: { ...init.headers, 'x-ci-secret': secret } }),
});
const failed = results.filter((result) => result.status !== 'ok');
for (const { id, name, status, reason } of failed) console.log(`${status} ${id} ${name}: ${reason}`);
const counted = results.map(({ name }) => name.split(' ')[0]);
const count = (word) => counted.filter((name) => name === word).length;
console.log(`audits: ${count('MUST')} MUST, ${count('SHOULD')} SHOULD, ${count('MAY')} MAY; failed: ${failed.length}`);
process.exitCode = failed.some(({ name }) => /^(MUST|SHOULD)/.test(name)) ? 1 : 0;
