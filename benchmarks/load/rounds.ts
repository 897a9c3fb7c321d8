/**
 * The services take turns, in an order that moves on by one from round to round and is turned around each time, so that
 * none always comes after the same other.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Name } from './candidates.ts';
import { drive, type Load, type Target } from './driver.ts';
import type { Process } from './processes.ts';
import type { Answers } from './protocol.ts';
import { answeredIn, expectGood, latencies, type Span } from './requests.ts';

/** What was measured of one service in one round; nothing where there is nothing to measure. */
export type Sample = Readonly<Record<string, number | undefined>>;
export type Samples = ReadonlyMap<Name, readonly Sample[]>;

export async function inTurns(
  names: readonly Name[],
  rounds: number,
  measure: (name: Name) => Promise<Sample>,
): Promise<Samples> {
  const samples = new Map<Name, Sample[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const first = round % names.length;
    const order = [...names.slice(first), ...names.slice(0, first)];
    for (const name of round % 2 === 0 ? order : order.reverse()) {
      samples.get(name)?.push(await measure(name));
    }
  }
  return samples;
}

export type Usage = ReturnType<Answers['usage']>;

/** What the service's process takes meanwhile, and the time that it was. */
export async function watched(service: Process, ms: number): Promise<{ span: Span; usage: Usage }> {
  await service.ask('watch');
  const from = performance.now();
  await sleep(ms);
  const to = performance.now();
  return { span: [from, to], usage: await service.ask('usage') };
}

/** Whatever comes of `use`, the load ends. */
export async function loaded<T>(
  targets: readonly Target[],
  use: (...loads: Load[]) => Promise<T>,
): Promise<T> {
  const loads = await Promise.all(targets.map(drive));
  try {
    return await use(...loads);
  } finally {
    await Promise.all(loads.map((load) => load.stop()));
  }
}

/** While the dependency is well. */
export const measureWell = (
  service: Process,
  target: Omit<Target, 'port'>,
  { warmMs, ms }: { readonly warmMs: number; readonly ms: number },
): Promise<Sample> =>
  loaded([{ ...target, port: service.port }], async (load) => {
    await sleep(warmMs);
    const { span, usage } = await watched(service, ms);
    const answered = answeredIn(load.requests, span);
    expectGood(answered, 'while it was driven');
    return {
      perSecond: (answered.length / (span[1] - span[0])) * 1_000,
      ...latencies(answered),
      cpuMicroseconds: (usage.cpuMs * 1_000) / answered.length,
    };
  });
