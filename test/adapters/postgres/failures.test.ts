/**
 * Every failure against a real Postgres: what the caller gets, what the server saw, what took place, what is left. The
 * tables of docs/postgres-failures.md are what was measured here; `HOLDFAST_UPDATE=1` writes them anew.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Postgres } from '../../database/postgres.ts';
import { agree } from '../../support/page.ts';
import { type Line, tablesOf } from './failures/page.ts';
import { rows } from './failures/rows.ts';
import { Stage } from './failures/stage.ts';
import { tryOut } from './failures/trial.ts';

/** For a busy machine; a call that hangs says so before. */
const SLOW = 30_000;

const all = Object.entries(rows).flatMap(([group, list]) =>
  list.map((row) => ({ group, row, name: row.name, call: row.call })),
);
const groups = new Map<string, Line[]>(Object.keys(rows).map((group) => [group, []]));

let server: Postgres;
beforeAll(async () => {
  server = await Stage.server();
}, SLOW);
afterAll(() => server.stop());

test.each(all)(
  '$group: $name ($call)',
  async ({ group, row, name, call }) => {
    const measured = await tryOut(row, server);
    groups.get(group)!.push({ name, call, measured });
    expect(measured).toEqual(row.expected);
  },
  SLOW,
);

test('docs/postgres-failures.md says what was measured', () => {
  const tried = [...groups.values()].reduce((sum, lines) => sum + lines.length, 0);
  // Where only some were tried, by name say, there is nothing to be compared.
  if (tried < all.length) return;
  const update = process.env.HOLDFAST_UPDATE === '1';
  expect(agree('failures', tablesOf(groups), update, 'docs/postgres-failures.md')).toBeUndefined();
});

test('no two failures have the same name', () => {
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
});
