/**
 * All candidates take turns: in each round each runs one short batch, and the order moves on by one from round to
 * round. Whatever else the machine does, it does to all of them alike; what is reported of two candidates is the
 * median, over the rounds, of the ratio within the round.
 */
import type { Staged } from './stage.ts';

/** How much is measured. */
export interface Effort {
  readonly rounds: number;
  /** How long a batch takes, about. */
  readonly batchMs: number;
  /** For how long each candidate runs beforehand, in turns. */
  readonly warmUpMs: number;
}

/** The middle of a distribution, and where eight tenths of it lie. */
export interface Spread {
  readonly median: number;
  readonly p10: number;
  readonly p90: number;
}

/** Nanoseconds for a call, round by round, of each candidate. */
export type Times = ReadonlyMap<string, readonly number[]>;

/** Calls one candidate so many times, one after the other; or as many crowds, where it is called by one. */
export async function run({ candidate, call, rejects }: Staged, calls: number): Promise<void> {
  if (!rejects) {
    for (let i = 0; i < calls; i++) await call();
    return;
  }
  for (let i = 0; i < calls; i++) {
    try {
      await call();
    } catch {
      continue;
    }
    throw new Error(`${candidate.name}: a call was not rejected`);
  }
}

async function nanosecondsPerCall(staged: Staged, calls: number): Promise<number> {
  const start = performance.now();
  await run(staged, calls);
  return ((performance.now() - start) / (calls * staged.each)) * 1e6;
}

const PASSES = 5;

/** How many calls of each make a batch; on the way, everything is compiled as it will be. */
async function warmUp(all: readonly Staged[], { warmUpMs, batchMs }: Effort): Promise<number[]> {
  const batches: number[] = all.map(() => 1);
  for (let pass = 0; pass < PASSES; pass++) {
    for (const [i, staged] of all.entries()) {
      const nanoseconds = await nanosecondsPerCall(staged, batches[i] as number);
      const until = performance.now() + warmUpMs / PASSES;
      let best = nanoseconds;
      const some = staged.each === 1 ? 20 : 1;
      while (performance.now() < until) best = Math.min(best, await nanosecondsPerCall(staged, some));
      batches[i] = Math.max(1, Math.round((batchMs * 1e6) / (best * staged.each)));
    }
  }
  return batches;
}

/** Measures all candidates against each other. `progress` is told the share that is done. */
export async function measure(
  all: readonly Staged[],
  effort: Effort,
  progress: (done: number) => void = () => {},
): Promise<Times> {
  const times = new Map<string, number[]>(all.map(({ candidate }) => [candidate.name, []]));
  const batches = await warmUp(all, effort);
  for (let round = 0; round < effort.rounds; round++) {
    for (let turn = 0; turn < all.length; turn++) {
      const i = (turn + round) % all.length;
      const staged = all[i] as Staged;
      const nanoseconds = await nanosecondsPerCall(staged, batches[i] as number);
      times.get(staged.candidate.name)?.push(nanoseconds);
    }
    progress((round + 1) / effort.rounds);
  }
  return times;
}

/** The value below which a share of them lies. */
export function quantiles(values: readonly number[]): (share: number) => number {
  const sorted = [...values].sort((a, b) => a - b);
  return (share) => {
    const value = sorted[Math.round(share * (sorted.length - 1))];
    if (value === undefined) throw new Error('there is no spread of no values');
    return value;
  };
}

/** @throws Error - for no values */
export function spread(values: readonly number[]): Spread {
  const at = quantiles(values);
  return { median: at(0.5), p10: at(0.1), p90: at(0.9) };
}

/** What is made of the times of several candidates, within each round. */
export function eachRound(
  times: Times,
  names: readonly string[],
  combine: (...nanoseconds: readonly number[]) => number,
): Spread {
  const columns = names.map((name) => {
    const column = times.get(name);
    if (column === undefined) throw new Error(`no times of '${name}'`);
    return column;
  });
  return spread((columns[0] ?? []).map((_, round) => combine(...columns.map((each) => each[round]!))));
}

/** What `row` costs as a ratio of what `of` does, compared within each round. */
export const ratio = (times: Times, row: string, of: string): Spread =>
  eachRound(times, [row, of], (above, below) => above! / below!);
