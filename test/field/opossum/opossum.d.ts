/** The little of opossum 10 that the scripts use; it brings no types of its own. */
declare module 'opossum' {
  import type { EventEmitter } from 'node:events';

  export interface Options {
    readonly timeout?: number | false;
    readonly resetTimeout?: number;
    readonly errorThresholdPercentage?: number;
    readonly volumeThreshold?: number;
    readonly capacity?: number;
    readonly rollingCountTimeout?: number;
    readonly abortController?: AbortController;
    readonly autoRenewAbortController?: boolean;
    readonly errorFilter?: (error: unknown) => boolean;
  }

  export default class CircuitBreaker<Arguments extends unknown[]> extends EventEmitter {
    constructor(action: (...args: Arguments) => unknown, options?: Options);
    readonly closed: boolean;
    readonly opened: boolean;
    readonly halfOpen: boolean;
    readonly stats: { readonly failures: number; readonly successes: number; readonly fires: number };
    fire(...args: Arguments): Promise<unknown>;
    getSignal(): AbortSignal | undefined;
    shutdown(): void;
  }
}
