import { type CircuitBreakerPolicy, CircuitState, type IDefaultPolicyContext, type IPolicy } from 'cockatiel';
import type { Breaker, Runner, State } from '../support.ts';

const STATES: Readonly<Record<CircuitState, State>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Isolated]: 'isolated',
};

/** A cockatiel policy behind the interface of the scripts. */
export function cockatielRunner(policy: IPolicy<IDefaultPolicyContext>): Runner {
  return { run: (operation, options) => policy.execute(operation, options?.signal) };
}

export function cockatielBreaker(policy: CircuitBreakerPolicy): Breaker {
  return {
    ...cockatielRunner(policy),
    get state() {
      return STATES[policy.state];
    },
  };
}
