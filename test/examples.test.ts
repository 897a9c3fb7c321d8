/**
 * Every examples/*.ts runs as its reader would run it, `node examples/NAME.ts`, but against src/ and not against
 * a build. It has to end by itself, with exit code 0 and nothing on stderr, having printed what its last comment
 * records:
 *
 *   // prints:
 *   //   attempt 1 failed
 *   //   attempt 2 answered
 */

import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);

function recorded(example: string): string[] {
  const lines = readFileSync(example, 'utf8').trimEnd().split('\n');
  const start = lines.lastIndexOf('// prints:');
  if (start < 0) throw new Error(`${example} does not end with a comment "// prints:"`);
  return lines.slice(start + 1).map((line) => line.replace(/^\/\/ {0,3}/, ''));
}

const examples = readdirSync('examples').flatMap((file) =>
  file.endsWith('.ts') ? [`examples/${file}`] : [],
);

test.concurrent.each(examples)(
  '%s prints what it says',
  async (example) => {
    const { stdout, stderr } = await run(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', '--import', './test/support/source.ts', example],
      { timeout: 30_000 },
    );
    expect(stdout.trimEnd().split('\n')).toEqual(recorded(example));
    expect(stderr).toBe('');
  },
  40_000,
);
