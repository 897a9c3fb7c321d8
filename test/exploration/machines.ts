/** Every machine that is walked, with all its small configurations. It knows no test framework. */
import { breakerConfigurations } from './breaker/configurations.ts';
import { type BreakerConfig, breakerSystem } from './breaker/system.ts';
import { explore, type Walk } from './explore.ts';

/** A machine, and the configurations in which it is walked. */
export interface Exploration<Config = { readonly name: string }> {
  readonly name: string;
  /** The largest first. */
  readonly configurations: readonly Config[];
  walk(config: Config): Promise<Walk>;
}

const breaker: Exploration<BreakerConfig> = {
  name: 'circuit breaker',
  configurations: breakerConfigurations,
  walk: (config) => explore(breakerSystem(config)),
};

export const explorations: readonly Exploration[] = [breaker];
