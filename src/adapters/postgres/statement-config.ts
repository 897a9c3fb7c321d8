/** What pg is asked, as it was when it was asked for. */
import type { QueryConfig } from 'pg';
import { allowed, inspect, type Rules, TEXT } from '../../core/options.ts';

const ARRAY = ['an array', undefined, 'slice'] as const;
const RULES: Rules = { text: [TEXT], values: ARRAY };

export interface Asked {
  readonly config: string | QueryConfig;
  readonly text: string;
  readonly values: unknown[] | undefined;
}

/**
 * A copy: what the caller changes later is for another call, and what waits, or is sent again, is what was meant. Builders
 * of statements have their text in a getter of their class, which a spread does not see.
 *
 * @throws TypeError - for what is no statement, and for cursors and streams: pg never says when it is done with those
 */
export function asked(where: string, config: string | QueryConfig, values?: readonly unknown[]): Asked {
  const given: Partial<QueryConfig> & { submit?: unknown } =
    typeof config === 'string' ? { text: config } : Object(config);
  const { text, name, submit } = given;
  if (typeof submit === 'function')
    throw allowed(
      where,
      'a statement',
      config,
      'a text or a config; a cursor or stream needs a client of its own',
    );
  const own = given.values ?? undefined;
  for (const each of [values, own])
    if (!text || (each !== undefined && !Array.isArray(each)))
      inspect(where, { text, values: each }, RULES, 'text');
  const copy = typeof config === 'string' ? config : { ...config, text, name, values: own?.slice() };
  return { config: copy as string | QueryConfig, text: text as string, values: values?.slice() };
}
