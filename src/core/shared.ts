/**
 * A value that all copies of the library in a process share: the ESM and the CommonJS build, or two installed
 * versions. Whatever is kept here must stay compatible between versions.
 */
export function shared<T>(key: string, make: () => T): T {
  const registry = globalThis as unknown as Record<symbol, T | undefined>;
  const symbol = Symbol.for(`holdfast.${key}`);
  registry[symbol] ??= make();
  return registry[symbol];
}
