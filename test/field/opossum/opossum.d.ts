/**
 * The part of opossum 10 that the scripts and the docs use; it brings no types of its own. Where @types/opossum 8 is
 * stricter, the docs keep to that.
 */
declare module 'opossum' {
  import type { EventEmitter } from 'node:events';

  export interface Options {
    readonly name?: string;
    readonly group?: string;
    readonly enabled?: boolean;
    readonly timeout?: number | false;
    readonly resetTimeout?: number;
    readonly errorThresholdPercentage?: number;
    readonly volumeThreshold?: number;
    readonly allowWarmUp?: boolean;
    readonly capacity?: number;
    readonly rollingCountTimeout?: number;
    readonly rollingCountBuckets?: number;
    readonly abortController?: AbortController;
    readonly autoRenewAbortController?: boolean;
    readonly coalesce?: boolean;
    readonly errorFilter?: (error: unknown) => boolean;
    readonly state?: State;
  }

  export interface State {
    readonly closed: boolean;
    readonly open: boolean;
    readonly halfOpen: boolean;
    readonly lastTimerAt?: number;
  }

  export default class CircuitBreaker<
    Arguments extends unknown[] = unknown[],
    Result = unknown,
  > extends EventEmitter {
    static isOurError(error: Error): boolean;
    constructor(action: (...args: Arguments) => Promise<Result> | Result, options?: Options);
    readonly closed: boolean;
    readonly opened: boolean;
    readonly halfOpen: boolean;
    readonly isShutdown: boolean;
    readonly stats: {
      readonly failures: number;
      readonly successes: number;
      readonly fires: number;
      readonly latencyMean?: number;
    };
    fire(...args: Arguments): Promise<Result>;
    call(context: unknown, ...args: Arguments): Promise<Result>;
    fallback(answer: (...args: [...Arguments, Error]) => unknown): this;
    healthCheck(check: () => Promise<void>, interval?: number): void;
    open(): void;
    close(): void;
    enable(): void;
    disable(): void;
    getSignal(): AbortSignal | undefined;
    toJSON(): { readonly state: State; readonly status: object };
    shutdown(): void;
  }
}
