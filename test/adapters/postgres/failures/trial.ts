/**
 * Tries one failure: a real server, the standard pipeline, and a clock that is moved by hand, so that 30 seconds take no
 * longer than what happens in them.
 */
import { HoldfastError } from '../../../../src/index.ts';
import { VirtualClock } from '../../../../src/testing/index.ts';
import type { Postgres } from '../../../database/postgres.ts';
import { flush } from '../../../support/jobs.ts';
import type { Measured, Row } from './row.ts';
import { Stage } from './stage.ts';

/** Writes one row, so that it can be seen how often it took place. */
const WRITE = 'insert into effects values ($1)';

/** Real time after which a trial is given up: only something that is wrong takes so long. */
const PATIENCE_MS = 15_000;

let tried = 0;

export async function tryOut(row: Row, server: Postgres): Promise<Measured> {
  server.log = '';
  // The default clock, also of the standard pipeline.
  const clock = VirtualClock.install();
  const stage = await Stage.set(`row ${++tried}`, server, clock, row.pool ?? {});
  let limit: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Measured>((resolve, reject) => {
      limit = setTimeout(() => reject(new Error('It hangs')), PATIENCE_MS);
      measure(row, stage, reject).then(resolve, reject);
    });
  } finally {
    clearTimeout(limit);
    clock.uninstall();
    await stage.strike();
  }
}

/** `fail` is told what goes wrong with the trial itself, beside the call. */
async function measure(row: Row, stage: Stage, fail: (error: unknown) => void): Promise<Measured> {
  const { text = WRITE, expected } = row;
  const { clock, db } = stage;
  let attempts = 0;
  const { pipeline } = db;
  pipeline.on('call', (report) => {
    attempts = report.attempts.length;
  });
  const retry = async (attempt: number, delayMs: number): Promise<void> => {
    await row.retrying?.(stage, attempt);
    await flush(); // the sleep begins after its event
    await clock.advance(delayMs);
  };
  pipeline.on('retry', ({ attempt, delayMs }) => void retry(attempt + 1, delayMs).catch(fail));
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
