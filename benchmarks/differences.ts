/** What the same pipeline costs more when somebody looks at it: each row's difference to the first, within each round. */
import type { Candidate } from './candidates/candidate.ts';
import { measure, spread } from './measure.ts';

/** Each is called one time after the other, all in turns. The first is what the others are compared with. */
export async function differences(
  rows: Readonly<Record<string, () => Promise<unknown>>>,
  rounds: number,
): Promise<void> {
  const all = Object.entries(rows).map(([name, call]) => ({
    candidate: { name } as Candidate,
    call,
    each: 1,
    rejects: false,
    close() {},
  }));
  const times = await measure(all, { rounds, batchMs: 10, warmUpMs: 500 });
  const [[first, base] = ['', []], ...others] = [...times];
  console.log(`${first}: ${spread(base).median.toFixed(0)} ns a call`);
  for (const [name, own] of others) {
    const { median, p10, p90 } = spread(own.map((ns, round) => ns - (base[round] as number)));
    console.log(`${name}: ${median.toFixed(0)} ns more (${p10.toFixed(0)} to ${p90.toFixed(0)})`);
  }
}
