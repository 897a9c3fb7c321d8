/**
 * Every failure through every client, on real sockets: what the caller gets, what the server saw, what is left. The table
 * of docs/failures.md is what was measured here; `HOLDFAST_UPDATE=1` writes it anew.
 */
import { describe, expect, test } from 'vitest';
import { agree } from '../../support/page.ts';
import { type Client, clients } from './clients.ts';
import { type Measurements, tablesOf } from './page.ts';
import { gets, type Measured, type Row } from './row.ts';
import { rows } from './rows.ts';
import { Trial } from './trial.ts';

/** For a busy machine; a call that hangs says so before. */
const SLOW = { timeout: 30_000 };

const groups = new Map<string, Map<string, Map<string, Measured>>>();
const all = Object.entries(rows).flatMap(([group, list]) => {
  groups.set(group, new Map(list.map(({ name }) => [name, new Map()])));
  return list.map((row) => ({ group, row, name: row.name }));
});

for (const client of clients)
  describe(client.name, () => {
    test.each(all)('$group: $name', SLOW, async ({ group, row }) => {
      const measured = await Trial.run(row, client);
      groups.get(group)!.get(row.name)!.set(client.name, measured);
      expect(measured).toEqual(row.expected[client.name]);
    });
  });

test('docs/failures.md says what was measured', () => {
  const complete = [...groups.values()].every((failures) =>
    [...failures.values()].every((measured) => measured.size === clients.length),
  );
  // Where only some were tried, by name say, there is nothing to be compared.
  if (!complete) return;
  const tables = tablesOf(groups as ReadonlyMap<string, ReadonlyMap<string, Measurements>>);
  expect(agree('failures', tables, process.env.HOLDFAST_UPDATE === '1', 'docs/failures.md')).toBeUndefined();
});

test('no two failures have the same name', () => {
  expect(new Set(all.map(({ group, name }) => `${group}: ${name}`)).size).toBe(all.length);
});

describe('the trial itself', () => {
  const large = 'x'.repeat(1_000_000);
  const row = (acts: Row['acts']): Row => ({
    name: 'it',
    acts: acts!,
    expected: gets({}, 0, 0, { kept: 0, connecting: 0, leaked: 0 }),
  });
  const [client] = clients as [Client];

  test('sees the socket of an answer that nobody reads', async () => {
    const careless: Client = {
      name: client.name,
      send: async (sent) => ({ ...(await client.send(sent)), status: 200, text: async () => '' }),
    };
    const act = [{ kind: 'read' }, { kind: 'answer', body: large }] as const;
    const { sockets } = await Trial.run(row([act]), careless, 20);
    expect(sockets).toEqual({ kept: 0, connecting: 0, leaked: 1 });
  });
});
