/** The package beside undici: its interceptor under request() and under the runtime's own fetch. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { constant, pipeline, retry } from 'holdfast';
import { resilience } from 'holdfast/undici';
import { Agent, request, setGlobalDispatcher } from 'undici';

let asked = 0;
const server = createServer((_, response) => {
  asked++;
  response.statusCode = asked % 3 === 0 ? 200 : 503;
  response.end('x'.repeat(100_000));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${server.address().port}/`;

const agent = new Agent();
const api = pipeline('api', retry({ backoff: constant(1), budget: false }));
const dispatcher = agent.compose(resilience({ pipeline: api }));

const answered = await request(url, { dispatcher });
assert.deepEqual([answered.statusCode, (await answered.body.text()).length, asked], [200, 100_000, 3]);

const fetched = await fetch(url, { dispatcher });
assert.deepEqual([fetched.status, (await fetched.text()).length, asked], [200, 100_000, 6]);

setGlobalDispatcher(dispatcher);
const everywhere = await fetch(url);
assert.deepEqual([everywhere.status, (await everywhere.text()).length, asked], [200, 100_000, 9]);

await agent.close();
server.close();
