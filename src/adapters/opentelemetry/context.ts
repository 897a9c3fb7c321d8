/** How the work of a run comes to stand within its span: OpenTelemetry's contexts, kept from ever changing the work. */
import { type Context, context, createContextKey } from '@opentelemetry/api';
import { safely } from './faults.ts';

const ATTEMPT = createContextKey('holdfast.attempt');

/**
 * Calls the function while the context is active, also in what it goes on to do later. Whatever goes
 * wrong with contexts, the function is called once, and what comes of it is what it does by itself.
 */
export function within<T>(making: () => Context, fn: () => T): T {
  let end: (() => T) | undefined;
  const once = (): void => {
    try {
      const value = fn();
      end = () => value;
    } catch (error) {
      end = () => {
        throw error;
      };
    }
  };
  safely(() => context.with(making(), once));
  if (end === undefined) once();
  return end!();
}

/** The context of an attempt, from which `resendCount` reads. */
export const withAttempt = (active: Context, attempt: number): Context => active.setValue(ATTEMPT, attempt);

/**
 * How many times the operation at hand was attempted before: 1 in the first attempt after the first. Undefined in a
 * first attempt, and outside of one that is traced. It is what OpenTelemetry's convention wants as
 * `http.request.resend_count` on the span of an HTTP request, and on that of a resend only.
 *
 * @param active - Default: the active context.
 * @example
 * new UndiciInstrumentation({
 *   startSpanHook: () => ({ 'http.request.resend_count': resendCount() }),
 * });
 */
export function resendCount(active: Context = context.active()): number | undefined {
  const attempt = active.getValue(ATTEMPT) as number | undefined;
  return attempt === undefined || attempt === 1 ? undefined : attempt - 1;
}
