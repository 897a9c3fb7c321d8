/**
 * Processes that listen on a port, and answer each message with one. Each ends when its channel to this process
 * closes, and so whenever this process ends, however it does.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import type { Answers } from './protocol.ts';

export interface Process {
  readonly port: number;
  /** @throws Error - if the process ends before it answers */
  ask<Message extends keyof Answers>(message: Message): Promise<ReturnType<Answers[Message]>>;
  ask(message: 'hang' | 'recover'): Promise<unknown>;
  stop(): Promise<void>;
}

export async function start(what: 'service' | 'dependency', ...args: string[]): Promise<Process> {
  const script = new URL(`${what}${extname(import.meta.url)}`, import.meta.url);
  const child = fork(script, args, { execArgv: [...process.execArgv, '--expose-gc'] });
  const ended = once(child, 'exit');
  const early = ended.then(([code, signal]) => {
    throw new Error(`${[what, ...args].join(' ')} ended early, with ${code ?? signal}`);
  });
  early.catch(() => {});
  const answer = async (): Promise<unknown> => (await Promise.race([once(child, 'message'), early]))[0];
  const ask = (message: string): Promise<unknown> => {
    const answered = answer();
    if (child.connected) child.send(message);
    return answered;
  };
  const stop = async (): Promise<void> => {
    if (child.connected) child.disconnect();
    await ended;
  };
  return { port: (await answer()) as number, ask: ask as Process['ask'], stop };
}

/** Whatever comes of `use`, the processes end. */
export async function during<T>(
  starting: readonly Promise<Process>[],
  use: (...processes: Process[]) => Promise<T>,
): Promise<T> {
  const started = await Promise.allSettled(starting);
  try {
    const failed = started.find((each) => each.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return await use(...(started as PromiseFulfilledResult<Process>[]).map(({ value }) => value));
  } finally {
    await Promise.all(started.map((each) => each.status === 'fulfilled' && each.value.stop()));
  }
}
