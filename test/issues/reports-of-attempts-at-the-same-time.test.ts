// The first of two attempts that ran at the same time on one call, as a hedge makes them, ended both in the report.
import { type CallReport, type Layer, pipeline } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, test } from 'vitest';

test('each of two attempts at the same time has an end of its own', async () => {
  const clock = new VirtualClock();
  const both: Layer = {
    around: (next) => async (operation, call) => {
      const runs = [next(operation, call), next(operation, call)];
      return (await Promise.all(runs))[0] as Awaited<(typeof runs)[number]>;
    },
  };
  const subject = pipeline({ name: 'p', clock }, both);
  const reports: CallReport[] = [];
  subject.on('call', (report) => reports.push(report));
  let started = 0;
  const run = subject.run(() => {
    const ms = started++ === 0 ? 100 : 10;
    return new Promise((resolve) => void clock.setTimer(ms, () => resolve(ms)));
  });
  await clock.advance(100);
  expect(await run).toBe(100);
  const attempts = reports[0]?.attempts.map(({ endMs, outcome }) => [endMs, outcome?.value]);
  expect(attempts).toEqual([
    [100, 100],
    [10, 10],
  ]);
});
