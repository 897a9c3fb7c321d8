/**
 * Every ```ts block of README.md and docs/*.md is compiled and run as a reader would paste it, with `holdfast`
 * resolved to src/. A block is a complete module, unless its info string says otherwise:
 *
 *   ```ts             compiled and run; it fails by throwing
 *   ```ts continues   appended to the block before it in its page: they are one module, which runs as one
 *   ```ts test        a reader's own vitest file: compiled, and its tests run here
 *   ```ts no-run      only compiled: for what needs a peer that is not here
 *
 * The modules are written to test/.generated/docs. Lines of the page outside the module are blank in it, so the
 * line in a compiler's message or in a stack is the line of the page. Setup that would only distract a reader
 * may stand in a block inside an HTML comment, which the visible block continues.
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import ts from 'typescript';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { docModules } from './support/doc-blocks.ts';

const folder = resolve('test/.generated/docs');
const pages = [
  'README.md',
  ...readdirSync('docs').flatMap((file) => (file.endsWith('.md') ? [`docs/${file}`] : [])),
];

mkdirSync(folder, { recursive: true });
const modules = pages
  .flatMap((page) => docModules(page, readFileSync(page, 'utf8')))
  .map((module) => {
    const file = join(folder, `${basename(module.page, '.md')}.${module.line}.ts`);
    // Unchanged it stays untouched: in watch mode, writing it would start the tests again.
    if (!existsSync(file) || readFileSync(file, 'utf8') !== module.text) writeFileSync(file, module.text);
    return { ...module, file };
  });

/** One program for all blocks: the compiler's libraries and src/ are read once. */
function compile(): (module: (typeof modules)[number]) => string[] {
  const config = ts.getParsedCommandLineOfConfigFile(
    'tsconfig.json',
    {},
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic() {} },
  );
  const program = ts.createProgram(
    // opossum brings no types; a reader has them from @types/opossum.
    [...modules.map(({ file }) => file), 'test/field/opossum/opossum.d.ts'],
    // A reader has `strict`, and no more than that.
    { ...config?.options, noUncheckedIndexedAccess: false, exactOptionalPropertyTypes: false },
  );
  // The first question takes long, whatever it is. It is asked here, and not of a test that has less time.
  program.getGlobalDiagnostics();
  return ({ page, file }) => {
    const source = program.getSourceFile(file);
    const faults = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return faults.map(({ start = 0, messageText }) => {
      const line = (source?.getLineAndCharacterOfPosition(start).line ?? 0) + 1;
      return `${page}:${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  };
}

describe('the code blocks of the docs compile', () => {
  let faultsOf: (module: (typeof modules)[number]) => string[];
  beforeAll(() => {
    faultsOf = compile();
  }, 60_000);

  test.each(modules)('$page:$line', (module) => {
    expect(faultsOf(module)).toEqual([]);
  });
});

describe('the code blocks of the docs run', () => {
  // What blocks print is for their readers.
  beforeEach(() => {
    vi.spyOn(console, 'log').mockImplementation(() => {});
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test.each(modules.filter(({ mode }) => mode === 'run'))('$page:$line', async ({ file }) => {
    await import(/* @vite-ignore */ file);
  });
});

for (const { page, line, file } of modules.filter(({ mode }) => mode === 'test')) {
  describe(`${page}:${line}`, async () => {
    await import(/* @vite-ignore */ file);
  });
}

describe('the reading of blocks', () => {
  const read = (...lines: string[]) => docModules('page.md', lines.join('\n'));

  test('keeps the line numbers of the page', () => {
    expect(read('# Title', '```ts', 'one();', '```')).toEqual([
      { page: 'page.md', line: 2, mode: 'run', text: '\n\none();\nexport {};\n' },
    ]);
  });

  test('joins a block that continues to the one before', () => {
    const modules = read(
      '```ts',
      'one();',
      '```',
      'Then:',
      '```ts continues',
      'two();',
      '```',
      '```ts',
      'three();',
      '```',
    );
    expect(modules.map(({ line, text }) => [line, text])).toEqual([
      [1, '\none();\n\n\n\ntwo();\nexport {};\n'],
      [8, '\n\n\n\n\n\n\n\nthree();\nexport {};\n'],
    ]);
  });

  test('leaves other languages alone, and ts inside them', () => {
    expect(read('```sh', 'npm test', '```', '```', '```ts-ish', '```')).toEqual([]);
  });

  test('only compiles a module of which a part says no-run', () => {
    const modules = read('```ts', '```', '```ts continues no-run', '```', '```ts test', '```');
    expect(modules.map(({ mode }) => mode)).toEqual(['no-run', 'test']);
  });

  test.each([
    ['an unknown word', ['```ts no-runs', '```'], "page.md:1: unknown word 'no-runs'"],
    ['a block that has nothing to continue', ['```ts continues', '```'], 'page.md:1: there is no block'],
    ['a block that is never closed', ['', '```ts', 'one();'], 'page.md:2: the block is never closed'],
    ['a fence that says typescript', ['```typescript', '```'], 'page.md:1: write ```ts'],
  ])('refuses %s', (_, lines, message) => {
    expect(() => read(...lines)).toThrow(message);
  });
});
