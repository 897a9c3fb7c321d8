/** Counts one run: a recorder that keeps no report, only what it has to remember until the run is over. */
import type { BuiltIn } from '../core/built-in.ts';
import type { CallNode } from '../core/call.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Policy } from '../core/policy.ts';
import type { Recorder, Run } from '../core/run.ts';
import type { Scope } from '../core/scope.ts';
import { isInside } from '../pipeline/report.ts';
import { type AttemptResult, Facts, resultOfAttempt, resultOfGivenUp } from '../pipeline/result.ts';
import type { PipelineAccount } from './account.ts';
import type { CircuitWatch } from './circuit-watch.ts';
import { INSTRUMENTS } from './instruments.ts';

/** What the runs of one pipeline are counted with. */
export interface Counted {
  readonly account: PipelineAccount;
  /** What watches the circuit, if it is watched. */
  watchOf(policy: Policy): CircuitWatch | undefined;
  /** Those of its circuits that have to be told of successes. */
  readonly untimed: readonly CircuitWatch[];
}

/** An invocation that runs, in a list of them, of which there is hardly ever more than one. */
interface Attempt {
  readonly call: CallNode;
  readonly startMs: number;
  abandoned: boolean;
  next: Attempt | undefined;
}

export class Meter extends Facts implements Recorder {
  readonly #counted: Counted;
  readonly #startMs: number;
  #attempts: Attempt | undefined = undefined;
  /** The retry of which it is not known yet what came of its last attempt. */
  #retry: string | undefined = undefined;

  constructor(run: Run, counted: Counted) {
    super(run);
    this.#counted = counted;
    this.#startMs = run.clock.now();
  }

  override began(call: CallNode): void {
    super.began(call);
    const startMs = this.run.clock.now();
    this.#attempts = { call, startMs, abandoned: false, next: this.#attempts };
  }

  ended(call: CallNode, outcome: Outcome): void {
    const attempt = this.#take(call);
    if (attempt === undefined) return;
    if (attempt.abandoned) this.#counted.account.abandonedRunning.value--;
    else this.#measure(attempt, resultOfAttempt(call, outcome));
  }

  gaveUp(scope: Scope): void {
    this.#abandon((call) => isInside(call, scope), resultOfGivenUp(this.run));
  }

  waited(policy: Policy, startMs: number): void {
    const { account } = this.#counted;
    const seconds = (this.run.clock.now() - startMs) / 1_000;
    const { kind } = policy as Partial<BuiltIn<object>>;
    const label = this.run.owner.labelOf(policy);
    if (kind === 'bulkhead') account.distribution(INSTRUMENTS.bulkheadWait, label).record(seconds);
    if (kind !== 'retry') return;
    this.#cameTo('failure');
    this.#retry = label;
    account.count(INSTRUMENTS.retrySleep, label).value += seconds;
  }

  refused(policy: Policy, error: unknown): void {
    const reason = reasonOf(policy, error);
    const { account } = this.#counted;
    account.count(INSTRUMENTS.rejections, this.run.owner.labelOf(policy), { reason }).value++;
    this.#counted.watchOf(policy)?.refused();
    this.#cameTo('rejected');
  }

  override timedOut(policy: Policy | undefined, error: unknown): void {
    super.timedOut(policy, error);
    const label = policy === undefined ? 'deadline' : this.run.owner.labelOf(policy);
    this.#counted.account.count(INSTRUMENTS.timeouts, label).value++;
  }

  settled(outcome: Outcome): void {
    const { account } = this.#counted;
    const result = this.resultOf(outcome);
    // A layer of the user's may leave others running.
    this.#abandon(() => true, 'aborted');
    this.#cameTo(AFTER_RETRY[result]);
    account.calls[result].value++;
    const seconds = (this.run.clock.now() - this.#startMs) / 1_000;
    account.callDurations.record(result, seconds);
  }

  /** What became of the last attempt of a retry. */
  #cameTo(result: 'success' | 'failure' | 'rejected' | 'aborted'): void {
    if (this.#retry === undefined) return;
    this.#counted.account.count(INSTRUMENTS.retries, this.#retry, { result }).value++;
    this.#retry = undefined;
  }

  #measure({ startMs }: Attempt, outcome: AttemptResult): void {
    const { account, untimed } = this.#counted;
    const nowMs = this.run.clock.now();
    account.attemptDurations.record(outcome, (nowMs - startMs) / 1_000);
    if (outcome === 'success') for (const watch of untimed) watch.wellAt(nowMs);
  }

  #abandon(isGivenUp: (call: CallNode) => boolean, result: AttemptResult): void {
    const { account } = this.#counted;
    for (let attempt = this.#attempts; attempt !== undefined; attempt = attempt.next) {
      if (attempt.abandoned || !isGivenUp(attempt.call)) continue;
      attempt.abandoned = true;
      account.abandoned.value++;
      account.abandonedRunning.value++;
      this.#measure(attempt, result);
    }
  }

  #take(call: CallNode): Attempt | undefined {
    let before: Attempt | undefined;
    for (let attempt = this.#attempts; attempt !== undefined; attempt = attempt.next) {
      if (attempt.call === call) {
        if (before === undefined) this.#attempts = attempt.next;
        else before.next = attempt.next;
        return attempt;
      }
      before = attempt;
    }
    return undefined;
  }
}

function reasonOf(policy: Policy, error: unknown): string {
  const { kind } = policy as Partial<BuiltIn<object>>;
  if (kind === 'circuit-breaker') return (error as { state: string }).state;
  if (kind === 'bulkhead') return (error as { reason: string }).reason;
  return 'other';
}

/** What a retry has come to when its run came to this. */
const AFTER_RETRY = {
  success: 'success',
  failure: 'failure',
  rejected: 'rejected',
  timeout: 'failure',
  aborted: 'aborted',
  fallback: 'failure',
} as const;
