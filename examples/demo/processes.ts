/** The parent's side: children that are started, waited for, and never left behind. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { FromChild, Start } from './messages.ts';

/** Something that the user can mend; the message says how. */
export class UsageError extends Error {}

export class Children {
  /** Rejects if a child ends that nobody told to. */
  readonly lost: Promise<never>;
  readonly #alive = new Set<ChildProcess>();
  #lose!: (failure: Error) => void;
  #stopping = false;

  constructor() {
    this.lost = new Promise((_, reject) => {
      this.#lose = reject;
    });
    this.lost.catch(() => {}); // one that is lost while nobody waits is no crash of its own
    process.on('exit', this.#kill);
  }

  /** Starts `file` beside this one with its orders; resolves with its port once it is ready. */
  start(file: string, orders: object, listen: (message: FromChild) => void = () => {}): Promise<number> {
    const child = fork(new URL(file, import.meta.url), [JSON.stringify(orders)]);
    this.#alive.add(child);
    child.on('error', this.#lose);
    child.on('exit', (code, signal) => {
      this.#alive.delete(child);
      if (!this.#stopping) this.#lose(new Error(`${file} ended unexpectedly: ${signal ?? `code ${code}`}`));
    });
    const ready = new Promise<number>((resolve, reject) => {
      child.on('message', (message: FromChild) => {
        if (message.kind === 'ready') resolve(message.port);
        else if (message.kind === 'cannot listen') reject(cannotListen(message));
        else listen(message);
      });
    });
    return Promise.race([ready, this.lost]);
  }

  startScript(startAt: number): void {
    for (const child of this.#alive) child.send({ startAt } satisfies Start);
  }

  /** Closing the channel is what tells a child to end; one that has not done so soon is killed. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const impatience = setTimeout(this.#kill, 1_000);
    const ended = [...this.#alive].map((child) => once(child, 'exit'));
    for (const child of this.#alive) if (child.connected) child.disconnect();
    await Promise.all(ended);
    clearTimeout(impatience);
    process.off('exit', this.#kill);
  }

  // Whatever ends this process, an uncaught error included, ends the children too. Should it be killed with a
  // signal that cannot be handled, they see the channel close and end themselves. SIGTERM is enough, since none
  // handles it but the one that has a child of its own to end.
  readonly #kill = (): void => {
    for (const child of this.#alive) child.kill('SIGTERM');
  };
}

function cannotListen({ code, port }: { code: string; port: number }): UsageError {
  const why = code === 'EADDRINUSE' ? 'is taken' : `cannot be used (${code})`;
  return new UsageError(
    `port ${port} ${why}; choose others with --port, or leave it out for any that are free`,
  );
}
