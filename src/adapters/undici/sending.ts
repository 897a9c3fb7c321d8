/** One dispatch through a pipeline: its attempts, and in the end the one answer that the handler gets. */
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Call } from '../../core/call.ts';
import { deadlineValue } from '../http/deadline.ts';
import { HttpError } from '../http/errors.ts';
import { isFailed } from '../http/judge.ts';
import type { Answer, Delivery, Source } from './delivery.ts';
import { Exchange } from './exchange.ts';
import { MadeUp } from './made-up.ts';
import type { Outgoing } from './outgoing.ts';

export interface Manner {
  readonly throwOnFailure?: boolean | undefined;
  readonly deadlineHeader?: string | undefined;
}

const ignore = (): void => {};
const unread = (): Error => new Error('Another answer than this one is read');

export class Sending {
  /** What the dispatcher said to the last attempt: whether it takes more. */
  accepts = true;
  readonly #dispatch: Dispatcher['dispatch'];
  readonly #outgoing: Outgoing;
  readonly #delivery: Delivery;
  readonly #manner: Manner;
  readonly #exchanges: Exchange[] = [];

  constructor(dispatch: Dispatcher['dispatch'], outgoing: Outgoing, delivery: Delivery, manner: Manner) {
    this.#dispatch = dispatch;
    this.#outgoing = outgoing;
    this.#delivery = delivery;
    this.#manner = manner;
  }

  /** One attempt. */
  async send(call: Call): Promise<Answer> {
    const { throwOnFailure, deadlineHeader } = this.#manner;
    const outgoing = this.#outgoing;
    this.#dropAllBut(undefined);
    const exchange = new Exchange(call, this.#delivery, outgoing.idempotent);
    this.#exchanges.push(exchange);
    const header = call.remainingMs === Infinity ? undefined : deadlineHeader;
    const options = outgoing.options(header, header && deadlineValue(call.remainingMs));
    const answer = await exchange.headersOf((handler) => {
      this.accepts = this.#dispatch(options, handler);
    });
    if (throwOnFailure && isFailed(answer.statusCode))
      throw new HttpError(answer, { policy: 'undici', pipeline: call.pipeline });
    return answer;
  }

  /** The run has ended: the handler gets its answer, or the error. */
  async settle(run: Promise<unknown>): Promise<void> {
    const { body } = this.#outgoing;
    // Nobody else listens yet to a stream that waits to be sent: its error would end the process.
    if (isReadable(body)) body.on('error', ignore);
    let exchange: Exchange | undefined;
    let source: Source;
    try {
      const answer = await run;
      exchange = this.#exchanges.find((each) => each.answer === answer);
      source = exchange ?? new MadeUp(answer);
    } catch (error) {
      return this.#delivery.fail(error as Error);
    } finally {
      this.#dropAllBut(exchange);
      if (isReadable(body)) body.off('error', ignore);
    }
    this.#delivery.deliver(source, exchange?.deadline);
  }

  #dropAllBut(kept: Exchange | undefined): void {
    for (const exchange of this.#exchanges) if (exchange !== kept) exchange.drop(unread());
  }
}

const isReadable = (body: unknown): body is Readable =>
  typeof (body as Readable | null | undefined)?.on === 'function';
