/** Checks all candidates, measures them, and gives the result. */
import { bytesPerCall } from './allocation.ts';
import { candidates } from './candidates/index.ts';
import { complaints } from './check.ts';
import { describeMachine } from './machine.ts';
import { type Effort, measure } from './measure.ts';
import { type Result, resultOf } from './report.ts';
import { type Staged, stage } from './stage.ts';

/** Samples of the bytes of a call. */
const SAMPLES = 25;

/** @throws Error - if a candidate does not do its job */
export async function bench(effort: Effort, say: (line: string) => void): Promise<Result> {
  const machine = describeMachine();
  say('checking that every candidate does its job');
  const wrong = (await Promise.all(candidates.map(complaints))).flat();
  if (wrong.length > 0) throw new Error(wrong.join('\n'));

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
    const bytes = new Map<string, number>();
    for (const staged of all) bytes.set(staged.candidate.name, await bytesPerCall(staged, SAMPLES));
    return resultOf(machine, effort, { all, times, bytes });
  } finally {
    for (const staged of all) staged.close();
  }
}
