/** Whether each service does what it is compared for. */
import { setTimeout as sleep } from 'node:timers/promises';
import { HANGING, isPlain, NAMES, type Name, SETTINGS } from './candidates.ts';
import { during, start } from './processes.ts';
import { ROUTES } from './protocol.ts';

/** A place for each, and some for whom there is none. */
const TOO_MANY = 20;
const CROWD = SETTINGS.concurrency + TOO_MANY;
/** So fast nobody answers who has waited for the dependency. */
const AT_ONCE_MS = SETTINGS.timeoutMs / 2;
const PATIENCE_MS = 5 * SETTINGS.timeoutMs;

interface Answer {
  readonly status: number | 'none';
  readonly ms: number;
}

async function get(port: number, route: string): Promise<Answer> {
  const begin = performance.now();
  const answer = fetch(`http://127.0.0.1:${port}${route}`).then(({ status }) => status);
  const status = await Promise.race([answer, sleep(PATIENCE_MS, 'none' as const, { ref: false })]);
  answer.catch(() => {});
  return { status, ms: performance.now() - begin };
}

const isRefused = ({ status, ms }: Answer): boolean => status === 503 && ms < AT_ONCE_MS;

async function complaintsOf(name: Name): Promise<string[]> {
  const complaints: string[] = [];
  const expect = (says: string, holds: boolean): void => {
    if (!holds) complaints.push(`${name}: ${says}`);
  };
  await during([start('dependency'), start('dependency')], (dependency, quiet) =>
    during([start('service', name, `${dependency.port}`, `${quiet.port}`)], async ({ port }) => {
      const [items, neighbour] = ROUTES;
      expect('passes a good answer on', (await get(port, items)).status === 200);
      await dependency.ask('hang');
      const alone = await get(port, items);
      if (isPlain(name)) expect('hangs as its dependency does', alone.status === 'none');
      else {
        expect('gives up in time', alone.status === 504 && alone.ms >= SETTINGS.timeoutMs - 1);
        const crowd = await Promise.all(Array.from({ length: CROWD }, () => get(port, items)));
        expect('turns away what is too much', crowd.filter(isRefused).length === TOO_MANY);
        expect('turns away at once what an open circuit stops', isRefused(await get(port, items)));
      }
      expect('leaves its other route alone', (await get(port, neighbour)).status === 200);
      await dependency.ask('recover');
    }),
  );
  return complaints;
}

/** @throws Error - if one does not */
export async function check(): Promise<void> {
  const complaints = (await Promise.all([...new Set([...NAMES, ...HANGING])].map(complaintsOf))).flat();
  if (complaints.length > 0) throw new Error(complaints.join('\n'));
}
