/** The alerts: promtool tests them, firing and not firing, and each has a runbook. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { amtool, promtool } from '../support/prometheus.ts';
import { faultsIn } from './metrics-in.ts';

const FOLDER = 'docs/operations';
const rules = readFileSync(`${FOLDER}/alerts.yml`, 'utf8');
const tests = readFileSync(`${FOLDER}/alerts.test.yml`, 'utf8');
const page = readFileSync('docs/operations.md', 'utf8');

/** The rules, each with its text. */
const blocks = rules.split(/^ {6}- (?=alert|record)/m).slice(1);
const alerts = blocks
  .filter((block) => block.startsWith('alert:'))
  .map((text) => ({ name: text.split(/\s+/)[1]!, text }));

const expression = (block: string): string => /^ {8}expr:[\s\S]*?(?=^ {8}\w|(?![\s\S]))/m.exec(block)![0];

const work = mkdtempSync(join(tmpdir(), 'holdfast-alerts-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** What promtool says of the tests, with these rules. */
function tested(changed: string) {
  writeFileSync(join(work, 'alerts.yml'), changed);
  writeFileSync(join(work, 'alerts.test.yml'), tests);
  return promtool(['test', 'rules', join(work, 'alerts.test.yml')]);
}

test('promtool has no complaint', { timeout: 180_000 }, () => {
  expect(promtool(['check', 'rules', `${FOLDER}/alerts.yml`])).toMatchObject({ status: 0 });
  const { status, said } = promtool(['test', 'rules', `${FOLDER}/alerts.test.yml`]);
  expect({ status, said }).toMatchObject({ status: 0, said: expect.stringContaining('SUCCESS') });
});

test('there is an alert for each thing that goes wrong', () => {
  expect(alerts.map(({ name }) => name)).toEqual([
    'HoldfastCircuitOpen',
    'HoldfastCircuitFlapping',
    'HoldfastBulkheadSaturated',
    'HoldfastRetryStorm',
    'HoldfastAbandonedWorkGrowing',
    'HoldfastErrorBudgetBurnFast',
    'HoldfastErrorBudgetBurnSlow',
  ]);
});

test.each(blocks.map((block) => [block.split('\n')[0]!, block]))('%s uses what exists', (_, block) => {
  expect(faultsIn(expression(block))).toEqual([]);
});

describe.each(alerts)('$name', ({ name, text }) => {
  const inAll = (instead: string) =>
    rules.replace(text, text.replace(expression(text), `        expr: ${instead}\n`));

  test('would not pass if it never fired', () => {
    expect(tested(inAll('vector(1) > 2')).status).not.toBe(0);
  });

  test('would not pass if it always fired', () => {
    const always = text.replace(/^ {8}for: .*\n/m, '');
    const changed = rules.replace(
      text,
      always.replace(expression(text), '        expr: group by (job, pipeline, policy) ({job="shop"})\n'),
    );
    expect(tested(changed).status).not.toBe(0);
  });

  test('is routed, and leads to a runbook', () => {
    expect(text).toMatch(/^ {10}severity: (page|ticket)$/m);
    expect(text).toContain(`runbook: docs/operations.md#${name.toLowerCase()}\n`);
    expect(page).toContain(`\n### ${name}\n`);
    const severity = /severity: (\w+)/.exec(text)![1]!;
    expect(page).toMatch(new RegExp(`^\\| \`${name}\` +\\| ${severity} +\\|`, 'm'));
  });
});

/** The settings on the page that have this in them. */
const settings = (key: string): string =>
  [...page.matchAll(/^```yaml\n([\s\S]*?)^```/gm)]
    .map(([, text]) => text!)
    .find((text) => text.includes(key))!;

test('the settings of Prometheus on the page are such', () => {
  writeFileSync(join(work, 'alerts.yml'), rules);
  writeFileSync(join(work, 'prometheus.yml'), settings('rule_files:'));
  expect(promtool(['check', 'config', join(work, 'prometheus.yml')])).toMatchObject({ status: 0 });
});

test('those of Alertmanager are such, and page for what is to page', { timeout: 180_000 }, () => {
  const file = join(work, 'alertmanager.yml');
  writeFileSync(file, settings('receivers:'));
  expect(amtool(['check-config', file])).toMatchObject({
    status: 0,
    said: expect.stringContaining('SUCCESS'),
  });
  const receiver = (severity: string) =>
    amtool(['config', 'routes', 'test', `--config.file=${file}`, `severity=${severity}`]).said;
  expect(receiver('page')).toMatch(/^pager$/m);
  expect(receiver('ticket')).toMatch(/^tickets$/m);
});
