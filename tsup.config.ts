import { defineConfig } from 'tsup';

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    testing: 'src/testing/index.ts',
    fetch: 'src/adapters/fetch/index.ts',
    opentelemetry: 'src/adapters/opentelemetry/index.ts',
    postgres: 'src/adapters/postgres/index.ts',
    prometheus: 'src/adapters/prometheus/index.ts',
    undici: 'src/adapters/undici/index.ts',
    observe: 'src/observe/statistics/index.ts',
    logging: 'src/observe/logging/index.ts',
  },
  format: ['esm', 'cjs'],
  target: 'node20',
  dts: true,
  // Both entries must share one copy of the error classes, in CommonJS too.
  splitting: true,
  // Has rollup write the CommonJS chunks. Otherwise sucrase does, which turns every `?.` and `??` into closures
  // handed to a helper, and takes classes their names.
  treeshake: true,
  clean: true,
  sourcemap: true,
  // ESM only: left outside, the CommonJS build would have to require() them.
  noExternal: ['p-retry', 'is-network-error'],
});
