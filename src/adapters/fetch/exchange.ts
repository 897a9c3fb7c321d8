/** One request on its way and the answer to it: what an attempt of a call of `fetch` does. */
import type { Call, CallNode } from '../../core/call.ts';
import { Link } from '../../core/links.ts';
import { allowed } from '../../core/options.ts';
import type { Failure } from '../../core/outcome.ts';
import type { Dependent } from '../../core/scope.ts';
import { bodyDeadline, READ_AHEAD } from '../http/body.ts';
import { guardBody } from './guard.ts';

const ignore = (): void => {};

export class Exchange extends Link implements Dependent {
  /** The one before it of the same call. */
  readonly earlier: Exchange | undefined;
  response: Response | undefined = undefined;
  readonly #stop = new AbortController();
  readonly #call: CallNode;
  #ahead: ReadableStreamDefaultReader<Uint8Array> | undefined = undefined;
  /** Whether all of the answer was read ahead. */
  #whole = false;

  constructor(call: Call, earlier: Exchange | undefined) {
    super();
    this.earlier = earlier;
    this.#call = call as CallNode;
  }

  /** Aborts when the attempt is given up, and after that when its body is late or the caller's signal aborts. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** It is on its way: until there is an answer it stops with the attempt. */
  sent(): void {
    this.#call.scope.add(this);
  }

  /** The headers are there. */
  answered(response: Response, callers: AbortSignal | undefined): void {
    // A mock that was told no answer gives none.
    if (response == null) throw allowed('resilientFetch', 'what fetch returns', response, 'a Response');
    this.response = response;
    const { scope } = this.#call;
    const { body } = response;
    if (scope.gaveUp) this.drop();
    else if (body != null) guardBody(body, bodyDeadline(this.#call, scope), callers, this.#stop);
  }

  /** The run gives the attempt up, or asks it to stop. */
  onStop(why: Failure): void {
    this.#stop.abort(why.error);
  }

  /**
   * It will probably be sent again: what the answer says is read now, up to a limit, so that its socket is free for
   * others meanwhile. The answer keeps it, for it may yet be the one that the caller gets.
   */
  async readAhead(): Promise<void> {
    const { response } = this;
    // Answers of other makes of fetch, and of mocks, may have bodies of other kinds: these are left alone.
    if (typeof response?.body?.getReader !== 'function') return;
    try {
      const ahead = response.clone().body!.getReader();
      this.#ahead = ahead;
      for (let read = 0; read <= READ_AHEAD; ) {
        const { done, value } = await ahead.read();
        if (done) {
          this.#whole = true;
          return;
        }
        read += value.byteLength;
      }
      this.keep();
    } catch {
      // Whoever reads the answer learns of it.
    }
  }

  /** The answer is the caller's, who alone reads on. */
  keep(): void {
    this.#ahead?.cancel().catch(ignore);
  }

  /** Nobody will read the answer: its socket is set free, or closed if there is more to come. */
  drop(): void {
    if (this.#whole) return;
    this.keep();
    void this.#cancel();
  }

  async #cancel(): Promise<void> {
    try {
      await this.response?.body?.cancel();
    } catch {
      this.#stop.abort();
    }
  }
}
