/** Real processes: a sleeping retry keeps its process alive, a settled one lets it go. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const node = (code: string) =>
  promisify(execFile)(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--import',
      './test/support/source.ts',
      '--input-type=module',
      '--eval',
      `import { constant, retry } from 'holdfast'; ${code}`,
    ],
    { timeout: 20_000 },
  );

test('a process whose retry is sleeping does not exit before the next attempt', async () => {
  const { stdout } = await node(`
    retry({ retries: 1, backoff: constant(150) })
      .run(({ attempt }) => { if (attempt === 1) throw new Error('x'); return 'value of ' + attempt; })
      .then(console.log);`);
  expect(stdout).toBe('value of 2\n');
}, 30_000);

test('a process whose sleeping retry was aborted exits at once', async () => {
  const { stdout } = await node(`
    const controller = new AbortController();
    const startMs = performance.now();
    process.on('exit', () => console.log(performance.now() - startMs < 10_000));
    retry({ retries: 1, backoff: constant(60_000) })
      .run(() => { throw new Error('x'); }, { signal: controller.signal })
      .catch((reason) => console.log(reason));
    setTimeout(() => controller.abort('gone'), 20);`);
  expect(stdout).toBe('gone\ntrue\n');
}, 30_000);
