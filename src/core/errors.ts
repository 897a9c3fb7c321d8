/**
 * The errors that Holdfast itself throws. They are known by a brand rather than by their class's identity, so that
 * `instanceof` holds across ESM and CommonJS and across two installed copies.
 */
import type { Gate } from './policy.ts';
import type { Run } from './run.ts';

/** What every error of the library is made from. */
export interface HoldfastErrorInit {
  /** The label of the policy that throws it. */
  readonly policy?: string | undefined;
  /** The name of the pipeline whose run it ended; undefined where a policy ran alone. */
  readonly pipeline?: string | undefined;
  readonly cause?: unknown;
  /** Capturing a stack costs several microseconds, at the moment of overload; the default is not to. */
  readonly captureStack?: boolean | undefined;
}

/** What a rejection is made from. */
export interface RejectionInit extends HoldfastErrorInit {
  /** Default: `HOLDFAST_REJECTED`. */
  readonly code?: string;
  /** After how many milliseconds a new try may be admitted, if that is known. */
  readonly retryAfterMs?: number | undefined;
}

const brandOf = (name: string): symbol => Symbol.for(`holdfast.${name}`);
const REJECTION: unique symbol = brandOf('Rejection') as never;
const RUN: unique symbol = Symbol.for('holdfast.run') as never;

function hasBrand(candidate: unknown, brand: symbol): boolean {
  try {
    return (candidate as Record<symbol, unknown> | null | undefined)?.[brand] === true;
  } catch {
    return false; // a revoked proxy, say
  }
}

/** Gives a class its `error.name`, and the brand by which `instanceof` knows it. */
export function brandError(ErrorClass: { readonly prototype: HoldfastError }, name: string): void {
  Object.assign(ErrorClass.prototype, { name, [brandOf(name)]: true });
}

// Where the limit cannot be set, under frozen intrinsics, the stack is captured.
function limitStackTrace(limit: number): number {
  const before = Error.stackTraceLimit;
  try {
    Error.stackTraceLimit = limit;
  } catch {}
  return before;
}

/**
 * The base of all errors that Holdfast throws. `message` is the same for the same policy and pipeline, so that error
 * trackers group it; what varies stands in properties.
 */
export class HoldfastError extends Error {
  /** @internal */
  static override [Symbol.hasInstance](this: { readonly prototype: object }, candidate: unknown): boolean {
    const brand = brandOf((this.prototype as HoldfastError).name);
    // A user's own subclass inherits this function, and keeps the ordinary meaning.
    return Object.hasOwn(this.prototype, brand)
      ? hasBrand(candidate, brand)
      : super[Symbol.hasInstance](candidate);
  }

  /** Stable, for programs: `HOLDFAST_…`. */
  readonly code: string;
  /** The label of the policy that threw it. */
  readonly policy: string | undefined;
  /** The name of the pipeline whose run it ended; undefined where a policy ran alone. */
  readonly pipeline: string | undefined;

  constructor(code: string, message: string, init: HoldfastErrorInit = {}) {
    const limit = limitStackTrace(init.captureStack ? Error.stackTraceLimit : 0);
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    limitStackTrace(limit);
    this.code = code;
    this.policy = init.policy;
    this.pipeline = init.pipeline;
  }
}

/**
 * A policy refused the call: **the operation handed to the pipeline that it names did not run**, so trying again
 * elsewhere or later cannot do anything twice. A gate of your own returns one from `enter`.
 */
export class Rejection extends HoldfastError {
  /** After how many milliseconds a new try may be admitted, if that is known. */
  readonly retryAfterMs: number | undefined;
  #run: object | undefined = undefined;

  /** @param code - of a class of its own, in which case `init` need not have one */
  constructor(message: string, init: RejectionInit = {}, code = init.code ?? 'HOLDFAST_REJECTED') {
    super(code, message, init);
    this.retryAfterMs = init.retryAfterMs;
  }

  // What stands for the run that was refused: a reference to it would keep it alive. Accessors on the prototype are
  // reachable from another copy of the library, and do not show where the error is printed.
  /** @internal */
  get [RUN](): object | undefined {
    return this.#run;
  }
  /** @internal */
  set [RUN](run: object | undefined) {
    this.#run = run;
  }
}

/** An error that a timeout threw: the operation may have run, and may be running still. */
export class TimeoutError extends HoldfastError {
  /** The time that was allowed, in milliseconds. */
  readonly ms: number;

  constructor(message: string, init: HoldfastErrorInit & { readonly ms: number }) {
    super('HOLDFAST_TIMEOUT', message, init);
    this.ms = init.ms;
  }
}

brandError(HoldfastError, 'HoldfastError');
brandError(Rejection, 'Rejection');
brandError(TimeoutError, 'TimeoutError');

/** Whether a policy refused the call, so that the operation of the pipeline that the error names did not run. */
export function isRejection(error: unknown): error is Rejection {
  // As `hasBrand`, written out: each admission asks this, and a key that is always the same is found much sooner.
  try {
    return (error as Stamped | null | undefined)?.[REJECTION] === true;
  } catch {
    return false;
  }
}

/** The message of an error of a policy: the same each time. */
export const messageFor = ({ policy, pipeline }: HoldfastErrorInit, what: string): string =>
  `${pipeline === undefined ? '' : `${pipeline}: `}${policy} ${what}`;

/** Remembers which run a rejection refused, and names policy and pipeline where the gate did not. */
export function stampRejection(rejection: Rejection, { id, owner }: Run, gate: Gate): void {
  const stamped = rejection as Stamped;
  stamped[RUN] = id;
  if (Object.isFrozen(rejection)) return;
  const { policy, pipeline } = owner.sourceOf(gate);
  stamped.policy ??= policy;
  stamped.pipeline ??= pipeline;
}

/** Whether it was this run, rather than some other inside its operation, that was refused. */
export const refusedRun = (error: unknown, run: Run): boolean =>
  isRejection(error) && (error as Stamped)[RUN] === run.id;

interface Stamped {
  readonly [REJECTION]?: true;
  [RUN]?: object | undefined;
  policy: string | undefined;
  pipeline: string | undefined;
}
