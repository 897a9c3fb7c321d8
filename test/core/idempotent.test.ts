/** A run that says it is not idempotent is not tried again, whatever the judges say. */
import { constant, pipeline, retry } from 'holdfast';
import { expect, test } from 'vitest';

const eager = { verdict: 'failure', retry: true } as const;

test.each([
  ['by default', {}],
  ['where the judge of the retry says so', { judge: () => eager }],
])('an error that would be tried again %s is not', async (_, options) => {
  const subject = pipeline('api', retry({ backoff: constant(0), ...options }));
  let invoked = 0;
  const operation = async (): Promise<never> => {
    invoked++;
    throw new Error('down');
  };
  await expect(subject.run(operation, { idempotent: false })).rejects.toThrow('down');
  expect(invoked).toBe(1);
  await expect(subject.run(operation, { idempotent: true })).rejects.toThrow('down');
  await expect(subject.run(operation)).rejects.toThrow('down');
  expect(invoked).toBe(7);
});

test("a value that is a failure stands, and is reported as the judge's decision", async () => {
  const subject = retry({ backoff: constant(0), judge: () => eager });
  const reasons: string[] = [];
  subject.on('exhausted', ({ reason }) => reasons.push(reason));
  expect(await subject.run(({ attempt }) => attempt, { idempotent: false, judge: () => eager })).toBe(1);
  expect(reasons).toEqual(['judge']);
});
