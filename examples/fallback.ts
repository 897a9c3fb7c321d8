/**
 * Fallback: answer with something else when a call fails. Run it with
 *
 *   npm run build && npx node examples/fallback.ts
 */
import { circuitBreaker, fallback, isRejection, pipeline } from 'holdfast';

interface Rates {
  readonly eur: number;
  readonly from: 'live' | 'cache' | 'default';
}
let cached: Rates | undefined;
let up = true;

async function fetchRates(currency: string): Promise<Rates> {
  if (currency.length !== 3) throw new RangeError(`no currency '${currency}'`);
  if (!up) throw new Error('connection refused');
  cached = { eur: 1.08, from: 'cache' };
  return { eur: 1.08, from: 'live' };
}

const rates = pipeline(
  'rates',
  // Outermost: it answers for what fails, and for what the breaker refuses.
  fallback((): Rates => cached ?? { eur: 1, from: 'default' }, {
    // The caller's own mistake is not answered with a rate.
    judge: ({ error }) => (error instanceof RangeError ? 'ignore' : undefined),
  }),
  circuitBreaker({
    consecutiveFailures: 2,
    judge: ({ error }) => (error instanceof RangeError ? 'ignore' : undefined),
  }),
);
rates.on('fallback', ({ error }) => {
  console.log(
    isRejection(error) ? 'rejected, not called' : `called, and failed: ${(error as Error).message}`,
  );
});

const getRates = rates.wrap(fetchRates);

up = false;
console.log((await getRates('USD')).from);
up = true;
console.log((await getRates('USD')).from);

// What the fallback's judge ignores reaches the caller.
await getRates('dollars').catch((error: Error) => console.log(`${error.name}: ${error.message}`));

up = false;
for (let i = 0; i < 3; i++) console.log((await getRates('USD')).from);

// prints:
//   called, and failed: connection refused
//   default
//   live
//   RangeError: no currency 'dollars'
//   called, and failed: connection refused
//   cache
//   called, and failed: connection refused
//   cache
//   rejected, not called
//   cache
