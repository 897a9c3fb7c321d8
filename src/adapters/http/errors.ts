/** An answer that says the request was not served, as an error: for those who asked for one. */
import { brandError, HoldfastError, type HoldfastErrorInit, messageFor } from '../../core/errors.ts';

/** What an answer is known by: that of `fetch`, or that of undici. */
export type Answered = { readonly status: number } | { readonly statusCode: number };

/** The server answered 408, 429, or 500 and above, and `throwOnFailure` was asked for. */
export class HttpError<Answer extends Answered = Response> extends HoldfastError {
  /** The status of the answer. */
  readonly status: number;
  /** The answer itself: of `fetch`, its body not yet read; of undici, without its body. */
  readonly response: Answer;

  constructor(response: Answer, init: HoldfastErrorInit = {}) {
    const source = { policy: 'fetch', ...init };
    const status = 'status' in response ? response.status : response.statusCode;
    super('HOLDFAST_HTTP', messageFor(source, `was answered with status ${status}`), source);
    this.status = status;
    this.response = response;
  }
}

brandError(HttpError, 'HttpError');
