/**
 * What can be listened to. Events ride on eventemitter3; what a listener throws never reaches the call, nor another
 * listener.
 */
import { EventEmitter } from 'eventemitter3';
import type { CommonEvents, EventOrigin, Listener } from './events.ts';
import { check, FUNCTION } from './options.ts';
import { isThenable } from './promises.ts';

/** Where the type says what it emits; there is nothing at run time. */
declare const EVENTS: unique symbol;

const FAULT = 'listener-error';

/**
 * Emits events.
 *
 * @typeParam Types - the events, by name
 */
export abstract class Emitter<Types extends object> {
  declare readonly [EVENTS]: Types;
  /** What it is called in events and errors. */
  abstract readonly name: string;

  #emitter: EventEmitter | undefined = undefined;
  /** Whether any listener is, or was, to be called once. */
  #onces = false;
  #printed: Set<string> | undefined = undefined;

  /** Calls the listener at each event of this type. */
  on<K extends keyof (Types & CommonEvents) & string>(
    type: K,
    listener: Listener<(Types & CommonEvents)[K]>,
  ): this {
    return this.#changed('on', type, listener);
  }

  /** Calls the listener at the next event of this type only. */
  once<K extends keyof (Types & CommonEvents) & string>(
    type: K,
    listener: Listener<(Types & CommonEvents)[K]>,
  ): this {
    return this.#changed('once', type, listener);
  }

  /** Removes a listener, or all of this type. */
  off<K extends keyof (Types & CommonEvents) & string>(
    type: K,
    listener?: Listener<(Types & CommonEvents)[K]>,
  ): this {
    return this.#changed('off', type, listener);
  }

  #changed(how: 'on' | 'once' | 'off', type: string, listener: Listener<never> | undefined): this {
    if (how !== 'off') check(how, 'listener', listener, FUNCTION);
    this.#emitter ??= new EventEmitter();
    if (how === 'once') this.#onces = true;
    this.#emitter[how](type, listener as never);
    this.listenersChanged();
    return this;
  }

  /** Somebody began to listen, or left off. */
  protected listenersChanged(): void {}

  /** @internal Whether anybody would hear an event of this type. */
  heard(type: string): boolean {
    return this.#emitter !== undefined && this.#emitter.listenerCount(type) > 0;
  }

  /** @internal */
  emitHere(type: string, payload: EventOrigin): void {
    const emitter = this.#emitter;
    if (emitter === undefined) return;
    const onFault = (error: unknown): void => this.fault(error, payload, type);
    for (const listener of emitter.listeners(type)) {
      if (this.#onces) emitter.off(type, listener, undefined, true); // if it was to be called once
      try {
        const result: unknown = listener(payload);
        if (isThenable(result)) result.then(undefined, onFault);
      } catch (error) {
        onFault(error);
      }
    }
  }

  /**
   * @internal User code threw: emits `listener-error`, or prints the first of each policy where nobody listens to that, or where it
   * was that which threw.
   */
  fault(error: unknown, { policy, pipeline }: EventOrigin, during?: string): void {
    if (during !== FAULT && this.heard(FAULT)) {
      this.emitHere(FAULT, { policy, pipeline, error } as EventOrigin);
    } else if (!this.#printed?.has(policy)) {
      this.#printed = (this.#printed ?? new Set()).add(policy);
      console.error(`holdfast: a listener, judge or other function given to '${policy}' threw:`, error);
    }
  }
}

/** The events that a policy emits, by name. */
export type EventsOf<P> = P extends { readonly [EVENTS]: infer Types } ? Types : never;
