/**
 * Checks of options. What is allowed is said once, in words, and the words are the rule: they are read to check a
 * value, and quoted in the error, which also names the option and the value.
 */

/**
 * What is allowed, then the default, then the methods that an object must have. The words say `a function`, `a string
 * that is not empty`, `true or false`, the strings in quotes, or a number: `an integer` or `a finite number`, perhaps
 * with bounds (`>= 0`, `> 0 and <= 1`), perhaps `(Infinity is allowed)`.
 */
export type Rule = readonly [allowed: string, byDefault?: unknown, ...methods: string[]];

/** The rule of an option that may be anything, or is looked at elsewhere. */
export const ANYTHING = 'anything';

/** The rules of a function's options, by option. */
export type Rules = Readonly<Record<string, Rule>>;

export const COUNT = 'an integer >= 1';
export const DURATION = 'a finite number > 0';
export const LIMIT = 'a number > 0 (Infinity is allowed)';
export const FLAG = 'true or false';
export const FUNCTION = 'a function';
export const TEXT = 'a string that is not empty';
export const SIGNAL: Rule = ['an AbortSignal', undefined, 'addEventListener', 'removeEventListener'];

// Rules that several tables share. A table names them one by one: spread into it, they would keep a bundler from
// dropping the tables of policies that are not imported.
export const NAME: Rule = [TEXT];
export const CLOCK: Rule = ['a Clock with now and setTimer', undefined, 'now', 'setTimer'];

/** The error for a value that is not allowed: a RangeError where a number is none of those that are. */
export function allowed(where: string, name: string, value: unknown, what: string): Error {
  const Kind = typeof value === 'number' && /number|integer/.test(what) ? RangeError : TypeError;
  return new Kind(`${where}: ${name} must be ${what}, got ${show(value)}`);
}

function show(value: unknown): string {
  if (typeof value === 'function') return `a function ${value.name}`;
  try {
    const kind = Object.getPrototypeOf(value ?? {})?.constructor?.name;
    if (typeof value === 'object' && !['Object', 'Array'].includes(kind ?? 'Object'))
      return `an instance of ${kind}`;
    return (/object|string/.test(typeof value) ? JSON.stringify(value) : String(value)).slice(0, 80);
  } catch {
    return typeof value;
  }
}

const NUMBER = /(integer|number)(?: (>=?) (\S+))?(?: and <= (\S+))?/;

const parsed = new Map<string, readonly (string | undefined)[]>();

// Read once: the rule for a run's `timeoutMs` is asked for each run.
function numbersIn(what: string): readonly (string | undefined)[] {
  const known = parsed.get(what) ?? NUMBER.exec(what) ?? [];
  parsed.set(what, known);
  return known;
}

function fits(value: unknown, rule: Rule): boolean {
  const what = rule[0];
  if (what === ANYTHING) return true;
  if (typeof value === 'number') {
    const [, kind, bound, min = -Infinity, max = Infinity] = numbersIn(what);
    const kindly = kind === 'integer' ? Number.isInteger(value) : kind && Number.isFinite(value);
    return (
      (kindly || (value === Infinity && what.includes('Infinity'))) &&
      (bound === '>' ? value > +min : value >= +min) &&
      value <= +max
    );
  }
  if (typeof value === 'string')
    return value !== '' && (what === TEXT || what.split(' or ').includes(`'${value}'`));
  if (typeof value === 'object') {
    for (let i = 2; i < rule.length; i++)
      if (typeof (value as never)?.[rule[i] as never] !== 'function') return false;
    return rule.length > 2;
  }
  return what.includes(typeof value === 'boolean' ? `${value}` : typeof value);
}

/** Throws unless the value is allowed. `where` is the function that was called, such as `retry`. */
export function check(where: string, name: string, value: unknown, what: string): void {
  if (!fits(value, [what])) throw allowed(where, name, value, what);
}

/** Throws unless all options are known and allowed. What is undefined counts as not given. */
export function inspect(where: string, options: unknown, rules: Rules, ...required: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw allowed(where, 'options', options, 'an object');
  const given = options as Record<string, unknown>;
  for (const name in given) {
    if (Object.hasOwn(rules, name)) continue;
    const known = Object.keys(rules).join(', ');
    throw new TypeError(`${where}: unknown option "${name}", got ${show(given[name])}; allowed are ${known}`);
  }
  for (const name in rules) {
    const rule = rules[name] as Rule;
    const value = given[name];
    if (value === undefined ? required.includes(name) : !fits(value, rule))
      throw allowed(where, name, value, rule[0]);
  }
}

/** The options, inspected, with the defaults filled in. */
export function settle<Settings>(
  where: string,
  options: unknown,
  rules: Rules,
  ...required: readonly string[]
): Settings {
  inspect(where, options, rules, ...required);
  const given = options as Record<string, unknown>;
  const settings: Record<string, unknown> = {};
  for (const name in rules) {
    const [, byDefault] = rules[name] as Rule;
    settings[name] = given[name] === undefined ? byDefault : given[name];
  }
  return settings as Settings;
}
