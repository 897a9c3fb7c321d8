/** What happens to pipelines, as lines in the log of the service. */
import { type Clock, systemClock } from '../../core/clock.ts';
import { messageFor } from '../../core/errors.ts';
import { CLOCK, COUNT, FLAG, inspect, type Rules, settle } from '../../core/options.ts';
import { isThenable } from '../../core/promises.ts';
import { follow } from '../follow.ts';
import { isKeyed, type Source, sourcesFrom } from '../sources.ts';
import { Digest, type Happening } from './digest.ts';
import { LINES, type LogEvent } from './lines.ts';
import { Listeners } from './listeners.ts';

/** What lines are written to: pino, its children, and whatever has its shape. What the methods return is ignored. */
export interface Logger {
  /** Of interest while looking for something. */
  debug(fields: object, message: string): unknown;
  /** Good to know. */
  info(fields: object, message: string): unknown;
  /** Somebody should look at it. */
  warn(fields: object, message: string): unknown;
  /** A mistake in the service's own code. */
  error(fields: object, message: string): unknown;
}

/** Options of `logEvents`. */
export interface LogOptions {
  /**
   * Lines of each event in a second that name a place, a pipeline's policy or a key's, an integer >= 1. What happens in
   * more places is summed in one line more. Default: 20.
   */
  readonly maxLines?: number | undefined;
  /**
   * Hand the error itself to the logger, as `err`, wherever a line has its name and code. It may hold anything: the
   * headers of a request, a token among them. Default: false.
   */
  readonly includeErrors?: boolean | undefined;
  /** Where the seconds come from for which lines are summed. Default: `systemClock`. */
  readonly clock?: Clock | undefined;
}

const LOGGER: Rules = {
  logger: ['a logger with debug, info, warn and error', undefined, 'debug', 'info', 'warn', 'error'],
};
const RULES: Rules = { maxLines: [COUNT, 20], includeErrors: [FLAG, false], clock: CLOCK };

type Settings = LogOptions & { readonly maxLines: number; readonly includeErrors: boolean };

/**
 * Writes what happens to the pipelines to a log, until the function that it returns is called: changes of state at once,
 * and what comes in numbers, rejections above all, in one line a second with a count. What the logger throws reaches no
 * call, and is printed once.
 *
 * @param pipelines - pipelines, and what `keyed` returns
 * @throws RangeError | TypeError - for what is neither, for a logger that lacks a level, for a bad option
 * @example
 * const stop = logEvents([payments, users], pino());
 */
export function logEvents(pipelines: Iterable<Source>, logger: Logger, options: LogOptions = {}): () => void {
  const where = 'logEvents';
  inspect(where, { logger }, LOGGER, 'logger');
  const { maxLines, includeErrors, clock = systemClock } = settle<Settings>(where, options, RULES);
  const sources = sourcesFrom(where, pipelines);
  const digest = new Digest(clock, maxLines, writerTo(logger));
  const listeners = new Listeners(digest, includeErrors);
  const stops = [
    follow(sources, (pipeline, place) => listeners.attach(pipeline, place)),
    ...sources.flatMap((source) => (isKeyed(source) ? [listeners.attachKeyed(source)] : [])),
  ];
  return () => {
    for (const stop of stops.splice(0)) stop();
    digest.stop();
  };
}

function writerTo(logger: Logger) {
  let reported = false;
  const fault = (error: unknown): void => {
    if (reported) return;
    reported = true;
    console.error('holdfast: the logger given to logEvents threw:', error);
  };
  return (event: LogEvent, count: number, last: Happening<LogEvent> | undefined): void => {
    try {
      const { level, says } = LINES[event];
      const fields: Record<string, unknown> = { event, ...(last?.fields() ?? { others: true }), count };
      for (const name in fields) if (fields[name] === undefined) delete fields[name];
      const message =
        last === undefined ? `${event}: in more places than maxLines` : messageFor(fields, says);
      const result = logger[level](fields, message);
      if (isThenable(result)) result.then(undefined, fault);
    } catch (error) {
      fault(error);
    }
  };
}
