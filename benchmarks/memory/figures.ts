/** What the memory that was measured comes to, with the bars. */
import type { Figure } from '../figures.ts';
import { apart } from './apart.ts';
import { ORDERS, type Order } from './waiters.ts';

/** How much of everything. */
export interface Sizes {
  readonly breakers: number;
  readonly made: number;
  readonly inFlight: number;
  readonly waiters: number;
}

const FEW = 1_000;
const number = (value: number): string => value.toLocaleString('en');

async function breakers(sizes: Sizes): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const library of ['holdfast', 'cockatiel', 'opossum'] as const) {
    const { idle, used, timers } = await apart('breakers', library, sizes.breakers);
    const bar = (atMost: number) => library === 'holdfast' && { atMost };
    const what = `${library}: a breaker over 10 s`;
    figures.push(
      { what: `${what}, idle`, unit: 'bytes', measured: idle, ...bar(600) },
      { what: `${what}, after 1,000 calls`, unit: 'bytes', measured: used, ...bar(1_200) },
      { what: `${what}, idle`, unit: 'timers', measured: timers, ...bar(0) },
    );
  }
  return figures;
}

async function making({ made }: Sizes): Promise<Figure[]> {
  const { ms, timers } = await apart('making', made);
  const what = `holdfast: ${number(made)} breakers are made`;
  return [
    { what, unit: 'ms for all', measured: ms, atMost: made / 500 },
    { what, unit: 'timers', measured: timers, atMost: 0 },
  ];
}

async function inFlight({ inFlight: calls }: Sizes): Promise<Figure[]> {
  const byHand = await apart('in flight', 'by hand, tuned', calls);
  const ours = await apart('in flight', 'holdfast', calls);
  const what = `${number(calls)} calls in flight under one time-out`;
  return [
    { what: `by hand, tuned: ${what}`, unit: 'bytes a call', measured: byHand.bytes },
    { what: `holdfast: ${what}`, unit: 'bytes a call', measured: ours.bytes },
    {
      what: `holdfast: ${what}`,
      unit: 'bytes a call beyond by hand',
      measured: ours.bytes - byHand.bytes,
      atMost: 250,
    },
    { what: `holdfast: ${what}`, unit: 'timers in all', measured: ours.timers, atMost: 1 },
  ];
}

async function waiters({ waiters: many }: Sizes): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const order of Object.keys(ORDERS) as Order[]) {
    for (const whose of ['no queue', 'holdfast'] as const) {
      const few = await apart('waiters', whose, order, FEW);
      const all = (await apart('waiters', whose, order, many)).median;
      const what = (count: number): string => `${whose}: ${number(count)} waiters aborted ${order}`;
      const bar = whose === 'holdfast' && { atMost: 4 };
      figures.push(
        { what: what(FEW), unit: 'ns each', measured: few },
        { what: what(many), unit: 'ns each', measured: all },
        { what: what(many), unit: `times as long as of ${number(FEW)}`, measured: all / few.median, ...bar },
      );
    }
    const steps = await apart('steps of waiters', 'holdfast', order, FEW);
    const stepsOfAll = await apart('steps of waiters', 'holdfast', order, many);
    figures.push({
      what: `holdfast: ${number(many)} waiters aborted ${order}`,
      unit: `steps more each than of ${number(FEW)}, in percent`,
      measured: Math.abs(stepsOfAll / steps - 1) * 100,
      atMost: 1,
    });
  }
  return figures;
}

/** One after the other, since each takes much memory. */
export async function measureAll(sizes: Sizes, say: (line: string) => void): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const measure of [breakers, making, inFlight, waiters]) {
    say(`measuring ${measure.name}`);
    figures.push(...(await measure(sizes)));
  }
  return figures;
}
