import { defineConfig } from 'vitest/config';
import { entries } from './test/support/entries.ts';

export default defineConfig({
  resolve: {
    // Exact: `holdfast` must not swallow `holdfast/testing`.
    alias: Object.entries(entries).map(([name, file]) => ({
      find: new RegExp(`^${name}$`),
      replacement: file,
    })),
  },
  test: {
    include: ['test/**/*.test.ts'],
    typecheck: { enabled: true, include: ['test/**/*.test-d.ts'] },
    coverage: { include: ['src/**'] },
    // .ci/run reads its counts there.
    ...(process.env.CI && { reporters: ['default', 'json'], outputFile: { json: 'reports/tests.json' } }),
  },
});
