/**
 * A bulkhead as the documents tell it, written without a look at the real one: one plain list of all calls in the order
 * in which they came, looked through anew at each question.
 */

export interface Limits {
  readonly concurrency: number;
  readonly queue: number;
}

export interface ModelRules {
  readonly queueTimeoutMs: number;
  readonly reclaimMs: number;
}

/** `given up`: the caller is gone, the work goes on. `reclaimed`: so it does, but without a place. */
type State = 'waiting' | 'running' | 'given up' | 'reclaimed' | 'over';

export interface Call {
  /** A permit taken by hand, which is no work that could be given up. */
  readonly permit: boolean;
  readonly state: State;
  /** Since when it waits, or has been given up. */
  readonly sinceMs: number;
  /** Whether it was ever admitted. */
  readonly started: boolean;
  /** What its caller was told; undefined while the caller waits. */
  readonly told: string | undefined;
}

export class NaiveBulkhead {
  readonly rules: ModelRules;
  limits: Limits;
  calls: readonly Call[] = [];

  constructor(rules: ModelRules, limits: Limits) {
    this.rules = rules;
    this.limits = limits;
  }

  /** The numbers of those that hold a place. */
  get holding(): number[] {
    return this.which((call) => call.state === 'running' || call.state === 'given up');
  }

  /** The numbers of those that wait, in the order in which they came. */
  get waiting(): number[] {
    return this.which((call) => call.state === 'waiting');
  }

  which(is: (call: Call) => boolean): number[] {
    return this.calls.flatMap((call, number) => (is(call) ? [number] : []));
  }

  arrive(nowMs: number): void {
    const { concurrency, queue } = this.limits;
    const waits = this.waiting.length > 0 || this.holding.length >= concurrency;
    const refused = waits && (this.waiting.length >= queue || concurrency === 0);
    const state = refused ? 'over' : waits ? 'waiting' : 'running';
    const told = refused ? 'full' : undefined;
    this.calls = [
      ...this.calls,
      { permit: false, state, sinceMs: nowMs, started: state === 'running', told },
    ];
  }

  /** A permit is for who does not wait: there is one if there is a place that nobody waits for. */
  take(): void {
    const free = this.waiting.length === 0 && this.holding.length < this.limits.concurrency;
    const state = free ? 'running' : 'over';
    const told = free ? undefined : 'full';
    this.calls = [...this.calls, { permit: true, state, sinceMs: 0, started: free, told }];
  }

  /** The work is over, or the permit is given back. */
  end(number: number): void {
    const { told = 'done' } = this.calls[number]!;
    this.change(number, { state: 'over', told });
    this.handOver();
  }

  abort(number: number, nowMs: number): void {
    const waits = this.calls[number]?.state === 'waiting';
    this.change(number, { state: waits ? 'over' : 'given up', told: 'aborted', sinceMs: nowMs });
  }

  resize(limits: Limits): void {
    this.limits = limits;
    this.handOver();
  }

  /** What has happened by itself when it is `nowMs`. */
  pass(nowMs: number): void {
    for (;;) {
      const due = this.which((call) => this.dueAt(call) <= nowMs);
      const [next] = due.sort((a, b) => this.dueAt(this.calls[a]!) - this.dueAt(this.calls[b]!));
      if (next === undefined) return;
      const waits = this.calls[next]?.state === 'waiting';
      this.change(next, waits ? { state: 'over', told: 'queue-timeout' } : { state: 'reclaimed' });
      this.handOver();
    }
  }

  dueAt({ state, sinceMs }: Call): number {
    if (state === 'waiting') return sinceMs + this.rules.queueTimeoutMs;
    return state === 'given up' ? sinceMs + this.rules.reclaimMs : Infinity;
  }

  /** The first moment at which a place is reclaimed and a waiter's time is up: who of the two is first is left open. */
  get tieAt(): number {
    const [waiters, places] = (['waiting', 'given up'] as const).map((state) =>
      this.calls.filter((call) => call.state === state).map((call) => this.dueAt(call)),
    );
    return Math.min(...waiters!.filter((dueAt) => places!.includes(dueAt)));
  }

  private handOver(): void {
    while (this.holding.length < this.limits.concurrency && this.waiting.length > 0)
      this.change(this.waiting[0]!, { state: 'running', started: true });
  }

  private change(number: number, to: Partial<Call>): void {
    this.calls = this.calls.map((call, at) => (at === number ? { ...call, ...to } : call));
  }
}
