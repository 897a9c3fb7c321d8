/**
 * Time-outs by hand: one timer for all attempts. All have the same time, so that the order of entry is that of the
 * deadlines, and a list does.
 */

/** An attempt at a call, which is its own place in the list. */
export class Attempt<Run> {
  readonly run: Run;
  readonly number: number;
  /** Of the breaker, at admission. */
  readonly generation: number;
  readonly dueAt: number;
  givenUp = false;
  previous: Attempt<Run> | undefined = undefined;
  next: Attempt<Run> | undefined = undefined;

  constructor(run: Run, number: number, generation: number, dueAt: number) {
    this.run = run;
    this.number = number;
    this.generation = generation;
    this.dueAt = dueAt;
  }
}

export class Deadlines<Run> {
  private first: Attempt<Run> | undefined = undefined;
  private last: Attempt<Run> | undefined = undefined;
  private timer: NodeJS.Timeout | undefined = undefined;
  private readonly timeoutMs: number;
  private readonly onLate: (attempt: Attempt<Run>, error: Error) => void;

  constructor(timeoutMs: number, onLate: (attempt: Attempt<Run>, error: Error) => void) {
    this.timeoutMs = timeoutMs;
    this.onLate = onLate;
  }

  watch(attempt: Attempt<Run>): void {
    const { last } = this;
    attempt.previous = last;
    if (last === undefined) this.first = attempt;
    else last.next = attempt;
    this.last = attempt;
    if (this.timer === undefined) this.arm(this.timeoutMs);
  }

  unwatch(attempt: Attempt<Run>): void {
    const { previous, next } = attempt;
    if (previous === undefined) this.first = next;
    else previous.next = next;
    if (next === undefined) this.last = previous;
    else next.previous = previous;
  }

  // What the calls wait for keeps the process alive, a socket most of all; the timer need not.
  private arm(ms: number): void {
    this.timer = setTimeout(() => this.onTimer(), ms);
    this.timer.unref();
  }

  private onTimer(): void {
    this.timer = undefined;
    const now = performance.now();
    while (this.first !== undefined && this.first.dueAt <= now) {
      const attempt = this.first;
      this.unwatch(attempt);
      attempt.givenUp = true;
      this.onLate(attempt, new Error(`no answer in ${this.timeoutMs} ms`));
    }
    if (this.first !== undefined) this.arm(Math.max(1, this.first.dueAt - now));
  }
}
