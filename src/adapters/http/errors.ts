/** An answer that says the request was not served, as an error: for those who asked for one. */
import { brandError, HoldfastError, type HoldfastErrorInit, messageFor } from '../../core/errors.ts';

/** The server answered 408, 429, or 500 and above, and `throwOnFailure` was asked for. */
export class HttpError<Answer extends object = Response> extends HoldfastError {
  /** The status of the answer. */
  readonly status: number;
  /** The answer itself: of `fetch`, its body not yet read; of undici, without its body. */
  readonly response: Answer;

  constructor(response: Answer, init: HoldfastErrorInit = {}) {
    const source = { policy: 'fetch', ...init };
    const { status, statusCode } = response as { status?: number; statusCode?: number };
    const number = status ?? (statusCode as number);
    super('HOLDFAST_HTTP', messageFor(source, `was answered with status ${number}`), source);
    this.status = number;
    this.response = response;
  }
}

brandError(HttpError, 'HttpError');
