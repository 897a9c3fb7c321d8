/**
 * The contract of a layer, for any implementation: a black box in a pipeline, on a virtual clock. What a layer makes of
 * a call is its own affair; the laws say that it mixes up no calls, starts nothing in vain, and leaves nothing behind.
 */
import { check, FUNCTION, type Rules, settle } from '../../core/options.ts';
import type { Layer } from '../../core/policy.ts';
import type { VirtualClock } from '../virtual-clock.ts';
import { type ContractCase, casesOf, checkMade } from './contract.ts';
import { ANSWERS, keepsApart, PASSES_ERRORS, PASSES_VALUES, survivesThrows } from './layer-answers.ts';
import { type AsyncStorage, keepsContext, MANNERS } from './layer-manners.ts';
import { LayerStand } from './layer-stand.ts';
import { SuiteClock } from './trial.ts';

/**
 * What the suite cannot find out about a layer by itself.
 *
 * @example
 * layerContract((clock) => hedge(50, clock), {
 *   storage: new AsyncLocalStorage(),
 *   listen: (layer, listener) => layer.on('hedge', listener),
 * });
 */
export interface LayerContractOptions<L extends Layer = Layer> {
  /**
   * What the layer may put in the place of what the operation gave: a fallback replaces errors, a cache values. It is
   * not held to pass that on. Default: nothing.
   */
  readonly replaces?: 'values' | 'errors' | 'both' | undefined;
  /**
   * A `new AsyncLocalStorage()`: then the suite also looks at the async context in which operations run. Default: it
   * does not.
   */
  readonly storage?: AsyncStorage | undefined;
  /**
   * Has the layer call this function for whatever it tells its listeners. Then the suite also looks at what happens
   * where a listener throws. Default: it has no listeners.
   */
  readonly listen?: ((layer: L, listener: () => void) => void) | undefined;
}

const RULES: Rules = {
  replaces: ["'values' or 'errors' or 'both'"],
  storage: ['an AsyncLocalStorage', undefined, 'run', 'getStore'],
  listen: [FUNCTION],
};

/**
 * The contract of a layer as cases for any test framework, one for each law. A case rejects where its law is broken.
 *
 * @param make - makes a new layer, on the clock that it is given
 * @throws TypeError - for a bad option. What `make` throws is thrown by the cases
 * @example for (const { name, run } of layerContract((clock) => hedge(50, clock))) test(name, run);
 */
export function layerContract<L extends Layer>(
  make: (clock: VirtualClock) => L,
  options: LayerContractOptions<L> = {},
): readonly ContractCase[] {
  check('layerContract', 'make', make, FUNCTION);
  const { replaces, storage, listen } = settle<LayerContractOptions<L>>('layerContract', options, RULES);
  const passesOn = (what: 'values' | 'errors') => replaces !== what && replaces !== 'both';
  const laws = [
    ...(passesOn('values') ? PASSES_VALUES : []),
    ...(passesOn('errors') ? PASSES_ERRORS : []),
    ...(replaces === 'both' ? [] : [keepsApart(({ ok }) => passesOn(ok ? 'values' : 'errors'))]),
    ...ANSWERS,
    ...MANNERS,
    ...(storage === undefined ? [] : [keepsContext(storage)]),
    ...(listen === undefined ? [] : [survivesThrows]),
  ];
  return casesOf('a layer', laws, () => {
    const clock = new SuiteClock();
    const layer = make(clock);
    checkMade('layerContract', layer, 'a layer (around), and no gate', ['around'], 'enter');
    return new LayerStand(clock, layer, (listener) => listen?.(layer, listener));
  });
}
