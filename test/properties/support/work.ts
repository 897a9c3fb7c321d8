/** Work of which a script says how it ends: an operation that is handed to `run`, or a permit. */
import type { BreakerPermit, Outcome } from 'holdfast';

/** To ignore is to abort the call that waits for it, or to say nothing of a permit. */
export type How = 'success' | 'failure' | 'ignore';

/** Work that is done once it is admitted. Whatever it ends with leads back to it. */
export abstract class Work {
  how: How | undefined = undefined;

  /** A failure of an operation may carry a server's hint. */
  end(how: How, hintMs?: number): void {
    if (this.how !== undefined) return;
    this.how = how;
    this.settle(how, hintMs);
  }

  protected abstract settle(how: How, hintMs: number | undefined): void;
}

/** What work fails with. */
export class Failed {
  readonly work: Work;
  readonly hintMs: number | undefined;

  constructor(work: Work, hintMs: number | undefined) {
    this.work = work;
    this.hintMs = hintMs;
  }
}

/** Which work has ended so. */
export const workOf = ({ ok, value, error }: Outcome): Work =>
  (ok ? value : error instanceof Failed ? error.work : error) as Work;

/** An operation. It may end before it has been invoked: then it does so at once. */
export class Operation extends Work {
  readonly promise: Promise<unknown>;
  private readonly controller = new AbortController();
  private resolve: (value: unknown) => void = () => {};
  private reject: (error: unknown) => void = () => {};

  constructor() {
    super();
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.promise.catch(() => {});
  }

  /** The caller's. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  protected settle(how: How, hintMs: number | undefined): void {
    // Its result comes after the abort, too late.
    if (how === 'ignore') this.controller.abort(this);
    if (how === 'failure') this.reject(new Failed(this, hintMs));
    else this.resolve(this);
  }
}

/** Work that is not a function. */
export class Permitted extends Work {
  private readonly permit: BreakerPermit;

  constructor(permit: BreakerPermit) {
    super();
    this.permit = permit;
  }

  protected settle(how: How): void {
    if (how === 'failure') this.permit.failure(new Failed(this, undefined));
    else if (how === 'success') this.permit.success(this);
    else this.permit.ignore();
  }
}
