/**
 * Counts what the library does, whatever it is: V8 counts how often each piece of source was executed, the rounds of
 * each loop included. A step is one character of it, since V8 joins neighbouring pieces that were executed equally
 * often: so the sum does not depend on how it has cut them. It counts right only where nothing is optimized.
 */
import { type Profiler, Session } from 'node:inspector/promises';

/** What node must be told, so that each execution is counted. */
export const COUNTS_EACH = ['--no-opt', '--no-maglev', '--no-lazy-feedback-allocation'];

/** How many steps there were since it was last asked. */
export type StepsTaken = () => Promise<number>;

/**
 * Begins to count in the scripts that are of interest. It must come before they are loaded: of a function that is
 * compiled already the loops are not counted.
 */
export async function countSteps(isOfInterest: RegExp): Promise<StepsTaken> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  return async () => {
    const { result } = await session.post('Profiler.takePreciseCoverage');
    const scripts = result.filter(({ url }) => isOfInterest.test(url));
    const functions = scripts.flatMap((script) => script.functions);
    return functions.reduce((sum, { ranges }) => sum + executed(ranges), 0);
  };
}

/** Each range counts but for those within it, which have counts of their own. The outer one comes before the inner. */
function executed(ranges: readonly Profiler.CoverageRange[]): number {
  const around: Profiler.CoverageRange[] = [];
  let steps = 0;
  for (const range of ranges) {
    while (around.length > 0 && around.at(-1)!.endOffset <= range.startOffset) around.pop();
    const length = range.endOffset - range.startOffset;
    steps += length * (range.count - (around.at(-1)?.count ?? 0));
    around.push(range);
  }
  return steps;
}
