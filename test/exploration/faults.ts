/** Machines that are broken on purpose, each in one way: what a walk has to find, or it proves nothing. */
import { Link } from '../../src/core/links.ts';
import { Bulkhead } from '../../src/policies/bulkhead/bulkhead.ts';
import type { Place } from '../../src/policies/bulkhead/permit.ts';
import { type Admission, BreakerMachine, type Sequel } from '../../src/policies/circuit-breaker/machine.ts';
import { WaiterQueue } from '../../src/structures/waiter-queue.ts';
import { breakerConfig, type Varied } from './breaker/configurations.ts';
import { breakerSystem } from './breaker/system.ts';
import { bulkheadSystem } from './bulkhead/system.ts';
import { explore, type Fault } from './explore.ts';

/** A fault that was put in, and what a walk says of it. */
export interface SeededFault {
  readonly name: string;
  /** What is found, on the shortest way; undefined if nothing is. */
  find(): Promise<Fault | undefined>;
}

const small: Varied = { window: { calls: 2 }, minimumCalls: 2, probes: 2, failureRate: 1 };
const byTime: Varied = { ...small, window: { ms: 20 } };

const inBreaker = (name: string, Machine: typeof BreakerMachine, rules = small): SeededFault => ({
  name,
  find: async () => {
    const config = breakerConfig(rules, { inFlight: 3, held: 2 });
    return (await explore(breakerSystem(config, Machine))).fault;
  },
});

class WantsOneCallMore extends BreakerMachine {
  constructor(...[rules, ...rest]: ConstructorParameters<typeof BreakerMachine>) {
    super({ ...rules, minimumCalls: rules.minimumCalls + 1 }, ...rest);
  }
}

class IgnoresGenerations extends BreakerMachine {
  override record(admission: Admission, failed: boolean, slow: boolean, nowMs: number): Sequel {
    return super.record({ ...admission, generation: this.generation }, failed, slow, nowMs);
  }
}

class KeepsPlaces extends BreakerMachine {
  override ignore(): void {}
}

class NeverAges extends BreakerMachine {
  constructor(...args: ConstructorParameters<typeof BreakerMachine>) {
    super(...args);
    this.window.age = () => {};
  }
}

class DropsLateResults extends BreakerMachine {
  override record(admission: Admission, failed: boolean, slow: boolean, nowMs: number): Sequel {
    const { places } = this as unknown as { places: Map<number, number> };
    const lapsed = this.phase.kind === 'half-open' && !places.has(admission.probe);
    return lapsed ? undefined : super.record(admission, failed, slow, nowMs);
  }
}

class ReleasesEverybody extends BreakerMachine {
  override release(reason: string, nowMs: number): void {
    if (this.reasons.includes(reason)) for (const each of this.reasons) super.release(each, nowMs);
  }
}

/** To release a permit twice frees two places. */
class ForgetsReleases extends Bulkhead {
  override release(place: Place): void {
    if (place.state === 'released') place.state = 'held';
    super.release(place);
  }
}

/** Whoever comes to wait stands before those who wait already. */
async function withNewcomersFirst<T>(work: () => Promise<T>): Promise<T> {
  const { wait } = WaiterQueue.prototype;
  const { push } = Link.prototype;
  WaiterQueue.prototype.wait = function (...args) {
    Link.prototype.push = function (waiter) {
      Link.prototype.push = push;
      this.next.push(waiter);
    };
    return wait.apply(this, args);
  };
  try {
    return await work();
  } finally {
    WaiterQueue.prototype.wait = wait;
  }
}

const inBulkhead = async (Policy: typeof Bulkhead): Promise<Fault | undefined> => {
  const limits = [{ concurrency: 1, queue: 2 }];
  const rules = { queueTimeoutMs: Infinity, reclaimMs: Infinity };
  const config = { name: '', rules, limits, calls: 3 };
  return (await explore(bulkheadSystem(config, (options) => new Policy(options)))).fault;
};

export const seededFaults: readonly SeededFault[] = [
  inBreaker('off-by-one threshold', WantsOneCallMore),
  inBreaker('generation ignored', IgnoresGenerations),
  inBreaker('probe place not returned', KeepsPlaces),
  inBreaker('window not aged', NeverAges, byTime),
  inBreaker("lapsed probe's late result dropped", DropsLateResults),
  inBreaker('isolation reason undone by another', ReleasesEverybody),
  { name: 'double release', find: () => inBulkhead(ForgetsReleases) },
  { name: 'newcomer overtakes', find: () => withNewcomersFirst(() => inBulkhead(Bulkhead)) },
];
