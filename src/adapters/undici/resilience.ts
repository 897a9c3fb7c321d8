/** Requests of undici through a pipeline: the rules of `resilientFetch`, as an interceptor for `compose`. */
import type { Dispatcher } from 'undici';
import { allowed, settle } from '../../core/options.ts';
import type { Keyed } from '../../pipeline/keyed.ts';
import { clientOf, HTTP_RULES, type HttpOptions, type Runs } from '../http/client.ts';
import type { StandardPipeline } from '../http/standard.ts';
import { type Answer, Delivery } from './delivery.ts';
import { Outgoing } from './outgoing.ts';
import { Sending } from './sending.ts';

/** Options of `resilience`. */
export interface ResilienceOptions<P extends Runs<Answer> = Keyed<StandardPipeline>> extends HttpOptions<P> {
  /**
   * Which of a keyed pipeline's a request runs through. Default: its origin; where the options of the dispatch do not
   * say it, as those of a `Client` or a `Pool`, one for each dispatcher: `client`, `client-2`, …
   */
  readonly keyOf?: ((url: string, options: Dispatcher.DispatchOptions) => string) | undefined;
}

/** What `resilience` returns: an interceptor, and what its requests run through. */
export type Resilience<P = Keyed<StandardPipeline>> = Dispatcher.DispatcherComposeInterceptor & {
  /** To listen to, and to look at. */
  readonly pipeline: P;
};

/**
 * An interceptor for `compose` of undici 7, with the policies of a pipeline around each request. Without options that
 * is the standard pipeline: see `standardPipeline`. It stands last in `compose`, so that each attempt goes through the
 * others.
 *
 * - Tried again: network errors, 408, 429, 500, 502, 503, 504; only methods that are idempotent, requests with an
 *   `Idempotency-Key`, or what undici's own option `idempotent` says; a body that is a stream or an iterator is sent
 *   once. So is every body that comes from `fetch`, which makes a stream of it, and every request of `pipeline()`.
 * - What an answer counts as is said by `httpJudge`. One of 500 or above that is the last is passed on as it is.
 * - A run ends when the headers are there; its deadline and the caller's signal hold until the body has ended.
 * - Upgrades and `CONNECT` pass through as they are.
 * - Errors and rejections arrive where those of undici do.
 *
 * @throws TypeError | RangeError - for a bad option
 * @example
 * const agent = new Agent().compose(resilience());
 * const { body } = await request('https://api.example.com/items', { dispatcher: agent });
 */
export function resilience<P extends Runs<Answer> = Keyed<StandardPipeline>>(
  options: ResilienceOptions<P> = {},
): Resilience<P> {
  const settings = settle<ResilienceOptions<Runs<Answer>>>('resilience', options, HTTP_RULES);
  const { pipeline, judge, methods, run } = clientOf('resilience', settings);
  const { keyOf } = settings;
  let unnamed = 0;

  function interceptor(dispatch: Dispatcher['dispatch']): Dispatcher['dispatch'] {
    let name: string | undefined;
    const ownName = (): string => {
      name ??= unnamed++ === 0 ? 'client' : `client-${unnamed}`;
      return name;
    };

    return (request, handler) => {
      const outgoing = read(request, methods);
      if (outgoing === undefined) return dispatch(request, handler);
      // `compose` wraps those of undici before 7.
      if (typeof handler?.onRequestStart !== 'function')
        throw allowed('resilience', 'handler', handler, 'a handler with onRequestStart');
      const { method, url, origin, idempotent } = outgoing;
      const delivery = new Delivery(handler);
      delivery.begin();
      const sending = new Sending(dispatch, outgoing, delivery, settings);
      const through = async (): Promise<unknown> =>
        run(keyOf?.(url, request) ?? origin ?? ownName(), (call) => sending.send(call), {
          signal: delivery.signal,
          judge,
          idempotent,
          context: { method, url },
        });
      void sending.settle(through());
      return sending.accepts;
    };
  }
  return Object.assign(interceptor, { pipeline: pipeline as P });
}

/** Options that cannot be read are left to undici, which says what is wrong with them; upgrades are no requests. */
function read(request: Dispatcher.DispatchOptions, methods: ReadonlySet<string>): Outgoing | undefined {
  try {
    return request.upgrade || request.method === 'CONNECT' ? undefined : new Outgoing(request, methods);
  } catch {
    return undefined;
  }
}
