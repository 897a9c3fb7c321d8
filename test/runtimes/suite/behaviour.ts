/**
 * One thing that Holdfast does, as plain data: a name, and a function that throws if it is not so. It knows no test
 * framework, so that every runtime can run it. Each is given a clock of its own, which stands at 0.
 */
import type { Call, Operation } from 'holdfast';
import type { VirtualClock } from 'holdfast/testing';

/** Throws, or rejects, if the behaviour is not there. */
export type Run = (clock: VirtualClock) => unknown;

export interface Behaviour {
  readonly name: string;
  readonly run: Run;
}

/** Behaviours of one subject, by what it does. */
export const about = (subject: string, runs: Readonly<Record<string, Run>>): Behaviour[] =>
  Object.entries(runs).map(([what, run]) => ({ name: `${subject}: ${what}`, run }));

/** Behaviours of one subject out of a table: each row has a name and makes a run. */
export const table = <Row>(
  subject: string,
  rows: readonly Row[],
  nameOf: (row: Row) => string,
  run: (row: Row, clock: VirtualClock) => unknown,
): Behaviour[] =>
  rows.map((row) => ({ name: `${subject}: ${nameOf(row)}`, run: (clock) => run(row, clock) }));

/** What a dependency that is down throws: one error, so that its identity can be looked at. */
export const DOWN = new Error('down');
export const fails = (): Promise<never> => Promise.reject(DOWN);
export const hangs = (): Promise<never> => new Promise(() => {});

/** The operation, where each call is looked at first. */
export const looking =
  <T>(look: (call: Call) => unknown, operation: Operation<T>): Operation<T> =>
  (call) => {
    look(call);
    return operation(call);
  };

/** An operation that does what each letter says, one invocation after another: `f` fails, `s` gives its number. */
export function script(letters: string): { readonly run: () => Promise<number>; readonly invoked: number } {
  let invoked = 0;
  return {
    run: async () => {
      const letter = letters[invoked++];
      if (letter !== 's') throw DOWN;
      return invoked;
    },
    get invoked() {
      return invoked;
    },
  };
}
