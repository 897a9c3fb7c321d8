/** The types of the interceptor, beside undici's own. */
import { fallback, keyed, pipeline, retry } from 'holdfast';
import { type Answer, type Resilience, resilience } from 'holdfast/undici';
import { Agent, type Dispatcher } from 'undici';

const kept: Answer = { statusCode: 200, headers: {}, body: 'kept' };

export const standard: Resilience = resilience();
export const composed: Dispatcher = new Agent().compose(
  resilience({ pipeline: pipeline('api', fallback(kept), retry()), throwOnFailure: true }),
  resilience({ pipeline: keyed((key) => pipeline(key, retry())), keyOf: (url, { method }) => method + url }),
);

// @ts-expect-error a fallback has to make up an answer
resilience({ pipeline: pipeline('api', fallback('no answer')) });
