import type { Protect } from './protect.ts';

/** No protection: a call takes as long as it takes. */
export const bare: Protect = (_service, call) => () => call();
