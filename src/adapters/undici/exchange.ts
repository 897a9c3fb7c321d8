/** One request on its way and the answer to it: what an attempt of a dispatch does. */
import type { Dispatcher } from 'undici';
import type { Call, CallNode } from '../../core/call.ts';
import { Link } from '../../core/links.ts';
import type { Failure } from '../../core/outcome.ts';
import { type Deferred, deferred } from '../../core/promises.ts';
import type { Dependent } from '../../core/scope.ts';
import { type BodyDeadline, bodyDeadline, READ_AHEAD } from '../http/body.ts';
import type { Answer, AnswerHeaders, Delivery, Ending, Raw, Source } from './delivery.ts';

type Controller = Dispatcher.DispatchController;

export class Exchange extends Link implements Dependent, Dispatcher.DispatchHandler, Source {
  answer: Answer | undefined = undefined;
  rawHeaders: Raw = null;
  readonly chunks: Buffer[] = [];
  ending: Ending | undefined = undefined;
  readonly #call: CallNode;
  readonly #delivery: Delivery;
  readonly #answered: Deferred<Answer> = deferred();
  #controller: Controller | undefined = undefined;
  #dropped: Error | undefined = undefined;
  #read = 0;

  constructor(call: Call, delivery: Delivery) {
    super();
    this.#call = call as CallNode;
    this.#delivery = delivery;
  }

  /** Until when its body has to be there. */
  get deadline(): BodyDeadline {
    return bodyDeadline(this.#call, this.#call.scope);
  }

  /** Waits for the headers, once `dispatch` has sent it. */
  async headersOf(dispatch: (handler: Dispatcher.DispatchHandler) => void): Promise<Answer> {
    this.#call.scope.add(this);
    try {
      try {
        dispatch(this);
      } catch (error) {
        this.#answered.reject(error);
      }
      return await this.#answered.promise;
    } finally {
      this.unlink();
    }
  }

  /** The run gives the attempt up, or asks it to stop. */
  onStop({ error }: Failure): void {
    this.drop(error as Error);
    // undici keeps it until it has a connection: nothing was sent, and nothing will be.
    if (this.#controller === undefined) this.#answered.reject(error);
  }

  /** Nobody will read the answer: its socket is closed, unless it is free already. */
  drop(why: Error): void {
    if (this.#dropped !== undefined) return;
    this.#dropped = why;
    this.chunks.length = 0;
    const open = this.ending === undefined;
    this.ending = { error: why };
    if (open) this.#controller?.abort(why);
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#controller = controller;
    if (this.#dropped !== undefined) controller.abort(this.#dropped);
    else Object.assign(this.#delivery.context, context);
  }

  onResponseStarted(): void {
    this.#delivery.started();
  }

  onResponseStart(
    controller: Controller,
    statusCode: number,
    headers: AnswerHeaders,
    statusMessage?: string,
  ): void {
    if (this.#dropped !== undefined) return;
    const answer = { statusCode, headers, statusMessage };
    if (statusCode < 200) return this.#delivery.interim(answer, controller.rawHeaders ?? null);
    this.answer = answer;
    this.rawHeaders = controller.rawHeaders ?? null;
    this.#answered.resolve(answer);
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.#dropped !== undefined) return;
    this.chunks.push(chunk);
    if (this.#delivery.isOf(this)) return this.#delivery.handOn(this);
    // Until the run has ended, what comes is read and kept, up to a limit: an answer that is tried again gives its socket
    // back, and may yet be the one that the handler gets; for the others it is cheaper than to pause.
    this.#read += chunk.length;
    if (this.#read > READ_AHEAD) controller.pause();
  }

  onResponseEnd(controller: Controller, trailers: AnswerHeaders): void {
    this.#end({ trailers, raw: controller.rawTrailers ?? null });
  }

  onResponseError(_: Controller | undefined, error: Error): void {
    this.#answered.reject(error);
    this.#end({ error });
  }

  #end(ending: Ending): void {
    this.ending = ending;
    this.#delivery.handOn(this);
  }
}
