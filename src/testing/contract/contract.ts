/**
 * What the contract suites for gates and for layers share. A suite is plain data, one case for each law, and knows no
 * test framework.
 */

import { allowed } from '../../core/options.ts';
import { drain } from '../virtual-clock.ts';

/**
 * One law, and the check whether an implementation keeps it: plain data, for any test framework.
 *
 * @example for (const { name, run } of gateContract(() => bulkhead({ concurrency: 2 }))) test(name, run);
 */
export interface ContractCase {
  /** The law, in words: a name for a test. */
  readonly name: string;
  /** Resolves if the law is kept; otherwise rejects with an error that says what was seen, and what is expected. */
  readonly run: () => Promise<void>;
}

/** Throws unless it holds. */
export type Demand = (holds: boolean, seen: string, expected: string) => void;

/** A law about the policies that a `Stand` puts to the test: a new one each time that it is called. */
export type Law<Stand> = readonly [
  rule: string,
  check: (stand: () => Stand, demand: Demand) => Promise<void>,
];

/** When the case that was started last is over. */
let turn: Promise<void> = Promise.resolve();

/** Cases take turns, also where a test framework starts many at once: each listens for what rejects while it runs. */
function inTurn(run: () => Promise<void>): Promise<void> {
  const mine = turn.then(run);
  turn = mine.catch(() => {});
  return mine;
}

/** A law is broken. */
class ContractError extends Error {
  override readonly name = 'ContractError';
}

/** The rule that every case looks at, whatever its own; the check of its own case makes as much happen as it can. */
export const NO_REJECTION = 'leaves no promise to reject without a handler';

/** The cases for the laws of one kind of policy, such as `a gate`. */
export const casesOf = <Stand>(
  kind: string,
  laws: readonly Law<Stand>[],
  stand: () => Stand,
): readonly ContractCase[] =>
  laws.map(([rule, check]) => {
    const name = `${kind} ${rule}`;
    const demand: Demand = (holds, seen, expected) => {
      if (!holds) throw new ContractError(`${name}.\n  Expected: ${expected}.\n  Seen: ${seen}.`);
    };
    const run = async (): Promise<void> => {
      const watched = unhandledDuring(() => check(stand, demand));
      const unhandled = await watched.catch((error: unknown) => {
        if (error instanceof ContractError) throw error;
        throw new ContractError(`${name}.\n  Seen: ${inWords(error)}.`, { cause: error });
      });
      if (unhandled.length > 0)
        throw new ContractError(
          `${kind} ${NO_REJECTION}.\n  Expected: none.\n  Seen: ${inWords(unhandled[0])}.`,
        );
    };
    return { name, run: () => inTurn(run) };
  });

/** Throws unless the policy that was made is of the kind: a pipeline takes either, and the suite would look at nothing. */
export function checkMade(
  where: string,
  made: object | null | undefined,
  what: string,
  methods: readonly string[],
  foreign?: string,
): void {
  const has = (name: string): boolean =>
    typeof (made as Readonly<Record<string, unknown>> | null | undefined)?.[name] === 'function';
  if (!methods.every(has) || (foreign !== undefined && has(foreign)))
    throw allowed(where, 'what make gives', made, what);
}

/**
 * Runs all cases of a suite, one after another: for a script that has no test framework.
 *
 * @param cases - of a gate, of a layer, or of several
 *
 * @throws TypeError - (as a rejection) if there are none
 * @throws AggregateError - (as a rejection) whose message and `errors` list every law that is broken
 * @example await assertContract(gateContract((clock) => new RateLimit({ perSecond: 10, burst: 2, clock })));
 */
export async function assertContract(cases: readonly ContractCase[]): Promise<void> {
  if (!(cases?.length > 0))
    throw allowed('assertContract', 'cases', cases, 'a list of cases that is not empty');
  const broken = new Map<string | undefined, Error>();
  for (const { run } of cases) {
    // Several cases may come upon the same law.
    await run().catch((error: Error) => broken.set(error.message.split('\n')[0], error));
  }
  if (broken.size === 0) return;
  const errors = [...broken.values()];
  const list = errors.map((error) => `\n- ${error.message}`).join('');
  throw new AggregateError(errors, `${errors.length} of ${cases.length} laws are broken:${list}`);
}

/** What was thrown, as a message can quote it. */
export const inWords = (thrown: unknown): string =>
  thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);

interface Emitter {
  rawListeners(type: string): readonly ((reason: unknown) => void)[];
  removeAllListeners(type: string): void;
  on(type: string, listener: (reason: unknown) => void): void;
}

/**
 * The promises that rejected meanwhile without a handler, as far as the runtime tells: Node, Bun and Deno do. Nobody
 * else hears of them, since others who listen, a test framework above all, would end the process or fail the run. Jest
 * keeps the process to itself: there it is jest that hears of them, and fails the test.
 */
async function unhandledDuring(work: () => Promise<void>): Promise<unknown[]> {
  const { process } = globalThis as unknown as { readonly process?: Emitter | undefined };
  const type = 'unhandledRejection';
  const reasons: unknown[] = [];
  const others = process?.rawListeners(type) ?? [];
  process?.removeAllListeners(type);
  process?.on(type, (reason) => reasons.push(reason));
  try {
    await work();
    await drain();
  } finally {
    process?.removeAllListeners(type);
    for (const other of others) process?.on(type, other);
  }
  return reasons;
}
