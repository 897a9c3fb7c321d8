/** The failures of the table, by what they are about. */
import type { Row } from './row.ts';
import { connecting } from './rows/connecting.ts';
import { statements } from './rows/statements.ts';
import { states } from './rows/states.ts';
import { stopping } from './rows/stopping.ts';
import { transactions } from './rows/transactions.ts';

export const rows: Readonly<Record<string, readonly Row[]>> = {
  'Before there is a connection': connecting,
  'One statement, and what breaks under it': statements,
  'Transactions, up to COMMIT': transactions,
  'What is stopped': stopping,
  'What the server says': states,
};
