/**
 * A cascade and its end. Three services, a gateway with one pool of connections to them, and real requests at
 * a steady rate; the same script of trouble runs against the gateway bare, with plain timeouts, and wrapped
 * with Holdfast. See docs/demo.md.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { chart } from './chart.ts';
import { help, type Options, parseOptions } from './cli.ts';
import { measure } from './figures.ts';
import { gatewayKinds } from './messages.ts';
import { findPrometheus } from './metrics.ts';
import { UsageError } from './processes.ts';
import { showProgress } from './progress.ts';
import { type Run, runScript } from './run.ts';
import { makeScenario } from './scenario.ts';
import { table } from './table.ts';
import { judge } from './verdict.ts';

// The figures are to show the gateways, and not what else this machine is doing. The children inherit it.
try {
  setPriority(constants.priority.PRIORITY_HIGHEST);
} catch {
  // Only some may do that; for the others the table says how busy the machine was.
}

// Leaving by process.exit is what makes the children end too, whatever the reason.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => process.exit(128 + constants.signals[signal]));
}
// Whoever read our output has had enough of it, as `head` has.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => process.exit(1));

async function payments({ seed, quick, json }: Options): Promise<number> {
  requireBuild();
  const { runPayments, paymentsTable } = await import('./payments.ts');
  const books = await runPayments(seed, quick);
  console.log(json ? asJson(books) : paymentsTable(books));
  return books.right ? 0 : 1;
}

async function demo(options: Options): Promise<number> {
  requireBuild();
  const say = (line: string) => (options.json ? process.stderr : process.stdout).write(`${line}\n`);
  const scenario = makeScenario(options.seed, options.quick);
  const { port, metrics } = options;
  const setup = { port, metrics, prometheus: metrics ? findPrometheus() : undefined };
  const progress = showProgress(say, scenario);
  // One after the other: side by side they would disturb each other's figures.
  const runs: Run[] = [];
  for (const kind of gatewayKinds) runs.push(await runScript(kind, scenario, setup, progress));

  const figures = measure(runs, scenario);
  const verdict = judge(figures.runs, !options.quick);
  writeFileSync(options.svg, chart(figures));
  say(`\n${table(figures, verdict)}\n`);
  say(`Goodput over time, as a picture: ${options.svg}`);
  if (options.json) console.log(asJson({ ...figures, verdict, svg: options.svg }));
  return verdict.shown || !verdict.judged ? 0 : 1;
}

/** What never happened is null, so that its key is there. */
function asJson(figures: object): string {
  return JSON.stringify(figures, (_key, value: unknown) => (value === undefined ? null : value), 2);
}

function requireBuild(): void {
  if (existsSync(fileURLToPath(import.meta.resolve('holdfast')))) return;
  throw new UsageError('holdfast is not built yet; use `npm run demo`, which builds it');
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) console.log(help);
  else process.exitCode = await (options.payments ? payments(options) : demo(options));
} catch (error) {
  console.error(`demo: ${(error as Error).message}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
