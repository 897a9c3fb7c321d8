/** Checks all services, measures them, and gives the result. */
import { describeMachine } from '../machine.ts';
import { spread } from '../measure.ts';
import { HANGING, NAMES, type Name, PLAIN } from './candidates.ts';
import { check } from './check.ts';
import { measureHang } from './hang.ts';
import { during, type Process, start } from './processes.ts';
import { ROUTES } from './protocol.ts';
import { type Effort, type LoadResult, type Measured, type Rates, resultOf } from './report.ts';
import { rateEach } from './requests.ts';
import { inTurns, measureWell, type Samples } from './rounds.ts';

/** Fewer than the bulkhead has places. */
const CONNECTIONS = 50;
const WARM_UP = { warmMs: 0, ms: 2_000 };
const PER_SECOND = 15_000;
/** Of the most that plain holds: where that is less. */
const SHARE = 0.8;
/** Of the fixed rate while the dependency hangs: room for a neighbour, and for those that cost more. */
const HALF = 0.5;

/** From what plain did at full load. */
export function ratesFrom(full: Samples): Rates {
  const highest = spread((full.get(PLAIN) ?? []).map(({ perSecond }) => perSecond as number)).median;
  const each = rateEach(Math.min(PER_SECOND, SHARE * highest), CONNECTIONS);
  const fixed = each * CONNECTIONS;
  return { highest, fixed, hang: HALF * fixed };
}

type Well = Pick<Measured, 'full' | 'fixed'> & { readonly rates: Rates };

async function measureAllWell(
  services: ReadonlyMap<Name, Process>,
  effort: Effort,
  say: (line: string) => void,
): Promise<Well> {
  const serviceOf = (name: Name): Process => services.get(name) as Process;
  const target = { route: ROUTES[0], connections: CONNECTIONS };
  await inTurns(NAMES, 1, (name) => measureWell(serviceOf(name), target, WARM_UP));
  say(`measuring ${NAMES.length} services in turns at full load, ${effort.full.rounds} rounds`);
  const full = await inTurns(NAMES, effort.full.rounds, (name) =>
    measureWell(serviceOf(name), target, effort.full),
  );
  const rates = ratesFrom(full);
  say(`at ${rates.fixed} requests a second, ${effort.fixed.rounds} rounds`);
  const steady = { ...target, rate: rateEach(rates.fixed, CONNECTIONS) };
  const fixed = await inTurns(NAMES, effort.fixed.rounds, (name) =>
    measureWell(serviceOf(name), steady, effort.fixed),
  );
  return { full, fixed, rates };
}

/** @throws Error - if a service does not do what it is compared for */
export async function bench(effort: Effort, say: (line: string) => void): Promise<LoadResult> {
  const machine = describeMachine(['cockatiel', 'opossum', 'undici', 'autocannon']);
  say('checking that every service does its job');
  await check();
  const well = await during([start('dependency')], ({ port }) =>
    during(
      NAMES.map((name) => start('service', name, `${port}`, `${port}`)),
      (...services) => measureAllWell(new Map(services.map((each, i) => [NAMES[i]!, each])), effort, say),
    ),
  );
  say(`while the dependency hangs, ${effort.hang.rounds} rounds`);
  const hang = await inTurns(HANGING, effort.hang.rounds, (name) =>
    measureHang(name, well.rates.hang, effort.hang),
  );
  return resultOf(machine, effort, well.rates, { ...well, hang });
}
