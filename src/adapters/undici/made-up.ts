/** An answer that was never on the wire: that of a fallback. */
import { allowed } from '../../core/options.ts';
import type { Answer, Ending, Source } from './delivery.ts';

export class MadeUp implements Source {
  readonly answer: Answer;
  readonly rawHeaders = null;
  readonly chunks: Buffer[];
  readonly ending: Ending = { trailers: {}, raw: null };

  /** @throws TypeError - if it is no answer */
  constructor(answer: unknown) {
    const { statusCode, headers, body = '' } = Object(answer) as Answer;
    if (typeof statusCode !== 'number' || typeof Object(headers) !== 'object' || headers == null)
      throw allowed(
        'resilience',
        'what the pipeline returns',
        answer,
        'an answer with statusCode and headers',
      );
    this.answer = answer as Answer;
    this.chunks = body.length === 0 ? [] : [Buffer.from(body as Uint8Array)];
  }

  pause(): void {}

  resume(): void {}

  drop(): void {
    this.chunks.length = 0;
  }
}
