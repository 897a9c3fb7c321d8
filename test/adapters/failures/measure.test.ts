import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { clients } from './clients.ts';
import { rows } from './rows.ts';
import { Trial } from './trial.ts';

const out: unknown[] = [];
for (const [group, list] of Object.entries(rows))
  for (const row of list)
    test(row.name, { timeout: 15000 }, async () => {
      const t = performance.now();
      const m = await Trial.run(row, clients[0]!).catch((e) => ({ failed: String(e?.stack) }));
      out.push({ group, name: row.name, m, ms: Math.round(performance.now() - t) });
      writeFileSync('/tmp/measured.json', JSON.stringify(out, null, 1));
    });
test('x', () => expect(out.length).toBeGreaterThan(0));
