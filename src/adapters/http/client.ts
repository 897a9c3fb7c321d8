/** What the clients of HTTP have in common: the options, and how they say what a request runs through. */
import type { Judge } from '../../core/judge.ts';
import { allowed, FLAG, FUNCTION, type Rules, TEXT } from '../../core/options.ts';
import type { Operation } from '../../core/policy.ts';
import type { RunOptions } from '../../core/run.ts';
import type { Keyed } from '../../pipeline/keyed.ts';
import { httpJudge } from './judge.ts';
import { IDEMPOTENT_METHODS } from './methods.ts';
import { type StandardPipeline, standardPipelines } from './standard.ts';

/** A pipeline whose runs end in an answer, also where it has a fallback. */
export interface RunsOne<Answer = Response> {
  /** As of a pipeline. */
  run<T>(operation: Operation<T>, options?: RunOptions): Promise<T | Answer>;
}

/** The same, one for each key. */
export interface RunsKeyed<Answer = Response> {
  /** What there is for a key. */
  get(key: string): unknown;
  /** As of a pipeline, the one of the key. */
  run<T>(key: string, operation: Operation<T>, options?: RunOptions): Promise<T | Answer>;
}

/** What a request runs through. */
export type Runs<Answer> = RunsOne<Answer> | RunsKeyed<Answer>;

/** Options of every client of HTTP. */
export interface HttpOptions<P = Keyed<StandardPipeline>> {
  /**
   * What each request runs through: one pipeline for all, or a pipeline for each key. Default: the standard pipeline,
   * one for each of up to 1_000 origins.
   */
  readonly pipeline?: P | undefined;
  /** Asked before `httpJudge`, which answers where this does not. `call.context` is `{ method, url }`. */
  readonly judge?: Judge | undefined;
  /**
   * Methods of requests that may be sent again. Others are only with an `Idempotency-Key` header. Default: GET, HEAD,
   * OPTIONS, PUT, DELETE, TRACE.
   */
  readonly retryMethods?: readonly string[] | undefined;
  /**
   * Throw an `HttpError` for an answer of 408, 429, or 500 and above, instead of passing it on: then a fallback in the
   * pipeline takes its place. Default: false.
   */
  readonly throwOnFailure?: boolean | undefined;
  /**
   * The header in which each attempt says how many milliseconds are left to answer it; `remainingMs` reads it on the
   * other side. Default: none.
   */
  readonly deadlineHeader?: string | undefined;
}

/** The rules of these options, and of `keyOf`, which each client has in its own terms. */
export const HTTP_RULES: Rules = {
  pipeline: ['a pipeline, or what keyed() returned', undefined, 'run', 'on'],
  keyOf: [FUNCTION],
  judge: [FUNCTION],
  retryMethods: ['an array of method names', IDEMPOTENT_METHODS, 'map'],
  throwOnFailure: [FLAG, false],
  deadlineHeader: [TEXT],
};

/** The same options, checked, in the form in which each request asks for them. */
export interface Client<Answer> {
  readonly pipeline: Runs<Answer>;
  readonly judge: Judge;
  readonly methods: ReadonlySet<string>;
  readonly run: <T>(key: string, operation: Operation<T>, options: RunOptions) => Promise<T | Answer>;
}

export function clientOf<Answer>(where: string, settings: HttpOptions<Runs<Answer>>): Client<Answer> {
  // The standard pipelines end in what the operation ends in, whatever that is.
  const {
    judge,
    pipeline = standardPipelines() as Runs<Answer>,
    retryMethods = [],
    deadlineHeader,
  } = settings;
  if (deadlineHeader !== undefined) checkHeader(where, deadlineHeader);
  return {
    pipeline,
    judge: judge ? (outcome, call) => judge(outcome, call) ?? httpJudge(outcome, call) : httpJudge,
    methods: new Set(retryMethods.map((method) => methodOf(where, method))),
    run: isKeyed(pipeline)
      ? (key, operation, options) => pipeline.run(key, operation, options)
      : (_, operation, options) => pipeline.run(operation, options),
  };
}

const isKeyed = <Answer>(pipeline: Runs<Answer>): pipeline is RunsKeyed<Answer> => 'get' in pipeline;

function methodOf(where: string, method: unknown): string {
  if (typeof method === 'string' && method !== '') return method.toUpperCase();
  throw allowed(where, 'retryMethods', method, 'an array of method names');
}

function checkHeader(where: string, name: string): void {
  try {
    new Headers([[name, '']]);
  } catch {
    throw allowed(where, 'deadlineHeader', name, 'a name for a header');
  }
}
