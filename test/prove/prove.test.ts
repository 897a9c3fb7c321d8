/** `npm run prove` itself: a fault anywhere must end up in what it prints, and in how it ends. */
import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import { explorations } from '../exploration/machines.ts';
import { crew } from './crew.ts';
import { Evidence } from './evidence.ts';
import { explorationTasks, propertyTasks, type Task } from './tasks.ts';

const SLOW = { timeout: 60_000 };

function prove(...flags: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [
    '--import',
    './test/support/source.ts',
    'test/prove/main.ts',
    ...flags,
  ]);
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  child.stderr.on('data', (data) => (output += data));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })));
}

const walk = { states: 3, transitions: 7, depth: 2, bounded: false };
const walkTask: Task = { kind: 'walk', machine: 0, configuration: 0 };
const findTask: Task = { kind: 'find', fault: 0 };
const checkTask: Task = { kind: 'check', property: 0, cases: 500, seed: 1 };

test('one property of its own ends well, and prints its cases and what they reached', SLOW, async () => {
  const { code, output } = await prove('--property', '7', '--cases', '600', '--seed', '3');
  expect(output).toMatch(/\| +7 \| It trips exactly .* \| +600 \|/);
  expect(output).toMatch(/\| +7 \| failure-rate +\| +\d/);
  expect(output.trimEnd()).toMatch(/1 passed, 0 failed$/);
  expect(code).toBe(0);
});

test.each([
  [['--cases', 'many'], '--cases must be a whole number of at least 1, got many'],
  [['--cases', '0'], '--cases must be a whole number of at least 1, got 0'],
  [['--property', '99'], '--property must be from 1 to 22, got 99'],
  [['--path', '1:2'], '--path needs --property and --seed'],
  [
    ['--property', '7', '--seed', '1', '--path', 'abc'],
    '--path must be numbers with colons in between, such as 17:3:0, got abc',
  ],
  [['--seed=-1'], '--seed must be a whole number of at least 0, got -1'],
  [['--update', '--property', '7'], '--update needs all of it: neither --property nor --cases'],
  [['--update', '--cases', '9'], '--update needs all of it: neither --property nor --cases'],
  [
    ['--quick'],
    "Unknown option '--quick'; allowed are --cases, --seed, --property, --path, --update, --help",
  ],
])('%j is refused, and it says what is allowed', SLOW, async (flags, problem) => {
  expect(await prove(...flags)).toEqual({ code: 2, output: `${problem}\n` });
});

test('it walks every configuration, finds every seeded fault, and checks all cases of each property', () => {
  const walks = explorationTasks().filter(({ kind }) => kind === 'walk');
  expect(walks).toHaveLength(explorations.reduce((sum, each) => sum + each.configurations.length, 0));
  const lots = propertyTasks(50_000, 1).filter((task) => task.kind === 'check' && task.property === 0);
  expect(lots.reduce((sum, task) => sum + (task.kind === 'check' ? task.cases : 0), 0)).toBe(50_000);
  expect(new Set(lots.map((task) => task.kind === 'check' && task.seed)).size).toBe(lots.length);
});

test('a seed has no sign, however large the first one is: the command would take it for an option', () => {
  const seeds = propertyTasks(50_000, 2 ** 31 - 1).map((task) => task.kind === 'check' && task.seed);
  expect(Math.min(...seeds.map(Number))).toBe(0);
  expect(Math.max(...seeds.map(Number))).toBe(2 ** 31 - 1);
});

test('what the walks found is added up', () => {
  const evidence = new Evidence([walkTask, walkTask]);
  evidence.add(walkTask, { kind: 'walk', walk });
  evidence.add(walkTask, { kind: 'walk', walk: { ...walk, depth: 5 } });
  expect(evidence.machineTable).toMatch(/circuit breaker +\| +2 \| +6 \| +14 \| +5 \| all/);
  expect(evidence.faults).toEqual([]);
  expect(evidence.passed).toBe(1);
});

test('a fault in a walk is told with its configuration and its way', () => {
  const evidence = new Evidence([walkTask]);
  const fault = { message: 'two probes', path: ['open', 'admit'] };
  evidence.add(walkTask, { kind: 'walk', walk: { ...walk, fault } });
  expect(evidence.faults).toEqual([
    expect.stringMatching(/^circuit breaker \{.*\}: two probes\n {2}open\n {2}admit$/),
  ]);
  expect(evidence.passed).toBe(0);
});

test('a seeded fault that is not found is a fault', () => {
  const evidence = new Evidence([findTask]);
  evidence.add(findTask, { kind: 'find', found: undefined });
  expect(evidence.faults).toEqual(["the seeded fault 'off-by-one threshold' was not found"]);
});

test('a property that does not hold, or was checked of nothing, is a fault', () => {
  const finding = { cases: 500, reached: { opened: 3 }, fault: undefined };
  const broken = new Evidence([checkTask]);
  broken.add(checkTask, { kind: 'check', finding: { ...finding, fault: 'it does not hold' } });
  expect(broken.faults).toEqual(['it does not hold']);
  const empty = new Evidence([checkTask]);
  empty.add(checkTask, { kind: 'check', finding: { ...finding, reached: { opened: 3, closed: 0 } } });
  empty.close();
  expect(empty.faults).toEqual([expect.stringContaining("no case reached 'closed'")]);
});

test('a property that was checked on no case at all is a fault', () => {
  const evidence = new Evidence([checkTask]);
  evidence.add(checkTask, { kind: 'check', finding: { cases: 0, reached: {}, fault: undefined } });
  evidence.close();
  expect(evidence.faults).toEqual(['Property 1 was checked on no case']);
});

test('a task that could not be done is told by the name of what it was about', () => {
  const evidence = new Evidence([walkTask, findTask, checkTask]);
  for (const task of [walkTask, findTask, checkTask]) evidence.fail(task, 'silence');
  expect(evidence.faults).toEqual([
    expect.stringMatching(/^circuit breaker \{"name":.*\}: silence$/),
    "the seeded fault 'off-by-one threshold': silence",
    'Property 1, 500 cases from seed 1: silence',
  ]);
});

test('a task that fails in its process is told, and the next one is done all the same', SLOW, async () => {
  const impossible: Task = { ...checkTask, property: 999 };
  const errors: string[] = [];
  const done: Task[] = [];
  await crew([impossible, { ...checkTask, cases: 10 }], {
    workers: 1,
    execArgv: ['--import', './test/support/source.ts'],
    silenceMs: 30_000,
    onResult: (task) => done.push(task),
    onError: (_, error) => errors.push(error),
  });
  expect(errors).toEqual([expect.stringContaining('TypeError')]);
  expect(done).toEqual([{ ...checkTask, cases: 10 }]);
});
