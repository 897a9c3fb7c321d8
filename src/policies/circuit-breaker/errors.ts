import { brandError, type HoldfastErrorInit, Rejection } from '../../core/errors.ts';
import type { Refusal } from './machine.ts';

/** The circuit is open, half-open with all probes out, or isolated: the operation did not run. */
export class CircuitOpenError extends Rejection {
  /** Which state refused the call. */
  readonly state: Refusal;

  constructor(
    message: string,
    init: HoldfastErrorInit & {
      readonly state: Refusal;
      readonly retryAfterMs?: number | undefined;
    },
  ) {
    super(message, init, 'HOLDFAST_CIRCUIT_OPEN');
    this.state = init.state;
  }
}

brandError(CircuitOpenError, 'CircuitOpenError');
