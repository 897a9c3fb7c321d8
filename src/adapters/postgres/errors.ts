/** The one error that is this adapter's own: nobody can say whether a transaction took place. */
import { brandError, HoldfastError, type HoldfastErrorInit, messageFor } from '../../core/errors.ts';

/**
 * `COMMIT` was sent, and its answer was lost: the transaction may have taken place, or not. It is not tried again, unless
 * it was said to be idempotent. `cause` is what was there instead of the answer.
 */
export class OutcomeUnknownError extends HoldfastError {
  constructor(init: HoldfastErrorInit = {}) {
    const source = { policy: 'postgres', ...init };
    super(
      'HOLDFAST_OUTCOME_UNKNOWN',
      messageFor(source, 'got no answer to COMMIT: whether the transaction took place is not known'),
      source,
    );
  }
}

brandError(OutcomeUnknownError, 'OutcomeUnknownError');
