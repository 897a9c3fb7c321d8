/** Orders of policies that are known to be mistakes. The policies are known by their kind, not by their class. */
import { isGate, type Policy } from '../core/policy.ts';

/** A policy in its place; the list is outermost first. */
export interface Placed {
  readonly policy: Policy;
  readonly label: string;
}

interface Mistake {
  readonly outer: string;
  readonly inner: string;
  /** `within`: what stands inside the inner one. */
  applies?(outer: Policy, inner: Policy, within: readonly Policy[]): boolean;
  say(outer: string, inner: string): string;
}

const kindOf = (policy: Policy): unknown => (policy as { kind?: unknown }).kind;
const msOf = (policy: Policy): number => (policy as { ms?: number }).ms ?? Infinity;

const isRacing = (policy: Policy): boolean =>
  (policy as { mode?: unknown }).mode === 'race' && msOf(policy) < Infinity;

const MISTAKES: readonly Mistake[] = [
  {
    outer: 'retry',
    inner: 'retry',
    say: (outer, inner) => `${inner} stands inside ${outer}: their attempts multiply; keep one of the two`,
  },
  {
    outer: 'timeout',
    inner: 'timeout',
    applies: (outer, inner) => isRacing(outer) && msOf(inner) > msOf(outer),
    say: (outer, inner) => `${inner} is longer than ${outer} around it, and will never fire; make it shorter`,
  },
  {
    outer: 'circuit-breaker',
    inner: 'retry',
    say: (outer, inner) =>
      `${inner} stands inside ${outer}, which then sees one failure where the dependency had several; put it outside`,
  },
  {
    outer: 'bulkhead',
    inner: 'retry',
    applies: (_outer, _inner, within) => within.some(isRacing),
    say: (outer, inner) =>
      `${outer} stands outside ${inner}, whose attempts may still run when the next one starts, all in one place; put it inside`,
  },
  {
    outer: 'retry',
    inner: 'fallback',
    say: (outer, inner) => `${inner} stands inside ${outer}, which then never sees a failure; put it outside`,
  },
];

/** What is wrong with the order, in words; empty if nothing is known to be. */
export function warningsOf(placed: readonly Placed[]): string[] {
  const warnings: string[] = [];
  placed.forEach((outer, i) => {
    const again = placed.findIndex(({ policy }) => policy === outer.policy) < i;
    if (again && isGate(outer.policy)) {
      warnings.push(
        `${outer.label} stands here twice, so that each call enters it twice and may wait for itself; keep one`,
      );
    }
    placed.slice(i + 1).forEach((inner, j) => {
      const within = placed.slice(i + j + 2).map(({ policy }) => policy);
      for (const mistake of MISTAKES) {
        if (kindOf(outer.policy) !== mistake.outer || kindOf(inner.policy) !== mistake.inner) continue;
        if (mistake.applies?.(outer.policy, inner.policy, within) === false) continue;
        warnings.push(mistake.say(outer.label, inner.label));
      }
    });
  });
  return warnings;
}

const printed = new Set<string>();
// Where names are made up at run time, one for each host say, the same mistake must not flood the log.
const MOST_PRINTED = 100;

/** Prints each warning of a pipeline the first time. */
export function printWarnings(pipeline: string, warnings: readonly string[]): void {
  for (const warning of warnings) {
    const line = `holdfast: pipeline '${pipeline}': ${warning}`;
    if (printed.has(line) || printed.size >= MOST_PRINTED) continue;
    printed.add(line);
    console.warn(line);
  }
}
