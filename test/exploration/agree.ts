/** How a walk says that a machine does something else than its model. */
export function agree(what: string, actual: unknown, expected: unknown): void {
  if (!Object.is(actual, expected))
    throw new Error(`${what}: ${String(actual)}, and not ${String(expected)}`);
}
