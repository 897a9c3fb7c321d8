/** One failure of the table: what is set up, what is asked for, what happens meanwhile, and what must come of it. */
import type { Act } from '../../network/acts.ts';
import type { Fault } from '../../network/faults.ts';
import type { Tls } from '../../network/tls.ts';
import type { ClientName } from './clients.ts';

/** What a caller asks for; GET where nothing is said. */
export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The body is sent as a stream. */
  readonly stream?: boolean;
  readonly redirect?: 'error' | 'manual';
}

/**
 * Something that can be waited for, the nth of its kind: that the client hands a request to undici, that the server
 * reads one, that the caller has the headers of an answer, that a retry begins to wait.
 */
export type Moment = 'sent' | 'read' | 'answered' | 'waiting';

/** What happens at a moment: so many milliseconds pass, or the caller aborts. */
export type Move = { readonly at: Moment; readonly nth: number } & (
  | { readonly advance: number }
  | { readonly abort: true }
);

/** What the caller has in the end: an answer with its body, an error, or an answer whose body ended in an error. */
export interface Outcome {
  readonly status?: number;
  /** Its text, or how many bytes it has. */
  readonly body?: string;
  /** Name and code, or message; then those of its cause. */
  readonly error?: string;
}

/** Sockets open at the server when all is over. */
export interface Sockets {
  /** Idle in the client's pool, for the next request. */
  readonly kept: number;
  /** Still being connected, for nobody: undici gives no connection up with the request that it is for. */
  readonly connecting: number;
  /** Open, and no use to anybody. */
  readonly leaked: number;
}

export interface Measured {
  readonly outcome: Outcome;
  /** Attempts that the pipeline made. */
  readonly attempts: number;
  /** Requests that the server saw. */
  readonly seen: number;
  readonly sockets: Sockets;
  /** Whole seconds from the call to the end of its body. */
  readonly seconds: number;
}

/** By the name of the client. */
export type Expected = Readonly<Record<ClientName, Measured>>;

export interface Row {
  readonly name: string;
  /** What the server does with the nth request; the last goes for all that follow. Default: 200, `ok`. */
  readonly acts?: readonly Act[];
  /** What it does with each new connection, before it reads. */
  readonly greets?: Act;
  /** Where the server takes its time: so many milliseconds pass whenever it waits. */
  readonly tick?: number;
  readonly tls?: Tls;
  /** The faults of each connection, on the way to the server. */
  readonly faults?: readonly Fault[];
  /** The port is closed, or the name of the host leads nowhere. */
  readonly unreachable?: 'refused' | 'ENOTFOUND' | 'EAI_AGAIN';
  /** Calls before the one in question, and what becomes of the connection between. */
  readonly before?: {
    readonly calls: number;
    readonly asked?: Asked;
    readonly act: Act;
    readonly then?: 'restart' | Fault;
  };
  readonly asked?: Asked;
  /** The caller's signal has aborted before the call. */
  readonly aborted?: true;
  readonly moves?: readonly Move[];
  readonly expected: Expected;
}

export const KEPT: Sockets = { kept: 1, connecting: 0, leaked: 0 };
export const NONE: Sockets = { kept: 0, connecting: 0, leaked: 0 };
/** A redirect is followed before the connection that brought it is free. */
export const TWO_KEPT: Sockets = { kept: 2, connecting: 0, leaked: 0 };

type Outcomes = Outcome | Readonly<Record<ClientName, Outcome>>;

export const measured = (
  outcome: Outcome,
  attempts: number,
  seen: number,
  sockets: Sockets,
  seconds = 0,
): Measured => ({ outcome, attempts, seen, sockets, seconds });

/** What must come of it, through any client, but for what each makes of the outcome. */
export function gets(
  outcomes: Outcomes,
  ...rest: [attempts: number, seen: number, sockets: Sockets, seconds?: number]
): Expected {
  const [fetched, requested] =
    'resilientFetch' in outcomes ? [outcomes.resilientFetch, outcomes.resilience] : [outcomes, outcomes];
  return { resilientFetch: measured(fetched, ...rest), resilience: measured(requested, ...rest) };
}

/** fetch has an error of its own, with that of undici as its cause. */
export const failed = (code: string, name = 'Error'): Outcomes => ({
  resilientFetch: { error: `TypeError: fetch failed, cause ${code}` },
  resilience: { error: `${name} ${code}` },
});

/** The same, once the headers were there. */
export const terminated = (status: number, code: string, name = 'Error'): Outcomes => ({
  resilientFetch: { status, error: `TypeError: terminated, cause ${code}` },
  resilience: { status, error: `${name} ${code}` },
});

export const timedOut = (policy: string): Outcome => ({
  error: `TimeoutError HOLDFAST_TIMEOUT of ${policy}`,
});

/** An attempt, and the time that it may take, three times over. */
export const timesOut = (at: Moment): readonly Move[] =>
  [1, 2, 3].map((nth) => ({ at, nth, advance: 10_000 }));
