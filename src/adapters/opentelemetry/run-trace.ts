/** The spans of one run: its own, one for each attempt below it, and what happens besides as events on its own. */
import {
  type Attributes,
  type Context,
  context,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { BuiltIn } from '../../core/built-in.ts';
import type { CallNode } from '../../core/call.ts';
import type { HoldfastError, TimeoutError } from '../../core/errors.ts';
import type { EventOrigin } from '../../core/events.ts';
import type { Outcome } from '../../core/outcome.ts';
import type { Operation, Policy } from '../../core/policy.ts';
import type { Recorder, Run } from '../../core/run.ts';
import type { Scope } from '../../core/scope.ts';
import { isInside } from '../../pipeline/report.ts';
import { type CallResult, Facts, resultOfAttempt, resultOfGivenUp } from '../../pipeline/result.ts';
import { BulkheadFullError } from '../../policies/bulkhead/errors.ts';
import { CircuitOpenError } from '../../policies/circuit-breaker/errors.ts';
import { withAttempt, within } from './context.ts';
import { errorType, valueType } from './error-type.ts';
import { safely } from './faults.ts';
import { eventFor } from './span-events.ts';

/** What makes the spans, and what they are called. */
export interface SpanSource {
  readonly tracer: Tracer;
  readonly name: string;
}

export class RunTrace extends Facts implements Recorder {
  readonly #source: SpanSource;
  readonly #span: Span;
  /** That of the caller, with the run's span in it. */
  readonly #context: Context;
  /** Those that have not ended. */
  readonly #attempts = new Map<CallNode, Span>();
  #begun = 0;
  /** How long the attempt that comes next was waited for. */
  #backoffMs: number | undefined = undefined;
  #over = false;

  /** @throws what the tracer throws */
  constructor(run: Run, source: SpanSource) {
    super(run);
    this.#source = source;
    const active = context.active();
    this.#span = this.#start('run', {}, active);
    this.#context = trace.setSpan(active, this.#span);
  }

  // INTERNAL, all of them: the CLIENT span of what really goes out is made by whoever sends it.
  #start(what: 'run' | 'attempt', about: Attributes, parent: Context): Span {
    const { tracer, name } = this.#source;
    const attributes = { 'holdfast.pipeline': this.run.owner.pipeline, ...about };
    return tracer.startSpan(`${what} ${name}`, { kind: SpanKind.INTERNAL, attributes }, parent);
  }

  around<T>(start: () => Promise<T>): Promise<T> {
    return within(() => this.#context, start);
  }

  override began(call: CallNode): void {
    super.began(call);
    this.#begun++;
    const backoffMs = this.#backoffMs;
    this.#backoffMs = undefined;
    safely(() => {
      // Below a run that is not sampled there is nothing either, nor below one that is over.
      if (!this.#span.isRecording()) return;
      const backoff = backoffMs === undefined ? {} : { 'holdfast.backoff_ms': backoffMs };
      const about = { 'holdfast.attempt': call.attempt, ...backoff };
      this.#attempts.set(call, this.#start('attempt', about, this.#context));
    });
  }

  invoke<T>(operation: Operation<T>, call: CallNode): PromiseLike<T> | T {
    const span = this.#attempts.get(call);
    if (span === undefined) return operation(call);
    // A layer of the user's may have put something into the context, which stays in it.
    const making = (): Context => withAttempt(trace.setSpan(context.active(), span), call.attempt);
    return within(making, () => operation(call));
  }

  ended(call: CallNode, outcome: Outcome): void {
    const span = this.#take(call);
    if (span !== undefined) this.#end(span, resultOfAttempt(call, outcome), outcome);
  }

  gaveUp(scope: Scope, why: Outcome): void {
    for (const call of [...this.#attempts.keys()]) {
      const span = isInside(call, scope) ? this.#take(call) : undefined;
      if (span !== undefined) this.#end(span, resultOfGivenUp(this.run), why);
    }
  }

  #take(call: CallNode): Span | undefined {
    const span = this.#attempts.get(call);
    this.#attempts.delete(call);
    return span;
  }

  waited(policy: Policy, startMs: number): void {
    const waitMs = this.run.clock.now() - startMs;
    if ((policy as Partial<BuiltIn<object>>).kind === 'retry') this.#backoffMs = waitMs;
    else this.#event('wait', this.run.owner.labelOf(policy), { 'holdfast.wait_ms': waitMs });
  }

  refused(policy: Policy, error: unknown): void {
    const about = { 'error.type': errorType(error), ...reasonOf(error) };
    this.#event('rejection', this.run.owner.labelOf(policy), about);
  }

  override timedOut(policy: Policy | undefined, error: TimeoutError): void {
    super.timedOut(policy, error);
    this.#event('timeout', error.policy, { 'holdfast.timeout_ms': error.ms });
  }

  emitted(type: string, event: EventOrigin): void {
    const told = eventFor(type, event);
    if (told !== undefined) this.#event(told[0], event.policy, told[1]);
  }

  settled(outcome: Outcome): void {
    this.#over = true;
    // A layer of the user's may leave others running.
    for (const span of this.#attempts.values()) this.#end(span, 'aborted');
    this.#attempts.clear();
    safely(() => this.#span.setAttribute('holdfast.attempts', this.#begun));
    this.#end(this.#span, this.resultOf(outcome), outcome);
  }

  #end(span: Span, ending: CallResult, outcome?: Outcome): void {
    safely(() => span.setAttribute('holdfast.outcome', ending));
    if (outcome !== undefined && ending !== 'success' && ending !== 'fallback')
      safely(() => span.setAttributes(about(ending, outcome)).setStatus({ code: SpanStatusCode.ERROR }));
    safely(() => span.end());
  }

  #event(name: string, policy: string | undefined, about: Attributes): void {
    // Afterwards there is nothing to add it to: the span has gone out.
    if (this.#over) return;
    safely(() => this.#span.addEvent(`holdfast.${name}`, { 'holdfast.policy': policy, ...about }));
  }
}

/** What a span says of how it ended, where that was not well. */
function about(ending: CallResult, { ok, value, error }: Outcome): Attributes {
  const policy = ending === 'rejected' || ending === 'timeout' ? (error as HoldfastError).policy : undefined;
  return {
    'error.type': ok ? valueType(value) : errorType(error),
    ...(policy && { 'holdfast.policy': policy }),
  };
}

const reasonOf = (error: unknown): Attributes => {
  if (error instanceof CircuitOpenError) return { 'holdfast.reason': error.state };
  return error instanceof BulkheadFullError ? { 'holdfast.reason': error.reason } : {};
};
