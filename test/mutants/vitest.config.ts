/** How the tests run against a mutant: `npm test`, less what cannot say anything about one quickly. */
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import base from '../../vitest.config.ts';

/** The narrower a test, the sooner it kills; what is not named here comes after what is. */
const ORDER = ['policies', 'structures', 'backoff', 'pipeline', 'core', 'issues', 'testing', 'runtimes'];

class NarrowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const places = files.map((file) => {
      const folder = file.moduleId.split('/test/')[1]?.split('/')[0] ?? '';
      const place = ORDER.indexOf(folder);
      return { file, key: `${place < 0 ? ORDER.length : place} ${file.moduleId}` };
    });
    return places.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ file }) => file);
  }
}

export default {
  ...base,
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [
      // What looks at the text of the sources, at documents and at benchmarks.
      'test/*.test.ts',
      'test/{mutants,operations}/**',
      // Real servers, child processes, and loads whose point is their size.
      'test/{adapters,database,network,migrating,payments}/**',
      'test/composition/servers/**',
      'test/composition/{async-context,exit,many-runs,nothing-left,real-concurrency}.test.ts',
      'test/policies/retry/process.test.ts',
      'test/observe/{keyed,statistics-property}.test.ts',
      'test/observe/logging/**',
      'test/field/opossum/cost.test.ts',
      'test/{prove,soak}/**',
      'test/runtimes/command.test.ts',
      // What holds the contract's suites to account, on many gates and layers that are bad on purpose.
      'test/testing/{gate,layer}-contract.test.ts',
      // Walks of every state: each lasts longer than a mutant may.
      'test/exploration/**',
      // Properties whose number of cases is their own.
      'test/**/*.property.test.ts',
    ],
    setupFiles: ['test/mutants/setup.ts'],
    sequence: { sequencer: NarrowFirst },
    // One worker for all files: to start one for each would take most of the time.
    isolate: false,
    env: { HOLDFAST_CASES: '50', HOLDFAST_SEED: '1' },
    testTimeout: 3_000,
    reporters: [],
  },
};
