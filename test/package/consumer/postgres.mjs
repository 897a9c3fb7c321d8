/** The package beside pg, without a server: nothing was sent, so that all may be tried again. */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { bulkhead, constant, pipeline, retry } from 'holdfast';
import { resilientPool } from 'holdfast/postgres';
import pg from 'pg';

let asked = 0;
const server = createServer((socket) => {
  asked++;
  socket.destroy();
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address();
const pool = new pg.Pool({ host: '127.0.0.1', port, user: 'nobody', connectionTimeoutMillis: 5_000 });
const db = resilientPool(pool, {
  pipeline: pipeline('db', retry({ backoff: constant(1), budget: false }), bulkhead({ concurrency: 10 })),
});
assert.deepEqual(db.warnings, []);
await assert.rejects(db.query('insert into t values (1)'));
assert.equal(asked, 3);
await pool.end();
server.close();
