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
import { HoldfastError } from '../../core/errors.ts';
import type { EventOrigin } from '../../core/events.ts';
import type { Outcome } from '../../core/outcome.ts';
import type { Operation, Policy } from '../../core/policy.ts';
import type { Run } from '../../core/run.ts';
import type { Scope } from '../../core/scope.ts';
import type { Watch } from '../../pipeline/observer.ts';
import { isInside } from '../../pipeline/report.ts';
import { BulkheadFullError } from '../../policies/bulkhead/errors.ts';
import { CircuitOpenError } from '../../policies/circuit-breaker/errors.ts';
import { withAttempt, within } from './context.ts';
import { type Ending, endingOf } from './endings.ts';
import { errorType } from './error-type.ts';
import { eventFor } from './span-events.ts';

/** What makes the spans, and what they are called. */
export interface SpanSource {
  readonly tracer: Tracer;
  readonly name: string;
}

export class RunTrace implements Watch {
  readonly #run: Run;
  readonly #source: SpanSource;
  readonly #span: Span;
  /** That of the caller, with the run's span in it. */
  readonly #context: Context;
  /** Those that have not ended. */
  readonly #attempts = new Map<CallNode, Span>();
  #begun = 0;
  /** How long the attempt that comes next was waited for. */
  #backoffMs: number | undefined = undefined;
  #fellBack = false;
  #over = false;

  /** @throws what the tracer throws */
  constructor(run: Run, source: SpanSource) {
    this.#run = run;
    this.#source = source;
    const active = context.active();
    const attributes = { 'holdfast.pipeline': run.owner.pipeline };
    // INTERNAL, as the attempts are: the CLIENT span of what really goes out is made by whoever sends it.
    const options = { kind: SpanKind.INTERNAL, attributes };
    this.#span = source.tracer.startSpan(`run ${source.name}`, options, active);
    this.#context = trace.setSpan(active, this.#span);
  }

  around<T>(start: () => Promise<T>): Promise<T> {
    return within(() => this.#context, start, this.#onFault);
  }

  began(call: CallNode): void {
    this.#safely(() => {
      this.#begun++;
      const backoffMs = this.#backoffMs;
      this.#backoffMs = undefined;
      this.#fellBack = false;
      // Of a run that is not sampled there is nothing below it either.
      if (this.#over || !this.#span.isRecording()) return;
      const { tracer, name } = this.#source;
      const attributes = {
        'holdfast.pipeline': this.#run.owner.pipeline,
        'holdfast.attempt': call.attempt,
        ...(backoffMs !== undefined && { 'holdfast.backoff_ms': backoffMs }),
      };
      const options = { kind: SpanKind.INTERNAL, attributes };
      this.#attempts.set(call, tracer.startSpan(`attempt ${name}`, options, this.#context));
    });
  }

  invoke<T>(operation: Operation<T>, call: CallNode): PromiseLike<T> | T {
    const span = this.#attempts.get(call);
    if (span === undefined) return operation(call);
    // A layer of the user's may have put something into the context, which stays in it.
    const making = (): Context => withAttempt(trace.setSpan(context.active(), span), call.attempt);
    return within(making, () => operation(call), this.#onFault);
  }

  ended(call: CallNode, outcome: Outcome): void {
    this.#close(call, outcome);
  }

  gaveUp(scope: Scope, outcome: Outcome): void {
    for (const call of [...this.#attempts.keys()]) if (isInside(call, scope)) this.#close(call, outcome);
  }

  #close(call: CallNode, outcome: Outcome): void {
    const span = this.#attempts.get(call);
    if (span === undefined) return;
    this.#attempts.delete(call);
    this.#end(span, endingOf(this.#run, outcome), outcome);
  }

  waited(policy: Policy, startMs: number): void {
    const waitMs = this.#run.clock.now() - startMs;
    if ((policy as Partial<BuiltIn<object>>).kind === 'retry') this.#backoffMs = waitMs;
    else this.#event('wait', policy, { 'holdfast.wait_ms': waitMs });
  }

  refused(policy: Policy, error: unknown): void {
    this.#event('rejection', policy, { 'error.type': errorType(error), ...reasonOf(error) });
  }

  emitted(type: string, event: EventOrigin): void {
    if (type === 'fallback') this.#fellBack = true;
    const told = eventFor(type, event);
    if (told !== undefined) this.#addEvent(told[0], event.policy, told[1]);
  }

  settled(outcome: Outcome): void {
    this.#over = true;
    // The run did not wait for them.
    for (const span of this.#attempts.values()) this.#end(span, 'abandoned', undefined);
    this.#attempts.clear();
    this.#safely(() => this.#span.setAttribute('holdfast.attempts', this.#begun));
    const ending = endingOf(this.#run, outcome);
    this.#end(this.#span, this.#fellBack && ending === 'success' ? 'fallback' : ending, outcome);
  }

  #end(span: Span, ending: Ending, outcome: Outcome | undefined): void {
    this.#safely(() => span.setAttribute('holdfast.outcome', ending));
    if (outcome?.ok === false)
      this.#safely(() =>
        span.setAttributes(this.#about(outcome.error)).setStatus({ code: SpanStatusCode.ERROR }),
      );
    this.#safely(() => span.end());
  }

  #about(error: unknown): Attributes {
    const own = error instanceof HoldfastError && error.pipeline === this.#run.owner.pipeline;
    return {
      'error.type': errorType(error),
      ...(own && error.policy !== undefined && { 'holdfast.policy': error.policy }),
    };
  }

  #event(name: string, policy: Policy, attributes: Attributes): void {
    this.#addEvent(name, this.#run.owner.labelOf(policy), attributes);
  }

  #addEvent(name: string, policy: string, attributes: Attributes): void {
    // Afterwards there is nothing to add it to: the span has gone out.
    if (this.#over) return;
    this.#safely(() => this.#span.addEvent(`holdfast.${name}`, { 'holdfast.policy': policy, ...attributes }));
  }

  /** What a tracer or a span throws does nothing to the run. */
  #safely(fn: () => unknown): void {
    try {
      fn();
    } catch (fault) {
      this.#onFault(fault);
    }
  }

  readonly #onFault = (fault: unknown): void => reportFault(this.#run, fault);
}

const reasonOf = (error: unknown): Attributes => {
  if (error instanceof CircuitOpenError) return { 'holdfast.reason': error.state };
  return error instanceof BulkheadFullError ? { 'holdfast.reason': error.reason } : {};
};

/** Emits it as `listener-error`, or prints the first for each pipeline. */
export function reportFault({ owner }: Run, fault: unknown): void {
  owner.fault(fault, { policy: 'opentelemetry', pipeline: owner.pipeline });
}
