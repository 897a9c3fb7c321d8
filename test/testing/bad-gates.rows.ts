/** Gates that each break a law of the contract, and one that keeps them all, of which they are made. */
import { type Call, type Clock, type Gate, type Outcome, Rejection, TimeoutError } from 'holdfast';

export interface Place {
  readonly call: Call;
  outcome?: Outcome | 'unused';
  running?: boolean;
}

/** Two places and a queue for three, as simple as can be: it does not even listen to the signal of a call that waits. */
export class Places implements Gate<Place> {
  free = 2;
  readonly waiters: { readonly place: Place; grant(place: Place | Rejection): void }[] = [];
  readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  enter(call: Call): Place | Rejection | Promise<Place | Rejection> {
    if (this.free > 0) {
      this.free--;
      return { call };
    }
    if (this.waiters.length === 3) return this.refuse();
    return new Promise((grant) => this.waiters.push({ place: { call }, grant }));
  }

  refuse(): Rejection {
    return new Rejection('no place');
  }

  leave(place: Place, outcome: Outcome | 'unused', running: boolean): void {
    Object.assign(place, { outcome, running });
  }

  release(_place: Place): void {
    const next = this.waiters.shift();
    if (next === undefined) this.free++;
    else next.grant(next.place);
  }
}

/** Forgets to take back the places of some calls. */
const losing = (isLost: (place: Place) => boolean) =>
  class extends Places {
    override release(place: Place): void {
      if (!isLost(place)) super.release(place);
    }
  };

const ended = ({ outcome, running }: Place) => (running || outcome === 'unused' ? undefined : outcome?.ok);
const gaveUp = ({ outcome, running }: Place) =>
  running && outcome !== 'unused' ? outcome?.error : undefined;

/** Tokens that come back with time, and are spent rather than held. */
class Bucket implements Gate<void> {
  tokens = 3;
  readonly clock: Clock;
  #atMs: number;

  constructor(clock: Clock) {
    this.clock = clock;
    this.#atMs = clock.now();
  }

  enter(_call: Call): Rejection | undefined {
    const now = this.clock.now();
    this.tokens = Math.min(3, this.tokens + (now - this.#atMs) / 100);
    this.#atMs = now;
    if (this.tokens < 1) return new Rejection('no token');
    this.tokens--;
    return undefined;
  }

  leave(_: unknown, outcome: Outcome | 'unused'): void {
    if (outcome === 'unused') this.tokens++;
  }
}

/** Has one listener, and protects itself from nothing that it may do. */
export class Telling extends Places {
  listener = (): void => {};
}

/** Three failures in a row open it for a while; then it lets in one call, and waits for what that gives. */
export class Breaker implements Gate<{ readonly isProbe: boolean }> {
  readonly clock: Clock;
  failures = 0;
  openUntilMs: number | undefined = undefined;
  probing = false;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  enter() {
    if (this.openUntilMs === undefined) return { isProbe: false };
    if (this.probing || this.clock.now() < this.openUntilMs) return new Rejection('open');
    this.probing = true;
    return { isProbe: true };
  }

  leave({ isProbe }: { readonly isProbe: boolean }, outcome: Outcome | 'unused', running: boolean): void {
    if (isProbe && !this.forgets(outcome, running)) this.probing = false;
    if (outcome === 'unused' || (running && !(outcome.error instanceof TimeoutError))) return;
    this.failures = outcome.ok ? 0 : this.failures + 1;
    if (outcome.ok && isProbe) this.openUntilMs = undefined;
    if (this.failures >= 3) this.openUntilMs = this.clock.now() + 100;
  }

  /** Whether the place of a probe is lost. */
  forgets(_outcome: Outcome | 'unused', _running: boolean): boolean {
    return false;
  }
}

/** What all gates of a kind have in common, by mistake. */
const shared = { free: 2 };

/** The law, and what breaks it. */
export const BAD_GATES: readonly (readonly [law: string, Bad: new (clock: Clock) => Gate])[] = [
  [
    'a gate lets in the first call',
    class extends Places {
      override free = 0;
    },
  ],
  [
    'a gate lets in the first call',
    class implements Gate<void> {
      enter() {
        return shared.free-- > 0 ? undefined : this.refuse();
      }
      refuse() {
        shared.free++;
        return new Rejection('no place');
      }
      leave() {}
      release() {
        shared.free++;
      }
    },
  ],
  [
    'a gate refuses by returning a Rejection, and throws nothing from enter',
    class extends Places {
      override refuse(): never {
        throw super.refuse();
      }
    },
  ],
  [
    'a gate refuses by returning a Rejection, and throws nothing from enter',
    class extends Places {
      override enter(call: Call) {
        if (call.attempt && this.waiters.length === 3) throw new TypeError('cannot read length of undefined');
        return super.enter(call);
      }
    },
  ],
  [
    'a gate makes a new Rejection for each refusal',
    class extends Places {
      readonly #full = new Rejection('no place');
      override refuse() {
        return this.#full;
      }
    },
  ],
  ...[-1, Number.NaN, Infinity].map(
    (retryAfterMs) =>
      [
        'a gate says in a Rejection when to try again in milliseconds from now, or not at all',
        class extends Places {
          override refuse() {
            return new Rejection('no place', { retryAfterMs });
          }
        },
      ] as const,
  ),
  [
    'a gate throws nothing from leave and release, however a call ends',
    class extends Places {
      override leave(place: Place, outcome: Outcome | 'unused', running: boolean) {
        super.leave(place, outcome, running);
        if (outcome !== 'unused' && !outcome.ok) String((outcome.error as Error).message);
      }
    },
  ],
  [
    'a gate throws nothing from leave and release, however a call ends',
    class extends Places {
      override release(place: Place) {
        super.release(place);
        if (place.running) throw new Error('a bug in release');
      }
    },
  ],
  [
    'a gate counts nothing for a call that was never invoked',
    class extends Bucket {
      override leave() {}
    },
  ],
  [
    'a gate counts nothing for a call that was never invoked',
    // Refuses one call for each that it takes for a failure.
    class implements Gate {
      failures = 0;
      enter() {
        return this.failures-- > 0 ? new Rejection('no') : undefined;
      }
      leave(_: unknown, outcome: Outcome | 'unused') {
        this.failures = outcome !== 'unused' && outcome.ok ? 0 : 1;
      }
    },
  ],
  [
    'a gate leaves the outcome of a call as it is',
    class extends Places {
      override leave(place: Place, outcome: Outcome | 'unused', running: boolean) {
        super.leave(place, outcome, running);
        if (outcome !== 'unused' && outcome.ok) Object.assign(outcome, { value: undefined });
      }
    },
  ],
  [
    'a gate is the same gate wherever it stands, and in several pipelines at once',
    class implements Gate<Place> {
      readonly byPipeline = new Map<string | undefined, Places>();
      readonly clock: Clock;
      constructor(clock: Clock) {
        this.clock = clock;
      }
      of({ pipeline }: Call): Places {
        const places = this.byPipeline.get(pipeline) ?? new Places(this.clock);
        this.byPipeline.set(pipeline, places);
        return places;
      }
      enter(call: Call) {
        return this.of(call).enter(call);
      }
      leave(place: Place, outcome: Outcome | 'unused', running: boolean) {
        this.of(place.call).leave(place, outcome, running);
      }
      release(place: Place) {
        this.of(place.call).release(place);
      }
    },
  ],
  [
    'a gate leaves no timer behind when its calls are over',
    class extends Places {
      override leave(place: Place, outcome: Outcome | 'unused', running: boolean) {
        super.leave(place, outcome, running);
        this.clock.setTimer(5_000, () => {});
      }
    },
  ],
  [
    'a gate leaves no timer behind when its calls are over',
    class extends Places {
      constructor(clock: Clock) {
        super(clock);
        const tick = () => void clock.setTimer(1_000, tick);
        tick();
      }
    },
  ],
  [
    'a gate leaves no promise to reject without a handler',
    class extends Places {
      override async leave(place: Place, outcome: Outcome | 'unused', running: boolean) {
        super.leave(place, outcome, running);
        if (outcome !== 'unused' && !outcome.ok) throw new Error('the metrics are down');
      }
    },
  ],
  ['a gate becomes as new again after a call that succeeded', losing((place) => ended(place) === true)],
  ['a gate becomes as new again after a call that failed', losing((place) => ended(place) === false)],
  [
    'a gate becomes as new again after a call that was never invoked',
    losing(({ call, outcome }) => outcome === 'unused' && !call.signal.aborted),
  ],
  [
    'a gate becomes as new again after a call that its caller gave up before it was invoked',
    losing(({ call, outcome }) => outcome === 'unused' && call.signal.aborted),
  ],
  [
    'a gate becomes as new again after a call that its caller gave up while the work went on',
    losing((place) => place.running === true && !(gaveUp(place) instanceof TimeoutError)),
  ],
  [
    'a gate becomes as new again after a call that a timeout gave up while the work went on',
    losing((place) => gaveUp(place) instanceof TimeoutError),
  ],
  [
    'a gate becomes as new again after a call that succeeded with undefined',
    losing(({ outcome }) => outcome !== 'unused' && outcome?.ok === true && outcome.value === undefined),
  ],
  [
    'a gate becomes as new again after a call that failed with undefined',
    losing(({ outcome }) => outcome !== 'unused' && outcome?.ok === false && outcome.error === undefined),
  ],
  [
    'a gate becomes as new again after a call that was never invoked',
    class extends Breaker {
      override forgets(outcome: Outcome | 'unused') {
        return outcome === 'unused';
      }
    },
  ],
  [
    'a gate becomes as new again after a call that its caller gave up while the work went on',
    class extends Breaker {
      override forgets(outcome: Outcome | 'unused', running: boolean) {
        return running && outcome !== 'unused' && !(outcome.error instanceof TimeoutError);
      }
    },
  ],
  [
    'a gate becomes as new again after a crowd, in whatever order its calls end',
    // Remembers the call that came last, in place of looking at its tickets.
    class extends Places {
      last: Call | undefined;
      override enter(call: Call) {
        this.last = call;
        return super.enter(call);
      }
      override release(place: Place) {
        if (this.free > 0 || place.call === this.last) super.release(place);
        this.last = undefined;
      }
    },
  ],
  [
    'a gate that limits the calls at work counts one that was given up until its work has ended',
    class extends Places {
      override leave(place: Place, outcome: Outcome | 'unused', running: boolean) {
        super.leave(place, outcome, running);
        super.release(place);
      }
      override release() {}
    },
  ],
  [
    'a gate that limits the calls at work never lets in more than at first',
    class extends Places {
      override release(place: Place) {
        super.release(place);
        // Twice for some, and then hides it.
        if (place.outcome === 'unused' && this.free < 2) this.free++;
      }
    },
  ],
  [
    'a gate that limits the calls at work lets in one that waits as soon as another has ended',
    class extends Places {
      override release(place: Place) {
        this.clock.setTimer(place.outcome === 'unused' ? 50 : 0, () => super.release(place));
      }
    },
  ],
  [
    'a gate that limits the calls at work lets in one that waits as soon as another has ended',
    // Does not take back the time-out of one that is let in, and then drops whoever waits last.
    class extends Places {
      override enter(call: Call) {
        const answer = super.enter(call);
        const mine = this.waiters.at(-1);
        if (answer instanceof Promise && mine !== undefined)
          this.clock
            .setTimer(100, () => {
              this.waiters.splice(this.waiters.indexOf(mine), 1);
              mine.grant(this.refuse());
            })
            .unref();
        return answer;
      }
    },
  ],
  [
    'a gate lets in or refuses, in the end, every call that waits',
    // Has a place to give again, and tells nobody.
    class extends Places {
      override release() {
        this.free++;
      }
    },
  ],
  [
    'a gate loses nothing with a caller that goes away while it waits',
    // Refuses a waiter whose caller has gone, but leaves it in its queue, where a place is then handed to it.
    class extends Places {
      override enter(call: Call) {
        const answer = super.enter(call);
        const last = this.waiters.at(-1);
        if (answer instanceof Promise && last !== undefined)
          call.signal.addEventListener('abort', () => last.grant(this.refuse()));
        return answer;
      }
    },
  ],
  [
    'a gate takes nothing from those that it refuses',
    class extends Bucket {
      override enter(call: Call) {
        const answer = super.enter(call);
        if (answer !== undefined) this.tokens--;
        return answer;
      }
    },
  ],
  [
    'a gate is the same where a listener throws',
    class extends Telling {
      override release(place: Place) {
        this.listener();
        super.release(place);
      }
    },
  ],
  [
    'a gate is the same where a listener throws',
    class extends Telling {
      override enter(call: Call) {
        this.listener();
        return super.enter(call);
      }
    },
  ],
  [
    'a gate loses nothing, and gives nothing twice, where a listener calls through it',
    // Tells of the place before it has taken it.
    class extends Telling {
      override enter(call: Call) {
        const isFree = this.free > 0;
        if (isFree) this.listener();
        if (!isFree) return super.enter(call);
        this.free--;
        return { call };
      }
    },
  ],
  [
    'a gate loses nothing, and gives nothing twice, where a listener calls through it',
    // Reads what is free, tells, and then writes what it has read.
    class extends Telling {
      override release(place: Place) {
        const { free } = this;
        this.listener();
        if (this.waiters.length > 0) super.release(place);
        else this.free = free + 1;
      }
    },
  ],
];
