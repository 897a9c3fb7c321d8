/** The demo as a user starts it, in its quick form: it ends as it says, and leaves nothing behind. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { found } from './support/prometheus.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-demo-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
// For those that are started here. It may have to be installed first.
beforeAll(() => void vi.stubEnv('HOLDFAST_PROMETHEUS', found('prometheus')), 180_000);

/** Against src/ and not against a build; the demo's own children inherit the hook that does it. */
function start(...args: string[]): { demo: ChildProcess; ended: Promise<Ended> } {
  const hook = ['--disable-warning=ExperimentalWarning', '--import', './test/support/source.ts'];
  // A process group of its own, as a shell gives to what it starts.
  const demo = spawn(process.execPath, [...hook, 'examples/demo/main.ts', ...args], { detached: true });
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

/** Whether a process of the demo's group still runs. One that has ended, and that nobody has asked after, does not. */
function anyLeft(group: number): boolean {
  try {
    process.kill(-group, 0);
  } catch {
    return false;
  }
  if (process.platform !== 'linux') return true;
  return readdirSync('/proc').some((entry) => {
    try {
      const [state, , ofGroup] = readFileSync(`/proc/${entry}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
      return Number(ofGroup) === group && state !== 'Z';
    } catch {
      return false; // no process, or one that ended while we looked
    }
  });
}

async function untilNoneLeft({ pid = 0 }: ChildProcess): Promise<void> {
  await vi.waitUntil(() => !anyLeft(pid), { timeout: 3_000 });
}

const oneLine = /^demo: [^\n]+\n$/;

describe.concurrent('the demo', { timeout: 30_000 }, () => {
  test('explains itself', async () => {
    const { code, stdout } = await run('--help');
    expect(code).toBe(0);
    for (const flag of ['--seed', '--port', '--svg', '--json', '--metrics', '--quick'])
      expect(stdout).toContain(flag);
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
    // Below the ports that systems hand out, where nobody else takes the ones beside it meanwhile.
    const taken = 20_000 + Math.floor(Math.random() * 10_000);
    const squatter = createServer().listen(taken, '127.0.0.1');
    await once(squatter, 'listening');
    const { code, stderr } = await run('--quick', '--port', String(taken - 1));
    squatter.close();
    expect(code).toBe(2);
    expect(stderr).toMatch(oneLine);
    expect(stderr).toContain(`port ${taken} is taken`);
  });

  test('measures three gateways, prints figures for a program, draws its picture and leaves no process', async () => {
    const svg = join(folder, 'picture.svg');
    const { demo, ended } = start('--quick', '--json', '--metrics', '--seed', '7', '--svg', svg);
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(0);
    expect(stderr).toContain('reporting hangs');

    const figures = JSON.parse(stdout);
    expect(figures).toMatchObject({ seed: 7, svg, verdict: { judged: false } });
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

    // What the circuit's metrics say, by way of a real Prometheus, and what clients saw.
    expect(stderr).toMatch(/metrics: http:\S+\/metrics, scraped by http:/);
    const [, , reporting] = figures.runs[2].incidents;
    expect(reporting).toMatchObject({ route: 'reporting', byMetrics: { count: 1 }, byClients: { count: 1 } });
    for (const measure of ['timeToDetectMs', 'timeToRecoverMs']) {
      expect(reporting.byMetrics[measure]).toBeGreaterThan(300);
      expect(Math.abs(reporting.byMetrics[measure] - reporting.byClients[measure])).toBeLessThan(500);
    }

    const picture = readFileSync(svg, 'utf8');
    expect(picture).toMatch(/^<svg .*<\/svg>\n$/s);
    expect(picture.match(/<polyline/g)).toHaveLength(9);
    await untilNoneLeft(demo);
  }, 60_000);

  test('--payments kills the database in the middle, and the books are right', async () => {
    const { code, stdout, stderr } = await run('--payments', '--quick', '--json');
    expect(stderr).toBe('');
    const { acknowledged, there, twice, sum, right } = JSON.parse(stdout);
    expect(acknowledged).toBeGreaterThan(0);
    expect(there).toMatchObject({ acknowledged, refused: 0 });
    expect({ twice, sum, right, code }).toEqual({ twice: 0, sum: 0, right: true, code: 0 });
  }, 40_000);

  test.each([
    ['Ctrl-C', 'SIGINT', 130],
    ['SIGTERM', 'SIGTERM', 143],
    ['kill -9', 'SIGKILL', null],
  ] as const)(
    'leaves no process behind after %s',
    async (_, signal, expected) => {
      const { demo, ended } = start('--svg', join(folder, 'never.svg'));
      await once(demo.stdout as Readable, 'data'); // its first line comes when all of its processes are up
      const { pid = 0 } = demo;
      process.kill(signal === 'SIGINT' ? -pid : pid, signal); // a terminal sends it to the whole group
      expect((await ended).code).toBe(expected);
      await untilNoneLeft(demo);
    },
    20_000,
  );
});

function sentByPhase({ phases }: { phases: Array<{ routes: Record<string, { sent: number }> }> }) {
  return phases.map(({ routes }) => Object.values(routes).map(({ sent }) => sent));
}
