import type { Protect } from './protect.ts';

/** One generous timeout for every call, as most code has it. It counts from the first moment, queue included. */
export const plainTimeouts: Protect = (_service, call) => () => call(AbortSignal.timeout(2_000));
