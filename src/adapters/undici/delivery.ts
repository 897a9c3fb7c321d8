/**
 * What the handler of a dispatch is told, once each: that it began, interim answers, the one answer that is kept with its
 * body, and the end. It is the handler's controller too, the same one for all attempts.
 */
import type { Dispatcher } from 'undici';
import { type BodyDeadline, whenLate } from '../http/body.ts';

type Handler = Dispatcher.DispatchHandler;
type Controller = Dispatcher.DispatchController;
export type Raw = Exclude<Controller['rawHeaders'], undefined>;

/** The headers of an answer, or its trailers, by name in small letters. */
export type AnswerHeaders = Record<string, string | string[] | undefined>;

/** An answer as judges and fallbacks see it: what a run through the interceptor ends in. */
export interface Answer {
  readonly statusCode: number;
  readonly headers: AnswerHeaders;
  readonly statusMessage?: string | undefined;
  /** Only of an answer that a fallback makes up. Default: empty. */
  readonly body?: string | Uint8Array | undefined;
}

/** How a body ended. */
export type Ending = { readonly trailers: AnswerHeaders; readonly raw: Raw } | { readonly error: Error };

/** An answer whose body comes, or has come. */
export interface Source {
  readonly answer: Answer | undefined;
  readonly rawHeaders: Raw;
  /** What has come of its body, and was not yet handed on. */
  readonly chunks: Buffer[];
  /** Once all of it has come. */
  readonly ending: Ending | undefined;
  pause(): void;
  resume(): void;
  /** Nobody reads on. */
  drop(why: Error): void;
}

/** undici's own, which cannot be imported: the module loads without undici. */
const abortError = (): Error =>
  Object.assign(new Error('Request aborted'), { name: 'AbortError', code: 'UND_ERR_ABORTED' });

export class Delivery implements Controller {
  aborted = false;
  reason: Error | null = null;
  paused = false;
  rawHeaders: Raw = null;
  rawTrailers: Raw = null;
  /** What interceptors further in have to say beside the answer, `history` say. */
  readonly context: Record<string, unknown> = {};
  readonly #handler: Handler;
  readonly #stop = new AbortController();
  #source: Source | undefined = undefined;
  #stopAlarm: (() => void) | undefined = undefined;
  #handing = false;
  #over = false;

  constructor(handler: Handler) {
    this.#handler = handler;
  }

  /** Aborts when the handler does so before it has an answer. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  begin(): void {
    this.#guarded(() => this.#handler.onRequestStart?.(this, this.context));
  }

  /** The first byte of an answer has come: handlers from before undici 7 measure the time until then. */
  started(): void {
    if (!this.#over) this.#handler.onResponseStarted?.();
  }

  /** An answer of 1xx. */
  interim(answer: Answer, rawHeaders: Raw): void {
    if (this.#over || this.aborted) return;
    const { paused } = this;
    this.#announce(answer, rawHeaders);
    this.paused = paused; // there is no body to hold back, and the next answer is not meant
  }

  /** This is the answer. */
  deliver(source: Source, deadline?: BodyDeadline): void {
    this.#source = source;
    if (this.aborted) return this.fail(this.reason as Error);
    if (this.paused) source.pause(); // since before there was an answer
    this.#announce(source.answer as Answer, source.rawHeaders);
    this.handOn(source);
    // Most bodies come with their headers, and need no timer.
    if (this.#over || deadline === undefined) return;
    this.#stopAlarm = whenLate(deadline, (error) => this.fail(error));
  }

  /** Whether that was said of this one. */
  isOf(source: Source): boolean {
    return source === this.#source;
  }

  /** Hands on what has come, as far as the handler takes it. */
  handOn(source: Source): void {
    if (!this.isOf(source) || this.#over || this.#handing) return;
    this.#handing = true;
    this.#guarded(() => {
      while (!this.paused && source.chunks.length > 0)
        this.#handler.onResponseData?.(this, source.chunks.shift() as Buffer);
    });
    this.#handing = false;
    const { ending } = source;
    if (ending !== undefined && 'error' in ending) this.fail(ending.error);
    else if (this.paused || this.#over) return;
    else if (ending === undefined) source.resume();
    else this.#end(ending.trailers, ending.raw);
  }

  /** There is no answer, or no more of it. */
  fail(error: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#stopAlarm?.();
    this.#source?.drop(error);
    this.#handler.onResponseError?.(this, error);
  }

  pause(): void {
    this.paused = true;
    this.#source?.pause();
  }

  resume(): void {
    this.paused = false;
    if (this.#source !== undefined) this.handOn(this.#source);
  }

  abort(reason?: Error): void {
    if (this.aborted || this.#over) return;
    this.aborted = true;
    this.reason = reason ?? abortError();
    if (this.#source === undefined) this.#stop.abort(this.reason);
    else this.fail(this.reason);
  }

  #announce({ statusCode, headers, statusMessage }: Answer, rawHeaders: Raw): void {
    this.rawHeaders = rawHeaders;
    this.#guarded(() => this.#handler.onResponseStart?.(this, statusCode, headers, statusMessage));
  }

  #end(trailers: AnswerHeaders, raw: Raw): void {
    this.#over = true;
    this.#stopAlarm?.();
    this.rawTrailers = raw;
    try {
      this.#handler.onResponseEnd?.(this, trailers);
    } catch (error) {
      this.#handler.onResponseError?.(this, error as Error);
    }
  }

  /** What the handler throws ends its request, as in undici. */
  #guarded(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.abort(error as Error);
    }
  }
}
