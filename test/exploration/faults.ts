/** Machines that are broken on purpose, each in one way: what a walk has to find, or it proves nothing. */
import { type Admission, BreakerMachine, type Sequel } from '../../src/policies/circuit-breaker/machine.ts';
import { breakerConfig, type Varied } from './breaker/configurations.ts';
import { breakerSystem } from './breaker/system.ts';
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
    if (this.reasons.has(reason)) for (const each of this.reasons) super.release(each, nowMs);
  }
}

export const seededFaults: readonly SeededFault[] = [
  inBreaker('off-by-one threshold', WantsOneCallMore),
  inBreaker('generation ignored', IgnoresGenerations),
  inBreaker('probe place not returned', KeepsPlaces),
  inBreaker('window not aged', NeverAges, byTime),
  inBreaker("lapsed probe's late result dropped", DropsLateResults),
  inBreaker('isolation reason undone by another', ReleasesEverybody),
];
