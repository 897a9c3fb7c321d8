/** An answer that says the request was not served, as an error: for those who asked for one. */
import { brandError, HoldfastError, type HoldfastErrorInit, messageFor } from '../../core/errors.ts';

/** The server answered 408, 429, or 500 and above, and `throwOnFailure` was asked for. */
export class HttpError extends HoldfastError {
  readonly status: number;
  /** The answer itself, its body not yet read. */
  readonly response: Response;

  constructor(response: Response, init: HoldfastErrorInit = {}) {
    const source = { policy: 'fetch', ...init };
    super('HOLDFAST_HTTP', messageFor(source, `was answered with status ${response.status}`), source);
    this.status = response.status;
    this.response = response;
  }
}

brandError(HttpError, 'HttpError');
