/**
 * A property of the real thing: a claim about any script of events, and the means to check it on as many scripts as
 * asked. It knows no test framework, so that a test and any other runner check the very same claims.
 */
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';

/** Notes that a script has led to a situation which the claim is about. */
export type Reached = (situation: string) => void;

export interface PropertyOptions<Script> {
  /** Its place among all of them: `all.ts` lists them in this order. */
  readonly number: number;
  /** The claim, as a sentence. */
  readonly name: string;
  /** The file's name without its ending; the file's default export is the property. */
  readonly file: string;
  readonly script: fc.Arbitrary<Script>;
  /** Throws where the claim does not hold of this script. */
  holds(script: Script, reached: Reached): void | Promise<void>;
  /** What the scripts have to reach between them, or the claim was checked of nothing. */
  readonly reaches?: readonly string[];
  /** The script as TypeScript. Default: fast-check's own way of writing it. */
  show?(script: Script): string;
}

interface CheckOptions {
  readonly cases: number;
  readonly seed: number;
  /** Where fast-check found a counterexample before. */
  readonly path?: string | undefined;
  /** Called now and then with the number of cases checked so far. */
  onProgress?(cases: number): void;
}

/** What came of a check. */
export interface Finding {
  readonly cases: number;
  /** How often each situation was reached. */
  readonly reached: Readonly<Record<string, number>>;
  /** What does not hold, and how to see it again; undefined if all is well. */
  readonly fault: string | undefined;
}

/** A property whose kind of script is nobody's business: what a list of them holds. */
export interface Claim {
  readonly number: number;
  readonly name: string;
  readonly reaches: readonly string[];
  check(options: CheckOptions): Promise<Finding>;
}

export interface Property<Script> extends Claim {
  /** Throws where the claim does not hold of this script: what a regression test calls. */
  holds(script: Script): Promise<void>;
}

const PROGRESS_EVERY = 250;

export function property<Script>(options: PropertyOptions<Script>): Property<Script> {
  const { number, name, script, reaches = [] } = options;
  return {
    number,
    name,
    reaches,
    holds: async (given) => options.holds(given, () => {}),
    check: ({ cases, seed, path, onProgress }) =>
      quietly(async (unhandled) => {
        let checked = 0;
        const reached: Record<string, number> = Object.fromEntries(reaches.map((each) => [each, 0]));
        const claim = fc.asyncProperty(script, async (given) => {
          await options.holds(given, (what) => {
            reached[what] = (reached[what] ?? 0) + 1;
          });
          // Only after a turn is a rejection known to be nobody's.
          await turn();
          if (unhandled.length > 0)
            throw new Error('a rejection was not handled', { cause: unhandled.pop() });
          if (++checked % PROGRESS_EVERY === 0) onProgress?.(checked);
        });
        // Only the case is taken from a path, and shrunk anew: of commands, the way further down depends on which of them
        // were run on the way there, and would lead to nothing.
        const lot = path === undefined ? { numRuns: cases } : { numRuns: 1, path: path.split(':')[0]! };
        const details = await fc.check(claim, { ...lot, seed });
        const fault = details.failed ? explain(options, details) : undefined;
        return { cases: details.numRuns, reached, fault };
      }),
  };
}

/** How a property that does not hold is reported: with all that is needed to see it fail again. */
function explain<Script>(options: PropertyOptions<Script>, details: fc.RunDetails<[Script]>): string {
  const { number, name, file, show = fc.stringify } = options;
  const { seed, counterexample, counterexamplePath: path, numRuns, numShrinks, errorInstance } = details;
  const [script] = counterexample as [Script];
  const error =
    errorInstance instanceof Error ? (errorInstance.stack ?? errorInstance.message) : errorInstance;
  return `Property ${number} does not hold: ${name}
seed ${seed}, path "${path}", case ${numRuns}, ${numShrinks} times shrunk
again: npm run prove -- --property ${number} --seed ${seed} --path ${path}

${String(error)}

as a regression test in test/issues/:

import fc from 'fast-check';
import { test } from 'vitest';
import property from '../properties/${file}.ts';

test('SAY WHAT IT SHOWS', async () => {
  const { schedulerFor } = fc;
  await property.holds(${show(script)});
});
`;
}

/**
 * Random pipelines are full of known mistakes, and listeners that throw are part of the scripts: what is printed about
 * them goes nowhere meanwhile. Rejections that nobody handled are collected.
 */
async function quietly<T>(work: (unhandled: unknown[]) => Promise<T>): Promise<T> {
  const { warn, error } = console;
  const unhandled: unknown[] = [];
  const collect = (reason: unknown): void => void unhandled.push(reason);
  console.warn = console.error = () => {};
  process.on('unhandledRejection', collect);
  try {
    return await work(unhandled);
  } finally {
    process.off('unhandledRejection', collect);
    Object.assign(console, { warn, error });
  }
}
