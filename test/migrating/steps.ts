/**
 * The worked migration of a page: its blocks under "### Step n", loaded as the service that each of them is, with
 * fresh policies, a scripted server in place of `fetch`, and fake timers, which drive both libraries.
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Watched, watch } from '../field/support.ts';
import { docModules } from '../support/doc-blocks.ts';

interface Service {
  getStock(sku: string, signal?: AbortSignal): Promise<number | 'unknown'>;
}

export interface Step {
  readonly name: string;
  readonly file: string;
}

/** Apart from those of docs.test.ts, which runs at the same time. */
const folder = resolve('test/.generated/migrating');

export function stepsOf(page: string): Step[] {
  mkdirSync(folder, { recursive: true });
  const text = readFileSync(page, 'utf8');
  const headings = text.split('\n').map((line) => /^### (Step \d+):/.exec(line)?.[1]);
  return docModules(page, text).flatMap((module) => {
    const section = headings
      .slice(0, module.line)
      .filter((heading) => heading !== undefined)
      .at(-1);
    if (section === undefined || !module.text.includes('export function getStock')) return [];
    const file = join(folder, `${basename(page, '.md')}.${section.replace(' ', '-')}.ts`);
    if (!existsSync(file) || readFileSync(file, 'utf8') !== module.text) writeFileSync(file, module.text);
    return [{ name: section, file }];
  });
}

/** What the server does with the request: a status, nothing, or nothing whatever the request's signal says. */
type Behaviour = number | 'hang' | 'deaf';

export interface Bench extends Service {
  /** How many requests the server has seen. */
  requests(): number;
  /** How many it has at work, and the most it ever had. */
  working(): number;
  mostWorking(): number;
  /** From now on, it behaves so. */
  behave(behaviour: Behaviour): void;
  /** Ends the oldest request that hangs. */
  endOne(): void;
  advance(ms: number): Promise<void>;
  /** A call of the service, watched. */
  ask(signal?: AbortSignal): Watched;
  /** Lets time pass until it has settled, and says how long that took, in ms. */
  settle(call: Watched): Promise<number>;
}

const PATIENCE_MS = 20_000;

export async function bench({ file }: Step): Promise<Bench> {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) });
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  let behaviour: Behaviour = 200;
  let [requests, working, mostWorking] = [0, 0, 0];
  const hanging: (() => void)[] = [];

  const answer = (status: number) => Response.json({ left: 7 }, { status });
  function fetch(_url: string, { signal }: { signal?: AbortSignal }): Promise<Response> {
    if (signal?.aborted) return Promise.reject(signal.reason); // as the real one: nothing is sent
    requests++;
    const kind = behaviour;
    if (typeof kind === 'number') return Promise.resolve(answer(kind));
    mostWorking = Math.max(mostWorking, ++working);
    return new Promise<Response>((resolve, reject) => {
      hanging.push(() => resolve(answer(200)));
      if (kind === 'hang') signal?.addEventListener('abort', () => reject(signal.reason));
    }).finally(() => working--);
  }

  vi.stubGlobal('fetch', fetch);
  vi.resetModules();
  const service = (await import(/* @vite-ignore */ file)) as Service;
  onTestFinished(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  const advance = async (ms: number) => void (await vi.advanceTimersByTimeAsync(ms));
  return {
    getStock: service.getStock,
    requests: () => requests,
    working: () => working,
    mostWorking: () => mostWorking,
    behave: (next) => {
      behaviour = next;
    },
    endOne: () => hanging.shift()?.(),
    advance,
    ask: (signal) => watch(service.getStock('kelp', signal)),
    async settle(call) {
      let passed = 0;
      await advance(0);
      for (; call.status === 'pending' && passed < PATIENCE_MS; passed++) await advance(1);
      return passed;
    },
  };
}

/** Lets calls fail until one is refused. */
export async function open(service: Bench): Promise<void> {
  service.behave(503);
  while (true) {
    const before = service.requests();
    await service.settle(service.ask());
    if (service.requests() === before) break;
  }
}

/** Each row drives a step, and says what it saw in the words of the table. */
export type Rows = Readonly<Record<string, (service: Bench) => Promise<string>>>;

/** Holds the page's table of what changes to what is seen: its first cells are the names of the rows. */
export function describeTable(page: string, steps: readonly Step[], rows: Rows): void {
  const part = /<!-- steps -->([\s\S]*?)<!-- end steps -->/.exec(readFileSync(page, 'utf8'))?.[1] ?? '';
  const lines = part.trim().split('\n').slice(2);
  const table = lines.map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );

  describe('the table of what changes', () => {
    test('has the rows that are measured', () => {
      expect(table.map(([row]) => row)).toEqual(Object.keys(rows));
    });

    test.each(Object.entries(rows))('%s', async (row, measure) => {
      const seen: string[] = [];
      for (const step of steps) {
        seen.push(await measure(await bench(step)));
        vi.useRealTimers();
      }
      expect(table.find(([first]) => first === row)).toEqual([row, ...seen]);
    });
  });
}
