/**
 * Nothing of the installed cockatiel and opossum is forgotten on the pages about migrating from them: each export and
 * each of its public members, each option, method, event, statistic and error code stands there in inline code.
 */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as cockatiel from 'cockatiel';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

const require = createRequire(import.meta.url);

/** The identifiers in the inline code of the page; what only stands in a block is not explained. */
function namesOf(markdown: string): Set<string> {
  const prose = markdown.replace(/^```[\s\S]*?^```/gm, '');
  return new Set([...prose.matchAll(/`([^`\n]+)`/g)].flatMap(([, code = '']) => code.split(/[^\w$]+/)));
}
const missing = (page: string, names: Iterable<string>): string[] => {
  const named = namesOf(readFileSync(page, 'utf8'));
  return [...new Set(names)].filter((name) => !named.has(name));
};

describe('docs/migrating-from-cockatiel.md', () => {
  const page = 'docs/migrating-from-cockatiel.md';

  /** The names of the public members that are declared anywhere in it, in a parameter's type literal too. */
  function membersOf(node: ts.Node): string[] {
    const isMember =
      ts.isPropertySignature(node) ||
      ts.isMethodSignature(node) ||
      ts.isPropertyDeclaration(node) ||
      ts.isMethodDeclaration(node) ||
      ts.isAccessor(node) ||
      ts.isEnumMember(node) ||
      (ts.isVariableDeclaration(node) && ts.isModuleBlock(node.parent.parent.parent));
    const hidden =
      ts.isClassElement(node) &&
      (ts.getCombinedModifierFlags(node) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) !== 0;
    const own = isMember && !hidden && ts.isIdentifier(node.name) ? [node.name.text] : [];
    const inner: string[] = [];
    if (!hidden) ts.forEachChild(node, (child) => void inner.push(...membersOf(child)));
    return [...own, ...inner];
  }

  const entry = require.resolve('cockatiel').replace(/\.js$/, '.d.ts');
  const program = ts.createProgram([entry], { module: ts.ModuleKind.NodeNext });
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(entry)!)!;
  const exported = checker.getExportsOfModule(module).map((symbol) => {
    const aliased = (symbol.flags & ts.SymbolFlags.Alias) !== 0 ? checker.getAliasedSymbol(symbol) : symbol;
    return { name: symbol.name, members: (aliased.declarations ?? []).flatMap(membersOf) };
  });

  test('what is read of its declarations is what it exports', () => {
    const names = exported.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(Object.keys(cockatiel)));
    expect(exported.find(({ name }) => name === 'retry')?.members).toEqual(['maxAttempts', 'backoff']);
    expect(exported.find(({ name }) => name === 'BulkheadPolicy')?.members).toContain('queueSlots');
    expect(exported.find(({ name }) => name === 'Event')?.members).toContain('toPromise');
  });

  test('names every export', () => {
    expect(
      missing(
        page,
        exported.map(({ name }) => name),
      ),
    ).toEqual([]);
  });

  test('names every public member', () => {
    expect(
      missing(
        page,
        exported.flatMap(({ members }) => members),
      ),
    ).toEqual([]);
  });
});

describe('docs/migrating-from-opossum.md', () => {
  const page = 'docs/migrating-from-opossum.md';
  const CircuitBreaker = require('opossum');
  const source = ['circuit', 'status', 'cache', 'semaphore']
    .map((file) => readFileSync(require.resolve(`opossum/lib/${file}.js`), 'utf8'))
    .join('\n');
  const all = (pattern: RegExp) => [...source.matchAll(pattern)].map(([, name = '']) => name);

  const breaker = new CircuitBreaker(async () => {});
  breaker.shutdown();
  /** Own and inherited names up to the emitter, which is Node's, without those that begin with an underscore. */
  const publicNames = (object: object, prototype: object) =>
    [...Object.keys(object), ...Object.getOwnPropertyNames(prototype)].filter(
      (name) =>
        !name.startsWith('_') && name !== 'constructor' && !(name in require('node:events').prototype),
    );

  const found: Record<string, string[]> = {
    // Documented, or read anywhere. `stats` is what `newStatus` takes, and `coalesceCache` what it keeps there.
    options: [...all(/@param \{.+\} options\.(\w+)/g), ...all(/options\??\.(\w+)/g)].filter(
      (name) => !['stats', 'coalesceCache'].includes(name),
    ),
    events: all(/\.emit\('(\w+)'/g),
    'error codes': all(/'(E[A-Z]{5,})'/g),
    'methods and properties': publicNames(breaker, CircuitBreaker.prototype),
    statics: Object.getOwnPropertyNames(CircuitBreaker).filter(
      (name) => !['length', 'name', 'prototype'].includes(name),
    ),
    'parts of its status': publicNames(breaker.status, Object.getPrototypeOf(breaker.status)),
    statistics: Object.keys(breaker.stats),
    'parts of its JSON': Object.keys(breaker.toJSON().state),
  };

  test('what is read of its sources is what there is', () => {
    expect(found.options).toEqual(
      expect.arrayContaining(['timeout', 'coalesceResetOn', 'state', 'maxFailures']),
    );
    expect(found.options).toEqual(expect.arrayContaining(Object.keys(breaker.options)));
    expect(found.events).toEqual(expect.arrayContaining(['halfOpen', 'snapshot', 'healthCheckFailed']));
    expect(found['error codes']).toEqual(
      expect.arrayContaining(['EOPENBREAKER', 'ETIMEDOUT', 'ESEMLOCKED', 'ESHUTDOWN']),
    );
    expect(found.statics).toEqual(['isOurError', 'newStatus']);
  });

  test.each(Object.entries(found))('names all %s', (_, names) => {
    expect(missing(page, names)).toEqual([]);
  });
});

test('a name that only stands in a block counts as missing', () => {
  const names = namesOf('`timeout({ ms })` and `a.b`\n```ts\nretry();\n```\n');
  expect([...names].filter((name) => name !== '')).toEqual(['timeout', 'ms', 'a', 'b']);
});
