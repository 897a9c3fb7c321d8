/** A gate on the test stand: calls that come, alone or in crowds, end in every way, and what can be seen of it all. */
import { failure, type Outcome, success } from '../../core/outcome.ts';
import type { Gate, Policy } from '../../core/policy.ts';
import type { Pipeline } from '../../pipeline/pipeline.ts';
import { type SuiteClock, Trial, type TrialOptions, tally, trialLine } from './trial.ts';

/** Calls that come at once: more than a gate of a sensible size for a test lets in. */
export const CROWD = 64;
const TIMEOUT_MS = 10;

export const ANSWERED: Outcome = success('an answer');
const FAILED: Outcome = failure(new Error('the operation failed'));

/** One way in which a call goes. */
export interface Course extends TrialOptions {
  /** Gives up on it, before its work ends. */
  readonly giveUp?: (trial: Trial, clock: SuiteClock) => Promise<void> | void;
  /** How its work ends. */
  readonly outcome: Outcome;
}

export const ANSWERING: Course = { outcome: ANSWERED };
export const FAILING: Course = { outcome: FAILED };

/** All ways, by what is said of the call. */
export const COURSES: Readonly<Record<string, Course>> = {
  'that succeeded': ANSWERING,
  'that failed': FAILING,
  'that was never invoked': { unused: true, outcome: ANSWERED },
  'that its caller gave up before it was invoked': {
    unused: true,
    giveUp: (trial) => trial.goAway(),
    outcome: ANSWERED,
  },
  'that its caller gave up while the work went on': { giveUp: (trial) => trial.goAway(), outcome: ANSWERED },
  'that a timeout gave up while the work went on': {
    timeoutMs: TIMEOUT_MS,
    giveUp: (_, clock) => clock.advance(TIMEOUT_MS),
    outcome: FAILED,
  },
};

/** A course for call number `n` of a mixture. */
export function courseOf(n: number): Course {
  const courses = Object.values(COURSES);
  return courses[n % courses.length] as Course;
}

/** What only its maker can do with a gate. */
interface Hands {
  /** Brings it to the point at which it refuses, if its maker said how. */
  readonly refuse?: (() => void) | undefined;
  /** Has it call the function for whatever it tells others. */
  listen(listener: () => void): void;
}

/** A gate, the pipelines in which it stands, and the calls that came so far. */
export class GateStand {
  readonly clock: SuiteClock;
  readonly gate: Gate;
  readonly hands: Hands;
  readonly line: Pipeline;
  readonly trials: Trial[] = [];
  /** What the gate threw from `leave` and `release`. */
  readonly thrown: unknown[] = [];
  #lines = 0;

  constructor(clock: SuiteClock, gate: Gate, hands: Hands) {
    this.clock = clock;
    this.gate = gate;
    this.hands = hands;
    this.line = this.place(gate);
  }

  /** Another pipeline in which trials can be made. */
  place(...policies: readonly Policy[]): Pipeline {
    const line = trialLine(`contract ${++this.#lines}`, this.clock, policies);
    line.on('listener-error', ({ error }) => this.thrown.push(error));
    return line;
  }

  /** A call comes. */
  start(options?: TrialOptions, line = this.line): Trial {
    const trial = new Trial(line, options);
    this.trials.push(trial);
    return trial;
  }

  /** Many calls at once, number `n` of them with these options. */
  async crowd(optionsOf: (n: number) => TrialOptions = () => ({}), lines = [this.line]): Promise<Trial[]> {
    const crowd = Array.from({ length: CROWD }, (_, n) => this.start(optionsOf(n), lines[n % lines.length]));
    await this.clock.flush();
    return crowd;
  }

  /** One call, from its start to its end, and how it was received. */
  async call(course = ANSWERING): Promise<string> {
    const trial = this.start(course);
    await this.clock.flush();
    const reception = receptionOf(trial);
    await this.finish(trial, course);
    return reception;
  }

  /** Gives up on a call, if that is its course, and lets its work end. */
  async finish(trial: Trial, { giveUp, outcome }: Course): Promise<void> {
    if (giveUp !== undefined) {
      await giveUp(trial, this.clock);
      await this.clock.flush();
    }
    trial.end(outcome);
    await this.clock.flush();
  }

  /** Calls that fail, until one is refused; false if none is. */
  async failUntilRefused(): Promise<boolean> {
    for (let n = 0; n < CROWD; n++) if ((await this.call(FAILING)) === 'refused') return true;
    return false;
  }

  /** Calls at work. */
  get inside(): number {
    return this.trials.filter((trial) => trial.inside).length;
  }

  /** Calls that neither got in nor have an answer. */
  get waiting(): Trial[] {
    return this.trials.filter((trial) => trial.waiting);
  }

  /** All work ends, and all waiting too, if the gate lets it. */
  async empty(): Promise<void> {
    for (const trial of this.trials) trial.end(ANSWERED);
    await this.clock.flush();
  }

  /**
   * Time in which the gate may become as good as new, with a call that succeeds now and then, since some gates learn
   * from these that all is well. Says how these calls were received.
   */
  async recover(): Promise<string> {
    await this.empty();
    const receptions: string[] = [];
    await this.clock.pass(async () => {
      receptions.push(await this.call());
      return false;
    });
    return tally(receptions);
  }

  /** How the gate receives a crowd. */
  async picture(...lines: Pipeline[]): Promise<string> {
    const crowd = await this.crowd(undefined, lines.length > 0 ? lines : undefined);
    return tally(crowd.map(receptionOf));
  }

  /**
   * How many calls the gate lets in at once, where it is their number at work that it limits: where the end of one
   * makes room for another, and no time has to pass. Undefined for any other gate.
   */
  async limit(): Promise<number | undefined> {
    const crowd = await this.crowd();
    const limit = this.inside;
    const first = crowd.find((trial) => trial.inside);
    if (first === undefined || limit === CROWD) return undefined;
    await this.finish(first, ANSWERING);
    this.start();
    await this.clock.flush();
    return this.inside === limit ? limit : undefined;
  }
}

/** What became of a call at the gate. */
export function receptionOf(trial: Trial): string {
  if (trial.entered) return 'let in';
  return trial.waiting ? 'waiting' : 'refused';
}
