/** Spreads tasks over processes of their own, one task at a time for each. */
import { type ChildProcess, fork } from 'node:child_process';
import type { Result, Task } from './tasks.ts';

/** What a worker says: that it is still at it, or what came of its task. */
export type Word = { readonly result?: Result; readonly error?: string };

export interface CrewOptions {
  readonly workers: number;
  /** What each process is started with. */
  readonly execArgv: readonly string[];
  /** The longest that a worker may be silent, in milliseconds. */
  readonly silenceMs: number;
  onResult(task: Task, result: Result): void;
  /** A task could not be done: its worker failed, died, or fell silent. */
  onError(task: Task, error: string): void;
}

const WORKER = new URL('./worker.ts', import.meta.url);

/** Ends when every task has been done or has failed. */
export async function crew(tasks: readonly Task[], options: CrewOptions): Promise<void> {
  const waiting = [...tasks];
  const take = async (): Promise<void> => {
    let worker: ChildProcess | undefined;
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) {
      worker ??= fork(WORKER, { execArgv: [...options.execArgv] });
      const error = await assign(worker, task, options);
      if (error === undefined) continue;
      options.onError(task, error);
      worker.kill('SIGKILL');
      worker = undefined;
    }
    worker?.disconnect();
  };
  await Promise.all(Array.from({ length: options.workers }, take));
}

function assign(worker: ChildProcess, task: Task, options: CrewOptions): Promise<string | undefined> {
  const { silenceMs, onResult } = options;
  return new Promise((resolve) => {
    const silent = setTimeout(() => end(`the worker was silent for ${silenceMs} ms`), silenceMs);
    const onMessage = ({ result, error }: Word): void => {
      silent.refresh();
      if (result === undefined && error === undefined) return;
      if (result !== undefined) onResult(task, result);
      end(error);
    };
    const onExit = (code: number | null, signal: string | null): void =>
      end(`the worker ended with ${signal ?? code}`);
    const end = (error?: string): void => {
      clearTimeout(silent);
      worker.off('message', onMessage).off('exit', onExit);
      resolve(error);
    };
    worker.on('message', onMessage).on('exit', onExit);
    worker.send(task);
  });
}
