/** The failures of the table, by what they are about. */
import type { Row } from './row.ts';
import { answering } from './rows/answering.ts';
import { breaking } from './rows/breaking.ts';
import { calling } from './rows/calling.ts';
import { connecting } from './rows/connecting.ts';
import { garbling } from './rows/garbling.ts';

export const rows: Readonly<Record<string, readonly Row[]>> = {
  'Before the request': connecting,
  'In the middle of it': breaking,
  'Answers that are not in order': garbling,
  'Answers that are': answering,
  'Requests, callers and circuits': calling,
};
