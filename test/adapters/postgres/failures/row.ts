/** One failure of the table: what is asked for, what happens meanwhile, and what must come of it. */

import type { StatementOptions, TransactionClient, TransactionOptions } from 'holdfast/postgres';
import type { PoolConfig } from 'pg';
import type { Stage } from './stage.ts';

/** A statement outside a transaction, the same said to be idempotent, or a transaction with the statement in it. */
export type Call = 'statement' | 'idempotent' | 'transaction';

/** Connections when all is over. */
export interface Connections {
  /** Idle in the pool, and in the server. */
  readonly kept: number;
  /** Of which only the server knows: it has not noticed yet that its client is gone. */
  readonly unnoticed: number;
  /** Neither idle nor closed, at the client. */
  readonly leaked: number;
}

export interface Measured {
  /** `done`, or what the caller gets instead. */
  readonly outcome: string;
  /** Attempts that the pipeline made. */
  readonly attempts: number;
  /** How often the server began the statement in question, by its log. */
  readonly seen: number;
  /** How often it began COMMIT. */
  readonly commits: number;
  /** How often the statement has taken place, for good. */
  readonly tookPlace: number;
  readonly connections: Connections;
  /** Whole seconds, on a clock that the tests move. */
  readonly seconds: number;
}

export interface Row {
  readonly name: string;
  readonly call: Call;
  /** The statement, given the name of the stage as `$1`. Default: one that writes a row. */
  readonly text?: string;
  readonly options?: StatementOptions & TransactionOptions;
  readonly pool?: PoolConfig;
  /** Before the call. */
  readonly before?: (stage: Stage) => Promise<unknown>;
  /** While it runs. */
  readonly meanwhile?: (stage: Stage) => Promise<unknown>;
  /** In the transaction, after the statement. */
  readonly within?: (stage: Stage, tx: TransactionClient, attempt: number) => Promise<unknown>;
  /** Before an attempt after the first. */
  readonly retrying?: (stage: Stage, attempt: number) => Promise<unknown>;
  /** Once the call is over, before it is looked at what is left. */
  readonly after?: (stage: Stage) => Promise<unknown>;
  readonly expected: Measured;
}

const counts = ['attempts', 'seen', 'commits', 'tookPlace', 'seconds'] as const;
type Counts = Partial<Record<(typeof counts)[number], number>>;

/** What must come of it: one attempt and one connection kept, unless something else is said. */
export const gets = (outcome: string, said: Counts & Partial<Connections> = {}): Measured => {
  const { attempts = 1, seen = 1, commits = 0, tookPlace = 0, seconds = 0 } = said;
  const { kept = 1, unnoticed = 0, leaked = 0 } = said;
  return { outcome, attempts, seen, commits, tookPlace, connections: { kept, unnoticed, leaked }, seconds };
};
