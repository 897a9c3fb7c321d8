/** What tracers, meters and context managers throw: it goes where OpenTelemetry wants its own faults, and nowhere else. */
import { diag } from '@opentelemetry/api';

function report(fault: unknown): void {
  try {
    diag.error('holdfast:', fault);
  } catch {
    // The logger is broken, too.
  }
}

/** Calls the function; what it throws is reported, and the answer then undefined. */
export function safely<T>(fn: () => T): T | undefined {
  try {
    return fn();
  } catch (fault) {
    report(fault);
    return undefined;
  }
}
