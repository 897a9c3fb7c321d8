/** The rows as text, one line for each runtime and module system, then each failure by its name; and as figures. */
import type { Row } from './conform.ts';

const WIDTHS = [12, 12, 12, 10, 10, 9] as const;
const line = (cells: readonly string[]): string =>
  cells.map((cell, i) => (i < 3 ? cell.padEnd(WIDTHS[i]!) : cell.padStart(WIDTHS[i]!))).join('');

export function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(({ runtime, version, modules, passed, failures, seconds }) =>
    line([runtime, version, modules, `${passed}`, `${failures.length}`, seconds.toFixed(1)]),
  );
  const failures = rows.flatMap(({ runtime, modules, failures: each }) =>
    each.map(
      ({ name, error }) =>
        `FAIL  ${runtime} ${modules}: ${name}\n      ${error.trimEnd().replaceAll('\n', '\n      ')}`,
    ),
  );
  return [line(['runtime', 'version', 'modules', 'passed', 'failed', 'seconds']), ...lines, ...failures].join(
    '\n',
  );
}

/** For a program. */
export interface Figures {
  readonly passed: number;
  readonly failed: number;
  readonly runtimes: readonly {
    readonly runtime: string;
    readonly version: string;
    readonly modules: string;
    readonly passed: number;
    readonly failed: number;
  }[];
}

export function figuresOf(rows: readonly Row[]): Figures {
  const runtimes = rows.map(({ runtime, version, modules, passed, failures }) => {
    return { runtime, version, modules, passed, failed: failures.length };
  });
  const sum = (key: 'passed' | 'failed'): number => runtimes.reduce((total, each) => total + each[key], 0);
  return { passed: sum('passed'), failed: sum('failed'), runtimes };
}
