/** Every machine that is walked, with all its small configurations. It knows no test framework. */
import { bulkhead } from '../../src/policies/bulkhead/bulkhead.ts';
import { breakerConfigurations } from './breaker/configurations.ts';
import { type BreakerConfig, breakerSystem } from './breaker/system.ts';
import { type BudgetConfig, budgetConfigurations, budgetSystem } from './budget.ts';
import { bulkheadConfigurations } from './bulkhead/configurations.ts';
import { type BulkheadConfig, bulkheadSystem } from './bulkhead/system.ts';
import { explore, type Walk } from './explore.ts';
import { scheduleConfigurations } from './schedule/configurations.ts';
import { type ScheduleConfig, scheduleSystem } from './schedule/system.ts';
import { type TimeoutConfig, timeoutConfigurations, timeoutSystem } from './timeout/system.ts';

/** A machine, and the configurations in which it is walked. */
export interface Exploration<Config = { readonly name: string }> {
  readonly name: string;
  /** The largest first. */
  readonly configurations: readonly Config[];
  /** Walks it to the end, or for `deepest` events in a row; `onProgress` is called now and then. */
  walk(config: Config, deepest?: number, onProgress?: () => void): Promise<Walk>;
}

const breaker: Exploration<BreakerConfig> = {
  name: 'circuit breaker',
  configurations: breakerConfigurations,
  walk: (config, ...more) => explore(breakerSystem(config), ...more),
};

const bulkheadQueue: Exploration<BulkheadConfig> = {
  name: 'bulkhead',
  configurations: bulkheadConfigurations,
  walk: (config, ...more) => explore(bulkheadSystem(config, bulkhead), ...more),
};

const budget: Exploration<BudgetConfig> = {
  name: 'retry budget',
  configurations: budgetConfigurations,
  walk: (config, ...more) => explore(budgetSystem(config), ...more),
};

const schedule: Exploration<ScheduleConfig> = {
  name: 'retry schedule',
  configurations: scheduleConfigurations,
  walk: (config, ...more) => explore(scheduleSystem(config), ...more),
};

const timeoutRace: Exploration<TimeoutConfig> = {
  name: 'timeout',
  configurations: timeoutConfigurations,
  walk: (config, ...more) => explore(timeoutSystem(config), ...more),
};

export const explorations: readonly Exploration[] = [breaker, bulkheadQueue, timeoutRace, budget, schedule];
