/**
 * Checks of options. Each policy describes its options as a table of checks; a bad one throws an error that names
 * the option, the value and what is allowed, and so does a key that no check knows.
 */

/** Throws if the value is not allowed. `where` is the function that was called, such as `retry`. */
export type Check = (where: string, name: string, value: unknown) => void;

/** A table of checks, by option. */
export type Checks = Readonly<Record<string, Check>>;

/** The error for a value that is not allowed: a RangeError where a number is none of those that are. */
export function allowed(where: string, name: string, value: unknown, what: string): Error {
  const Kind = typeof value === 'number' && /number|integer/.test(what) ? RangeError : TypeError;
  return new Kind(`${where}: ${name} must be ${what}, got ${show(value)}`);
}

function show(value: unknown): string {
  try {
    const text =
      typeof value === 'object' || typeof value === 'string' ? JSON.stringify(value) : String(value);
    return text.slice(0, 80);
  } catch {
    return typeof value;
  }
}

/** A check of one value. */
export const check =
  (what: string, isGood: (value: never) => boolean): Check =>
  (where, name, value) => {
    if (!isGood(value as never)) throw allowed(where, name, value, what);
  };

/** A number within bounds, both included; finite unless `max` is not. */
export const number = (min: number, max = Number.MAX_VALUE): Check =>
  check(
    `a number >= ${min} and <= ${max}`,
    (value) => typeof value === 'number' && value >= min && value <= max,
  );

/** How many: an integer from `min` on. */
export const count = (min: number): Check =>
  check(`an integer >= ${min}`, (value) => Number.isInteger(value) && value >= min);

/** A share of calls, above 0 and at most 1. */
export const rate = check(
  'a number > 0 and <= 1',
  (value) => typeof value === 'number' && value > 0 && value <= 1,
);

/** A duration in milliseconds above 0. */
export const duration = check('a finite number > 0', (value) => Number.isFinite(value) && value > 0);

/** A number above 0, or `Infinity` for no limit. */
export const limit = check('a number > 0 (or Infinity)', (value) => typeof value === 'number' && value > 0);

export const boolean = check('true or false', (value) => typeof value === 'boolean');

export const func = check('a function', (value) => typeof value === 'function');

export const text = check(
  'a string that is not empty',
  (value: unknown) => typeof value === 'string' && value !== '',
);

export const oneOf = (...values: readonly string[]): Check =>
  check(values.map((each) => `'${each}'`).join(' or '), (value) => values.includes(value));

/** An object with these methods. */
export const methods = (what: string, ...names: readonly string[]): Check =>
  check(what, (value: Record<string, unknown> | null) =>
    names.every((name) => typeof value?.[name] === 'function'),
  );

/** Checks that several policies share. */
export const common = {
  name: text,
  clock: methods('a Clock with now and setTimer', 'now', 'setTimer'),
  random: func,
  judge: func,
  captureStack: boolean,
  signal: methods('an AbortSignal', 'addEventListener', 'removeEventListener'),
} satisfies Checks;

/** Runs the table of checks over an options object. A key whose value is undefined counts as not given. */
export function checkOptions(
  where: string,
  options: unknown,
  checks: Checks,
  required: readonly string[] = [],
): void {
  if (typeof options !== 'object' || options === null) throw allowed(where, 'options', options, 'an object');
  const given = options as Record<string, unknown>;
  for (const key of [...Object.keys(given), ...required]) {
    if (!Object.hasOwn(checks, key))
      throw allowed(where, key, given[key], `left out: known are ${Object.keys(checks)}`);
    if (given[key] !== undefined || required.includes(key)) checks[key]?.(where, key, given[key]);
  }
}
