/** What each policy of a pipeline is called in its events and errors. */
import { BuiltIn } from '../core/built-in.ts';
import { allowed } from '../core/options.ts';
import { isGate, type Policy } from '../core/policy.ts';

/**
 * Explicit names as they are; of equal default names the second becomes `timeout-2`, and so on.
 *
 * @throws TypeError - if two policies have the same explicit name
 */
export function labelsOf(policies: readonly Policy[]): Map<Policy, string> {
  const labels = new Map<Policy, string>();
  const taken = new Set<string>();
  const distinct = [...new Set(policies)];
  const explicit = (policy: Policy): boolean =>
    (policy instanceof BuiltIn ? policy.settings : policy).name !== undefined;
  for (const policy of distinct.filter(explicit)) {
    const name = policy.name as string;
    if (taken.has(name)) throw allowed('pipeline', 'name', name, 'different for each policy');
    taken.add(name);
    labels.set(policy, name);
  }
  for (const policy of distinct) {
    if (labels.has(policy)) continue;
    const base = policy.name ?? (isGate(policy) ? 'gate' : 'layer');
    let label = base;
    for (let n = 2; taken.has(label); n++) label = `${base}-${n}`;
    taken.add(label);
    labels.set(policy, label);
  }
  return labels;
}
