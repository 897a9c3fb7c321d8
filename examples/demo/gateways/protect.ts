import type { Pipeline } from 'holdfast';
import type { Sign } from '../messages.ts';
import type { Route } from '../scenario.ts';

/** One HTTP call to a service, over the pool that all services share. */
type Call = (signal?: AbortSignal) => Promise<string>;

/** What a gateway makes of it for one request of a client. `clientGone` aborts when the client hangs up. */
type ProtectedCall = (clientGone: AbortSignal) => Promise<string>;

/** The three gateways differ in this function and in nothing else. */
export type Protect = (service: Route, call: Call, watch: Watch) => ProtectedCall;

/** Where a gateway that has something to show shows it. */
export interface Watch {
  notice(sign: Sign): void;
  /** For /metrics. */
  instrument(guard: Pipeline): void;
}
