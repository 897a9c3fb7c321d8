/**
 * Checks of options. Each policy describes its options as a table of checks; a bad one throws an error that names
 * the option, the value and what is allowed, and so does a key that no check knows.
 */

/** Throws if the value is not allowed. `where` is the function that was called, such as `retry`. */
export type Check = (where: string, name: string, value: unknown) => void;

/** The error for a value that is not allowed. */
export function allowed(
  Kind: RangeErrorConstructor | TypeErrorConstructor,
  where: string,
  name: string,
  value: unknown,
  what: string,
): Error {
  return new Kind(`${where}: ${name} must be ${what}, got ${show(value)}`);
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return `a function${value.name && ` (${value.name})`}`;
  if (typeof value !== 'object' || value === null) return String(value);
  const kind = Object.getPrototypeOf(value)?.constructor?.name;
  if (kind !== undefined && kind !== 'Object' && kind !== 'Array') return `an instance of ${kind}`;
  try {
    return JSON.stringify(value).slice(0, 80);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

interface Bounds {
  readonly min?: number;
  /** The value has to be above this. */
  readonly above?: number;
  readonly max?: number;
  readonly integer?: boolean;
  readonly infinity?: boolean;
}

function describe({ min, above, max, integer, infinity }: Bounds): string {
  const bounds = [
    min !== undefined && `>= ${min}`,
    above !== undefined && `> ${above}`,
    max !== undefined && `<= ${max}`,
  ].filter(Boolean);
  const kind = integer ? 'an integer' : infinity ? 'a number' : 'a finite number';
  return `${kind} ${bounds.join(' and ')}${infinity ? ' (Infinity is allowed)' : ''}`.replace(/ +/g, ' ').trim();
}

/** A number within bounds. */
export function number(bounds: Bounds): Check {
  const { min = -Infinity, above = -Infinity, max = Infinity, integer = false, infinity = false } = bounds;
  return (where, name, value) => {
    if (typeof value !== 'number') throw allowed(TypeError, where, name, value, describe(bounds));
    const whole = !integer || Number.isInteger(value);
    const inside = value >= min && value > above && value <= max;
    const good = value === Infinity ? infinity : inside && whole && Number.isFinite(value);
    if (!good) throw allowed(RangeError, where, name, value, describe(bounds));
  };
}

/** How many: an integer from `min` on. */
export const count = (min: number, options?: Pick<Bounds, 'infinity'>): Check =>
  number({ min, integer: true, ...options });

/** A share of calls, above 0 and at most 1. */
export const rate: Check = number({ above: 0, max: 1 });

/** A duration in milliseconds above 0. */
export const duration = (options?: Pick<Bounds, 'infinity' | 'max'>): Check => number({ above: 0, ...options });

export const boolean: Check = (where, name, value) => {
  if (typeof value !== 'boolean') throw allowed(TypeError, where, name, value, 'true or false');
};

export const func: Check = (where, name, value) => {
  if (typeof value !== 'function') throw allowed(TypeError, where, name, value, 'a function');
};

export const name: Check = (where, option, value) => {
  if (typeof value !== 'string' || value === '') {
    throw allowed(TypeError, where, option, value, 'a string that is not empty');
  }
};

export const oneOf =
  (...values: readonly string[]): Check =>
  (where, option, value) => {
    if (values.includes(value as string)) return;
    throw allowed(TypeError, where, option, value, values.map((each) => `'${each}'`).join(', '));
  };

/** An object with these methods. */
export const methods =
  (what: string, ...names: readonly string[]): Check =>
  (where, option, value) => {
    const has = (method: string) => typeof (value as Record<string, unknown> | null)?.[method] === 'function';
    if (!names.every(has)) throw allowed(TypeError, where, option, value, what);
  };

/** Checks that every policy shares. */
export const common = {
  name,
  clock: methods('a Clock with now and setTimer', 'now', 'setTimer'),
  random: func,
  judge: func,
  captureStack: boolean,
} satisfies Record<string, Check>;

/** Runs the table of checks over an options object. A key whose value is undefined counts as not given. */
export function checkOptions(
  where: string,
  options: unknown,
  checks: Readonly<Record<string, Check>>,
  required: readonly string[] = [],
): void {
  if (typeof options !== 'object' || options === null) {
    throw allowed(TypeError, where, 'options', options, 'an object');
  }
  const given = options as Record<string, unknown>;
  for (const key of Object.keys(given)) {
    const check = Object.hasOwn(checks, key) ? checks[key] : undefined;
    if (check === undefined) {
      const known = Object.keys(checks).join(', ');
      throw new TypeError(`${where}: unknown option ${show(key)} (value ${show(given[key])}), allowed are ${known}`);
    }
    if (given[key] !== undefined) check(where, key, given[key]);
  }
  for (const key of required) checks[key]?.(where, key, given[key]);
}
