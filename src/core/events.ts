/**
 * Typed events on eventemitter3. What a listener throws never reaches the call, nor another listener: it is emitted
 * as `listener-error`, and where nobody listens to that, printed once.
 */
import { EventEmitter } from 'eventemitter3';
import { allowed } from './options.ts';
import { isThenable } from './promises.ts';

/** What every event says: where it comes from. */
export interface EventSource {
  /** The policy's label: within a pipeline its label there, else its name. */
  readonly policy: string;
  /** The pipeline whose run caused it; undefined where a policy ran alone, or no run did. */
  readonly pipeline?: string | undefined;
}

/** User code that was called from inside the library, a listener, a judge or a backoff, threw. */
export interface ListenerErrorEvent extends EventSource {
  readonly error: unknown;
}

/** What everything that emits can emit. */
export interface CommonEvents {
  'listener-error': ListenerErrorEvent;
}

/** Is called with each event, at the moment it happens. What it returns is ignored. */
export type Listener<Payload> = (payload: Payload) => unknown;

type AnyListener = Listener<never>;
type Guarded = (payload: unknown) => void;

/** The listeners of one policy or pipeline. It exists only once somebody listens. */
export class Events {
  readonly #emitter = new EventEmitter();
  readonly #guarded = new WeakMap<AnyListener, Guarded>();
  readonly #onFault: (fault: unknown) => void;

  /** `onFault` is told what a listener throws. */
  constructor(onFault: (fault: unknown) => void) {
    this.#onFault = onFault;
  }

  on(type: string, listener: AnyListener): void {
    this.#emitter.on(type, this.#guard(listener));
  }

  once(type: string, listener: AnyListener): void {
    this.#emitter.once(type, this.#guard(listener));
  }

  off(type: string, listener: AnyListener | undefined): void {
    this.#emitter.off(type, listener && this.#guard(listener));
  }

  heard(type: string): boolean {
    return this.#emitter.listenerCount(type) > 0;
  }

  emit(type: string, payload: object): void {
    this.#emitter.emit(type, payload);
  }

  // The same wrapper each time, so that `off` finds what `on` added.
  #guard(listener: AnyListener): Guarded {
    if (typeof listener !== 'function') throw allowed(TypeError, 'on', 'listener', listener, 'a function');
    let guarded = this.#guarded.get(listener);
    if (guarded === undefined) {
      guarded = (payload) => {
        try {
          const result = listener(payload as never);
          if (isThenable(result)) result.then(undefined, this.#onFault);
        } catch (fault) {
          this.#onFault(fault);
        }
      };
      this.#guarded.set(listener, guarded);
    }
    return guarded;
  }
}
