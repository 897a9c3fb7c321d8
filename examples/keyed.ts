/**
 * Keyed pipelines: one for each host, so that a host that is down does not close the circuit for all. Run it with
 *
 *   npm run build && npx node examples/keyed.ts
 *
 * The clock is virtual, so that nothing below takes real time.
 */
import { bulkhead, circuitBreaker, keyed, pipeline } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';

const clock = new VirtualClock();

// All hosts together get 100 places, and each of them 10.
const sockets = bulkhead({ name: 'sockets', concurrency: 100 });
const hosts = keyed(
  (host) => pipeline({ name: host, clock }, sockets, circuitBreaker({ consecutiveFailures: 3 }), bulkhead()),
  { max: 2, idleMs: 60_000, clock },
);
hosts.on('create', ({ key, pipeline }) => {
  console.log(`${key} is kept`);
  pipeline.on('state', ({ from, to }) => console.log(`${key}: ${from} -> ${to}`));
});
hosts.on('evict', ({ key, reason }) => console.log(`${key} is gone: ${reason}`));
hosts.on('overflow', ({ key, inFlight, circuits }) =>
  console.log(`${key} is not kept: ${inFlight} in flight, ${circuits} circuits`),
);

const get = (host: string) =>
  hosts
    .run(host, async () => {
      if (host === 'down.example') throw new Error('down');
      return `200 from ${host}`;
    })
    .then(console.log, (error: Error) => console.log(error.message));

await get('a.example');
for (let i = 0; i < 4; i++) await get('down.example');

// The least recently used goes; the circuit of down.example is open, and keeps it.
await get('b.example');
await get('c.example');

// With a call in flight there is none left that could go: the newcomer works, and is forgotten afterwards.
let answer = (_: string): void => {};
const slow = hosts.run('c.example', () => new Promise<string>((resolve) => (answer = resolve)));
await get('d.example');
answer('200 from c.example, late');
console.log(await slow);

// What is not used for a minute goes, but for the open circuit.
await clock.advance(60_000);
console.log([...hosts.entries()].map(([key]) => key));

// prints:
//   a.example is kept
//   200 from a.example
//   down.example is kept
//   down
//   down
//   down.example: closed -> open
//   down
//   down.example: circuit-breaker is open
//   a.example is gone: max
//   b.example is kept
//   200 from b.example
//   b.example is gone: max
//   c.example is kept
//   200 from c.example
//   d.example is not kept: 1 in flight, 1 circuits
//   200 from d.example
//   200 from c.example, late
//   c.example is gone: idle
//   [ 'down.example' ]
