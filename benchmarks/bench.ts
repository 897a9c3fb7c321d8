/** Checks all candidates, measures them, and gives the result. */
import { bytesPerCall } from './allocation.ts';
import { callOthers } from './candidates/holdfast/others.ts';
import { candidates } from './candidates/index.ts';
import { complaints } from './check.ts';
import { count } from './counts.ts';
import { describeMachine } from './machine.ts';
import { type Effort, measure, spread } from './measure.ts';
import { type Result, resultOf } from './report.ts';
import { type Staged, stage } from './stage.ts';

export interface Thoroughness extends Effort {
  /** Samples of the bytes of a call. */
  readonly samples: number;
}

/** @throws Error - if a candidate does not do its job */
export async function bench(effort: Thoroughness, say: (line: string) => void): Promise<Result> {
  const machine = describeMachine();
  say('checking that every candidate does its job');
  const wrong = (await Promise.all(candidates.map(complaints))).flat();
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
  const counts = await count(candidates.filter(({ parts }) => parts.includes('abort')));

  await callOthers();
  const all: Staged[] = [];
  for (const candidate of candidates) all.push(await stage(candidate));
  try {
    say(`measuring ${all.length} candidates in turns, ${effort.rounds} rounds`);
    let said = 0;
    const times = await measure(all, effort, (done) => {
      if (done < said + 0.1) return;
      said = done;
      say(`  ${Math.round(done * 100)}%`);
    });
    say('measuring the bytes of a call');
    const bytes = new Map<string, number>();
    for (const staged of all) {
      const { name } = staged.candidate;
      const { median } = spread(times.get(name) ?? []);
      bytes.set(name, await bytesPerCall(staged, effort.samples, median));
    }
    return resultOf(machine, effort, { candidates, times, bytes, counts });
  } finally {
    for (const staged of all) staged.close();
  }
}
