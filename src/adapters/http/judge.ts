/** What an HTTP exchange says about the dependency, and whether it may be tried again. */
import isNetworkError from 'is-network-error';
import type { Judge, Judgement } from '../../core/judge.ts';
import type { Outcome } from '../../core/outcome.ts';
import { retryAfterMs } from './retry-after.ts';

/** Answers that another try may change: the server, or one on the way to it, could not answer *now*. */
const TRANSIENT: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

const FAILURE: Judgement = { verdict: 'failure', retry: true };
const FINAL: Judgement = { verdict: 'failure', retry: false };
const IGNORE: Judgement = { verdict: 'ignore', retry: false };

/**
 * The judge for HTTP, for values and errors of `fetch`, undici, node:http and what is built on them: whatever has a
 * `status` or `statusCode` with `headers`, and errors that hold one as `response`.
 *
 * | outcome                                            | verdict   | tried again           |
 * | -------------------------------------------------- | --------- | --------------------- |
 * | 408, 500, 502, 503, 504                            | failure   | yes                   |
 * | 429 with a readable `Retry-After`                  | failure   | yes                   |
 * | 429 without                                        | ignore    | yes                   |
 * | any other status >= 500                            | failure   | no                    |
 * | an error of the network                            | failure   | yes                   |
 * | a certificate that is not accepted                 | failure   | no                    |
 * | a redirect not allowed, one too many, or to no URL | ignore    | no                    |
 * | a request that undici, or its mock, says is wrong  | ignore    | no                    |
 * | anything else                                      | asks the next judge in line       |
 *
 * A `Retry-After` of a status that may be tried again is passed on as `retryAfterMs`.
 */
export const httpJudge: Judge = (outcome: Outcome): Judgement | undefined => {
  const answer = answerIn(outcome);
  if (answer !== undefined) return judgeAnswer(answer);
  return outcome.ok ? undefined : judgeError(outcome.error);
};

/** Whether a status says that the request was not served, through no fault of its own. */
export const isFailed = (status: number): boolean => status >= 500 || TRANSIENT.has(status);

interface Answer {
  readonly status: number;
  readonly headers: unknown;
}

function answerIn({ ok, value, error }: Outcome): Answer | undefined {
  const { status, statusCode, headers, response } = Object(ok ? value : error) as Record<string, unknown>;
  if (!ok && response != null) return answerIn({ ok: true, value: response });
  const number = status ?? statusCode;
  return typeof number === 'number' && headers != null ? { status: number, headers } : undefined;
}

function judgeAnswer({ status, headers }: Answer): Judgement | undefined {
  if (!isFailed(status)) return undefined;
  if (!TRANSIENT.has(status)) return FINAL;
  const hint = retryAfterMs(headerIn(headers, 'retry-after'), headerIn(headers, 'date'));
  if (hint === undefined) return status === 429 ? { verdict: 'ignore', retry: true } : FAILURE;
  return { verdict: 'failure', retry: true, retryAfterMs: hint };
}

function headerIn(headers: unknown, name: string): string | undefined {
  const get = (headers as Partial<Headers>).get;
  const value: unknown =
    typeof get === 'function'
      ? get.call(headers, name)
      : Object.entries(headers as object).find(([key]) => key.toLowerCase() === name)?.[1];
  return value == null ? undefined : String(value);
}

/** A certificate that does not hold is the same a second later. OpenSSL's codes, and Node's. */
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)/;
/** The request itself is wrong, say undici and Node. */
const MISTAKE =
  /^(ERR_INVALID_URL|UND_ERR_(INVALID_ARG|NOT_SUPPORTED|REQ_CONTENT_LENGTH_MISMATCH)|UND_MOCK_ERR_\w+)$/;
/**
 * So is the place to which it was redirected, or that it was redirected at all, says fetch, with no code. Errors that
 * have one may have such words in the name of a host.
 */
const REFUSED = /redirect|scheme must be|bad port/;
/** The connection failed: codes of the system, of the resolver and of undici. */
const CONNECTION =
  /^(ECONN|EHOST|ENET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|UND_ERR_SOCKET|UND_ERR_\w+_TIMEOUT)/;

function judgeError(error: unknown): Judgement | undefined {
  const { code, cause } = Object(error) as { code?: unknown; cause?: unknown };
  const { code: innerCode, message } = Object(cause) as { code?: unknown; message?: unknown };
  const codes = [code, innerCode].filter((each) => typeof each === 'string');
  if (codes.some((each) => CERTIFICATE.test(each))) return FINAL;
  if (codes.length === 0 ? REFUSED.test(String(message)) : codes.some((each) => MISTAKE.test(each)))
    return IGNORE;
  return isNetworkError(error) || codes.some((each) => CONNECTION.test(each)) ? FAILURE : undefined;
}
