/** The benchmark's rows by name, and results of it without having measured anything. */

import type { Candidate } from '../../benchmarks/candidates/candidate.ts';
import { candidates } from '../../benchmarks/candidates/index.ts';
import type { Counts } from '../../benchmarks/counts.ts';
import { describeMachine } from '../../benchmarks/machine.ts';
import { type Result, resultOf } from '../../benchmarks/report.ts';

export function candidateNamed(name: string): Candidate {
  const found = candidates.find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no row '${name}'`);
  return found;
}

export const names = candidates.map(({ name }) => name);
export const ours = names.filter((name) => name.startsWith('holdfast: '));
const effort = { rounds: 2, batchMs: 10, warmUpMs: 500 };

/** A result in which the rows cost what `cost` says, in two rounds of which the second is slower. */
export function resultWith(cost: (name: string) => number, counts: Partial<Counts> = {}): Result {
  const times = new Map(names.map((name) => [name, [cost(name), 3 * cost(name)]]));
  const bytes = new Map(names.map((name) => [name, 1_000]));
  return resultOf(describeMachine(), effort, {
    candidates,
    times,
    bytes,
    counts: { clockReadsMore: 1, listeners: [], ...counts },
  });
}

/** In which all cost the same. */
export const flat = resultWith(() => 100);
