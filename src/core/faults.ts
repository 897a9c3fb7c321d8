/** Where user code that was called from inside the library threw, and nobody listens: said once for each policy. */
import type { Policy } from './policy.ts';
import type { Owner } from './run.ts';

const said = new WeakSet<object>();

/** Tells the owner's listeners of `listener-error`, or prints it where there are none. */
export function reportFault(owner: Owner, policy: Policy, fault: unknown): void {
  const label = owner.labelOf(policy);
  if (owner.sink?.fault(fault, label)) return;
  printFault(policy, label, fault);
}

/** Prints what was thrown, the first time for each source. */
export function printFault(source: object, label: string, fault: unknown): void {
  if (said.has(source)) return;
  said.add(source);
  console.error(`holdfast: a listener, judge or other function given to '${label}' threw:`, fault);
}
