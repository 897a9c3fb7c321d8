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
    const { statusCode, headers, body } = Object(answer) as Answer;
    const what = 'what the pipeline returns';
    if (typeof statusCode !== 'number' || typeof headers !== 'object' || headers === null)
      throw allowed('resilience', what, answer, 'an answer with statusCode and headers');
    if (body != null && typeof body !== 'string' && !ArrayBuffer.isView(body))
      throw allowed('resilience', `the body of ${what}`, body, 'a string or bytes');
    this.answer = answer as Answer;
    this.chunks = body?.length ? [Buffer.from(body as Uint8Array)] : [];
  }

  pause(): void {}

  resume(): void {}

  drop(): void {
    this.chunks.length = 0;
  }
}
