/** The demo as a user starts it, in its quick form: it ends as it says, and leaves nothing behind. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-demo-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Against src/ and not against a build; the demo's own children inherit the hook that does it. */
function start(...args: string[]): { demo: ChildProcess; ended: Promise<Ended> } {
  const hook = ['--disable-warning=ExperimentalWarning', '--import', './test/support/source.ts'];
  const demo = spawn(process.execPath, [...hook, 'examples/demo/main.ts', ...args]);
  const output = { stdout: '', stderr: '' };
  demo.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  demo.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  const ended = once(demo, 'close').then(([code]) => ({ code: code as number | null, ...output }));
  return { demo, ended };
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const run = (...args: string[]): Promise<Ended> => start(...args).ended;

/** Which processes have `mark` on their command line: that is how the children of one demo are told apart. */
function processesWith(mark: string): string[] {
  return readdirSync('/proc').filter((entry) => {
    try {
      return /^\d+$/.test(entry) && readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes(mark);
    } catch {
      return false; // it ended while we looked
    }
  });
}

async function untilGone(mark: string): Promise<string[]> {
  for (let tries = 0; tries < 40 && processesWith(mark).length > 0; tries++) await sleep(50);
  return processesWith(mark);
}

const oneLine = /^demo: [^\n]+\n$/;

describe.concurrent('the demo', () => {
  test('explains itself', async () => {
    const { code, stdout } = await run('--help');
    expect(code).toBe(0);
    for (const flag of ['--seed', '--port', '--svg', '--json', '--quick']) expect(stdout).toContain(flag);
  });

  test.each([
    [['--nonsense'], '--nonsense'],
    [['stray'], 'stray'],
    [['--seed', 'x'], '--seed'],
    [['--port', '70000'], '--port'],
    [['--svg', '/nowhere/at/all.svg'], '--svg'],
  ])('answers %j with one line and exit code 2', async (args, named) => {
    const { code, stdout, stderr } = await run(...args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(oneLine);
    expect(stderr).toContain(named);
  });

  test('answers a taken port with one line and exit code 2', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const taken = (squatter.address() as { port: number }).port;
    const { code, stderr } = await run('--quick', '--port', String(taken - 1));
    squatter.close();
    expect(code).toBe(2);
    expect(stderr).toMatch(oneLine);
    expect(stderr).toContain(`port ${taken} is taken`);
  });

  test('measures three gateways, prints figures for a program, draws its picture and leaves no process', async () => {
    const svg = join(folder, 'picture.svg');
    const seed = '8715001';
    const { code, stdout, stderr } = await run('--quick', '--json', '--seed', seed, '--svg', svg);
    expect(code).toBe(0);
    expect(stderr).toContain('reporting hangs');

    const figures = JSON.parse(stdout);
    expect(figures).toMatchObject({ seed: Number(seed), svg, verdict: { judged: false } });
    expect(figures.runs.map((run: { gateway: string }) => run.gateway)).toEqual([
      'bare',
      'plain timeouts',
      'holdfast',
    ]);
    for (const { phases, detections, recoveries, goodputOverTime } of figures.runs) {
      expect(phases).toHaveLength(4);
      for (const { routes } of phases) {
        for (const route of ['auth', 'payments', 'reporting']) {
          const { sent, goodput, errorRate, p50Ms, p95Ms, p99Ms } = routes[route];
          expect(sent).toBeGreaterThan(20);
          expect(goodput + errorRate).toBeLessThanOrEqual(1);
          expect(p50Ms).toBeLessThanOrEqual(p95Ms);
          expect(p95Ms).toBeLessThanOrEqual(p99Ms);
        }
      }
      expect(detections).toHaveLength(2);
      expect(recoveries).toHaveLength(5); // payments is in trouble itself when that of reporting ends
      expect(goodputOverTime.length).toBeGreaterThan(10);
    }
    // The same arrivals for all three gateways.
    const [bare, plain, holdfast] = figures.runs.map(sentByPhase);
    expect(plain).toEqual(bare);
    expect(holdfast).toEqual(bare);
    const opened = figures.runs[2].circuits.filter((sign: { circuit: string }) => sign.circuit === 'open');
    expect(opened[0]).toMatchObject({ route: 'reporting' });

    const picture = readFileSync(svg, 'utf8');
    expect(picture).toMatch(/^<svg [^]*<\/svg>\n$/);
    expect(picture.match(/<polyline/g)).toHaveLength(9);
    expect(await untilGone(`"seed":${seed}`)).toEqual([]);
  }, 40_000);

  test.each([
    ['SIGINT', 130, '8715002'],
    ['SIGTERM', 143, '8715003'],
    ['SIGKILL', null, '8715004'],
  ] as const)('leaves no process behind when it gets %s', async (signal, expected, seed) => {
    const { demo, ended } = start('--seed', seed, '--svg', join(folder, 'never.svg'));
    const mark = `"seed":${seed}`;
    while (processesWith(mark).length < 4) await sleep(50); // three services and the load generator
    demo.kill(signal);
    expect((await ended).code).toBe(expected);
    expect(await untilGone(mark)).toEqual([]);
  }, 20_000);
});

function sentByPhase({ phases }: { phases: Array<{ routes: Record<string, { sent: number }> }> }) {
  return phases.map(({ routes }) => Object.values(routes).map(({ sent }) => sent));
}
