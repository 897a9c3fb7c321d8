/**
 * A timeout as the documents tell it, written without a look at the real one: what has become of each call, and what
 * its caller, its operation and the gates around were told of it.
 */

export interface ModelRules {
  readonly mode: 'race' | 'cooperate';
  readonly ms: number;
  /** The deadline of each run; `Infinity` for none. */
  readonly deadlineMs: number;
}

/** How work ends. */
export type End = 'value' | 'error';

/** Who ends a call before its work does. */
export type Ender = 'timeout' | 'deadline' | 'aborted';

export interface Call {
  readonly startedMs: number;
  /** `asked`: to stop, and waited for. `given up`: the caller has an answer, and the work goes on. */
  readonly state: 'running' | 'asked' | 'given up' | 'over';
  /** Whether the operation has looked at its signal. */
  readonly looked: boolean;
  /** Why its signal is aborted, if it is. */
  readonly signal: Ender | undefined;
  /** What the caller was told. */
  readonly told: string | undefined;
  /** What the gate further out and the one further in were told. */
  readonly outer: readonly string[];
  readonly inner: readonly string[];
}

export class NaiveTimeout {
  readonly rules: ModelRules;
  calls: readonly Call[] = [];
  /** The events, in order. */
  events: readonly Ender[] = [];

  constructor(rules: ModelRules) {
    this.rules = rules;
  }

  which(is: (call: Call) => boolean): number[] {
    return this.calls.flatMap((call, number) => (is(call) ? [number] : []));
  }

  /** @param ends - where it does so at once */
  start(nowMs: number, ends?: End): void {
    const fresh: Call = {
      startedMs: nowMs,
      state: 'running',
      looked: false,
      signal: undefined,
      told: undefined,
      outer: [],
      inner: [],
    };
    this.calls = [...this.calls, fresh];
    if (ends !== undefined) this.end(this.calls.length - 1, ends);
  }

  look(number: number): void {
    this.change(number, { looked: true });
  }

  /** The work ends, with a value or an error. */
  end(number: number, how: End): void {
    const { state, outer, inner } = this.calls[number]!;
    if (state === 'given up')
      return this.change(number, {
        state: 'over',
        outer: [...outer, 'release'],
        inner: [...inner, 'release'],
      });
    const told = state === 'asked' && how === 'error' ? 'timeout after error' : how;
    this.change(number, { state: 'over', told, outer: [told, 'release'], inner: [how, 'release'] });
  }

  abort(number: number): void {
    this.giveUp(number, 'aborted');
  }

  /** What has happened by itself when it is `nowMs`. */
  pass(nowMs: number): void {
    for (;;) {
      const due = this.which((call) => this.dueAt(call) <= nowMs);
      const [next] = due.sort((a, b) => this.dueAt(this.calls[a]!) - this.dueAt(this.calls[b]!));
      if (next === undefined) return;
      const { state } = this.calls[next]!;
      const ender = state === 'running' && this.rules.ms < this.rules.deadlineMs ? 'timeout' : 'deadline';
      this.events = [...this.events, ender];
      if (ender === 'timeout' && this.rules.mode === 'cooperate')
        this.change(next, { state: 'asked', signal: 'timeout' });
      else this.giveUp(next, ender);
    }
  }

  /** When something happens to a call by itself. */
  dueAt({ state, startedMs }: Call): number {
    const { ms, deadlineMs } = this.rules;
    if (state === 'running') return startedMs + Math.min(ms, deadlineMs);
    return state === 'asked' ? startedMs + deadlineMs : Infinity;
  }

  private giveUp(number: number, ender: Ender): void {
    const { signal = ender } = this.calls[number]!;
    const told = [`${ender}, running`];
    this.change(number, { state: 'given up', signal, told: ender, outer: told, inner: told });
  }

  private change(number: number, to: Partial<Call>): void {
    this.calls = this.calls.map((call, at) => (at === number ? { ...call, ...to } : call));
  }
}
