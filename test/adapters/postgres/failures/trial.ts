/**
 * Tries one failure: a real server, the standard pipeline, and a clock that is moved by hand, so that 30 seconds take no
 * longer than what happens in them.
 */
import { HoldfastError } from '../../../../src/index.ts';
import { VirtualClock } from '../../../../src/testing/index.ts';
import type { Postgres } from '../../../network/postgres.ts';
import { flush } from '../../../support/jobs.ts';
import type { Measured, Row } from './row.ts';
import { Stage } from './stage.ts';

/** Writes one row, so that it can be seen how often it took place. */
export const WRITE = 'insert into effects values ($1)';

let tried = 0;

export async function tryOut(row: Row, server: Postgres): Promise<Measured> {
  server.log = '';
  // The default clock, also of the standard pipeline.
  const clock = VirtualClock.install();
  const stage = await Stage.set(`row ${++tried}`, server, clock, row.pool ?? {});
  try {
    return await measure(row, stage);
  } finally {
    clock.uninstall();
    await stage.strike();
  }
}

async function measure(row: Row, stage: Stage): Promise<Measured> {
  const { text = WRITE, expected } = row;
  const { clock, db } = stage;
  let attempts = 0;
  const { pipeline } = db;
  pipeline.on('call', (report) => {
    attempts = report.attempts.length;
  });
  pipeline.on('retry', async ({ attempt, delayMs }) => {
    await row.retrying?.(stage, attempt + 1);
    await flush(); // the sleep begins after its event
    await clock.advance(delayMs);
  });
  await row.before?.(stage);
  const startMs = clock.now();
  const call = ask(row, stage, text).then(
    () => 'done',
    (error) => describe(error, stage),
  );
  const [outcome] = await Promise.all([call, row.meanwhile?.(stage)]);
  const seconds = Math.floor((clock.now() - startMs) / 1_000);
  await row.after?.(stage);
  const connections = await stage.connections(expected.connections);
  const { seen, commits, tookPlace } = await stage.seen(text);
  return { outcome, attempts, seen, commits, tookPlace, connections, seconds };
}

async function ask({ call, within, options }: Row, stage: Stage, text: string): Promise<unknown> {
  const { db, name } = stage;
  const values = text.includes('$1') ? [name] : [];
  const given = { signal: stage.caller.signal, ...options };
  if (call !== 'transaction') return db.query(text, values, { ...given, idempotent: call === 'idempotent' });
  return db.transaction(async (tx, { attempt }) => {
    await tx.query(text, values);
    await within?.(stage, tx, attempt);
  }, given);
}

/** The same words each time. */
function describe(error: unknown, { reason }: Stage): string {
  if (error === reason) return reason.message;
  const { code, message, cause } = error as Error & { code?: string };
  const what = code ?? message;
  if (!(error instanceof HoldfastError)) return what;
  const whose = error.policy === 'postgres' ? '' : ` of ${error.policy}`;
  if (cause === undefined || error.code === 'HOLDFAST_CIRCUIT_OPEN') return `${what}${whose}`;
  const { code: innerCode, message: innerMessage } = cause as Error & { code?: string };
  return `${what}${whose}, cause ${innerCode ?? innerMessage}`;
}
