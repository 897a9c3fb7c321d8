/** The ways in which the fault proxy can make a connection fail: plain data, so that a plan can be drawn by chance. */

/** From the client to the target, or back. */
export type Direction = 'request' | 'response';

/** So many bytes of one direction, counted from when the fault was set on the connection. */
type After = { readonly request: number } | { readonly response: number };

/** Holds every byte for `ms`, and up to `jitterMs` more by chance; the order stays. */
interface Delay {
  readonly kind: 'delay';
  readonly ms: number;
  readonly jitterMs?: number;
}

/** Lets so many bytes a second through in each direction, in pieces of at most 50 ms. */
interface Throttle {
  readonly kind: 'throttle';
  readonly bytesPerSecond: number;
}

/**
 * Passes no more bytes on in the direction of `after`, or in both. What was held goes on when the fault is lifted. If
 * one side closes, the other is told: see `HalfOpen` for silence.
 */
interface Stall {
  readonly kind: 'stall';
  readonly after?: After;
}

/** Closes both sides in good order (FIN): at once, or after so many bytes. */
interface Cut {
  readonly kind: 'cut';
  readonly after?: After;
}

/** Resets both sides (RST): at once, or after so many bytes. */
interface Reset {
  readonly kind: 'reset';
  readonly after?: After;
}

/** One side is gone: its socket is closed, and the other is not told; what that one sends is lost. */
interface HalfOpen {
  readonly kind: 'half-open';
  readonly gone: 'client' | 'target';
  readonly after?: After;
}

/** What happens to the bytes on their way. */
export type Pace = Delay | Throttle;

/** What happens to the connection, at once or at some byte. */
export type Break = Stall | Cut | Reset | HalfOpen;

export type Fault = Pace | Break;

export const isPace = (fault: Fault): fault is Pace => fault.kind === 'delay' || fault.kind === 'throttle';

/** At how many bytes of this direction a break is due; 0 for at once, nothing if it waits for the other direction. */
export function bytesUntil({ after }: Break, direction: Direction): number | undefined {
  if (after === undefined) return 0;
  if ('request' in after) return direction === 'request' ? after.request : undefined;
  return direction === 'response' ? after.response : undefined;
}
