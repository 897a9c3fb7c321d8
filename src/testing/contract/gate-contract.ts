/**
 * The contract of a gate, for any implementation: a black box in a pipeline, on a virtual clock. Whom it lets in is the
 * gate's own affair; the laws say that it loses nothing, gives nothing twice, and disturbs nobody.
 */
import { check, FUNCTION, type Rules, settle } from '../../core/options.ts';
import type { Gate } from '../../core/policy.ts';
import type { VirtualClock } from '../virtual-clock.ts';
import { type ContractCase, casesOf, checkMade } from './contract.ts';
import { LISTENERS } from './gate-listeners.ts';
import { MANNERS } from './gate-manners.ts';
import { PLACES } from './gate-places.ts';
import { GateStand } from './gate-stand.ts';
import { SuiteClock } from './trial.ts';

/**
 * What the suite cannot find out about a gate by itself.
 *
 * @example
 * gateContract((clock) => new RateLimit({ burst: 2, clock }), {
 *   refuse: (limit) => limit.pause(),
 *   listen: (limit, listener) => limit.on('reject', listener),
 * });
 */
export interface GateContractOptions<G extends Gate = Gate> {
  /**
   * Brings the gate to the point at which it refuses. Needed only where neither a crowd of calls nor a row of failures
   * does so: for a switch, say. Default: nothing does.
   */
  readonly refuse?: ((gate: G) => void) | undefined;
  /**
   * Has the gate call this function for whatever it tells its listeners. Then the suite also looks at what happens where
   * a listener throws, or calls through the gate. Default: it has no listeners.
   */
  readonly listen?: ((gate: G, listener: () => void) => void) | undefined;
}

const RULES: Rules = { refuse: [FUNCTION], listen: [FUNCTION] };

/**
 * The contract of a gate as cases for any test framework, one for each law. A case rejects where its law is broken.
 *
 * @param make - makes a new gate, the same each time, on the clock that it is given. Make it small, since the suite
 *   fills it (two places, not two hundred), and leave nothing to chance, since the suite compares two with each other
 * @throws TypeError - for a bad option. What `make` throws is thrown by the cases
 * @example for (const { name, run } of gateContract((clock) => new RateLimit({ burst: 2, clock }))) test(name, run);
 */
export function gateContract<G extends Gate>(
  make: (clock: VirtualClock) => G,
  options: GateContractOptions<G> = {},
): readonly ContractCase[] {
  check('gateContract', 'make', make, FUNCTION);
  const { refuse, listen } = settle<GateContractOptions<G>>('gateContract', options, RULES);
  const laws = [...MANNERS, ...PLACES, ...(listen === undefined ? [] : LISTENERS)];
  return casesOf('a gate', laws, () => {
    const clock = new SuiteClock();
    const gate = make(clock);
    checkMade('gateContract', gate, 'a gate (enter, leave)', ['enter', 'leave']);
    return new GateStand(clock, gate, {
      refuse: refuse && (() => refuse(gate)),
      listen: (listener) => listen?.(gate, listener),
    });
  });
}
