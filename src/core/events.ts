/** What events say of themselves. Each policy's and pipeline's own are beside it; the emitter is in `emitter.ts`. */

/** What every event says: where it comes from. */
export interface EventOrigin {
  /**
   * The policy's label: within a pipeline its label there, else its name. A `state` that is heard on the breaker itself,
   * which may stand in several pipelines, carries its name.
   */
  readonly policy: string;
  /** The pipeline whose run caused it; undefined where a policy ran alone, or no run did. */
  readonly pipeline?: string | undefined;
}

/** The time that a timeout, or the deadline of a run, allowed is over. */
export interface TimeoutEvent extends EventOrigin {
  /** The time that was allowed, in milliseconds. */
  readonly ms: number;
}

/** User code that was called from inside the library, a listener, a judge or a backoff, threw. */
export interface ListenerErrorEvent extends EventOrigin {
  readonly error: unknown;
}

/** What everything that emits can emit. */
export interface CommonEvents {
  'listener-error': ListenerErrorEvent;
}

/** Is called with each event, at the moment it happens. What it returns is ignored. */
export type Listener<Payload> = (payload: Payload) => unknown;
