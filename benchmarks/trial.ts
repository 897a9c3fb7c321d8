/** A candidate at work on an operation that does as it is told, for the check of what it does. */
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { Built, Candidate, Context, Settings } from './candidates/candidate.ts';

export const SETTINGS: Settings = { timeoutMs: 20, concurrency: 2, queue: 10, openMs: 30, backoffMs: 1 };
export const VALUE = { value: true };
export const FAULT = new Error('the operation failed');
/** A call that has not ended in time. */
const PENDING = Symbol('pending');
const PATIENCE_MS = 1_000;

export class Trial {
  invocations = 0;
  /** What the operation was given, for each invocation. */
  readonly contexts: (Context | undefined)[] = [];
  /** Whose signal a candidate gets that heeds one. */
  readonly caller = new AbortController();
  /** Whether invocation number n, from 1, succeeds, fails, or hangs until `finish`. */
  act: (n: number) => 'succeed' | 'fail' | 'hang' = () => 'succeed';
  readonly #built: Built;
  readonly #hanging: (() => void)[] = [];

  constructor({ parts, build }: Candidate, settings: Settings) {
    const signal = parts.includes('abort') ? this.caller.signal : undefined;
    this.#built = build((context) => this.#work(context), settings, signal);
  }

  async #work(context: Context | undefined): Promise<unknown> {
    this.contexts.push(context);
    const how = this.act(++this.invocations);
    if (how === 'fail') throw FAULT;
    if (how === 'hang') await new Promise<void>((resolve) => this.#hanging.push(resolve));
    return VALUE;
  }

  /** The value of a call, or what it was rejected with, or that it has not ended in time. */
  call(): Promise<unknown> {
    const ended = this.#built.call().catch((error: unknown) => error);
    return Promise.race([ended, sleep(PATIENCE_MS, PENDING)]);
  }

  /** Whether a call is turned away before the operation. */
  async refuses(): Promise<boolean> {
    const before = this.invocations;
    return (await this.call()) instanceof Error && this.invocations === before;
  }

  /** Everything that hangs ends, and what follows at once from that has come about. */
  async finish(): Promise<void> {
    for (const resolve of this.#hanging.splice(0)) resolve();
    await setImmediate();
    await setImmediate();
  }

  /** Fails until the circuit is open; false if it stays closed. */
  async open(): Promise<boolean> {
    this.act = () => 'fail';
    for (let i = 0; i < 150; i++) if (await this.refuses()) return true;
    return false;
  }

  /** As many calls as there are places, none of which ends. */
  fill(): Promise<unknown>[] {
    this.act = () => 'hang';
    return Array.from({ length: SETTINGS.concurrency }, () => this.call());
  }

  async close(): Promise<void> {
    await this.finish();
    this.#built.close?.();
  }
}
