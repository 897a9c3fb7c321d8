/** Where the calls of a pipeline are counted. Pipelines of one name, and those of one `keyed`, have it in common. */
import { type AttemptResult, CALL_RESULTS, type CallResult } from '../pipeline/result.ts';
import { INSTRUMENTS, type Instrument } from './instruments.ts';
import { type AnyPolicy, isBulkhead, isCircuit, isRetry } from './policies.ts';
import { type Cell, type Distribution, inMap, type Labels, type Series } from './series.ts';

/** All that is counted. */
export interface Books<D extends Distribution = Distribution> {
  readonly counts: Series<Cell>;
  readonly distributions: Series<D>;
}

/** What stands in a label of its own beside the policy. */
type Values = Readonly<Record<string, string>>;

const NONE: Values = {};

export class Account {
  readonly #books: Books;
  readonly #labels: Labels;
  // So that a label set is looked up by one short string.
  readonly #cells = new Map<string, Cell>();
  readonly #distributions = new Map<string, Distribution>();

  constructor(books: Books, labels: Labels) {
    this.#books = books;
    this.#labels = labels;
  }

  /** The number of these labels; `policy` is empty where the instrument is not of a policy. */
  count(instrument: Instrument, policy = '', values = NONE): Cell {
    return inMap(this.#cells, keyOf(instrument, policy, values), () =>
      this.#books.counts.at(instrument, this.labelled(policy, values)),
    );
  }

  /** What the single values of these labels are told to. */
  distribution(instrument: Instrument, policy = '', values = NONE): Distribution {
    return inMap(this.#distributions, keyOf(instrument, policy, values), () =>
      this.#books.distributions.at(instrument, this.labelled(policy, values)),
    );
  }

  /** The labels with which something is counted here. */
  labelled(policy: string, values = NONE): Labels {
    return { ...this.#labels, ...(policy === '' ? NONE : { policy }), ...values };
  }
}

/** A histogram by outcome, which is told of every call: each is looked up once. */
class Outcomes<Outcome extends string> {
  readonly #account: Account;
  readonly #instrument: Instrument;
  readonly #known: { [K in Outcome]?: Distribution } = {};

  constructor(account: Account, instrument: Instrument) {
    this.#account = account;
    this.#instrument = instrument;
  }

  record(outcome: Outcome, value: number): void {
    this.#known[outcome] ??= this.#account.distribution(this.#instrument, '', { outcome });
    this.#known[outcome].record(value);
  }
}

/** That of a pipeline. */
export class PipelineAccount extends Account {
  readonly calls: Readonly<Record<CallResult, Cell>>;
  readonly callDurations: Outcomes<CallResult>;
  readonly attemptDurations: Outcomes<AttemptResult>;
  readonly abandoned: Cell;
  readonly abandonedRunning: Cell;
  /** Where that is counted which all keys of a `keyed` share; the account itself where keys have none of their own. */
  readonly parent: Account;
  /** Where that is counted which pipelines of different names share. */
  readonly shared: Account;

  constructor(books: Books, labels: Labels, shared: Account, parent?: Account) {
    super(books, labels);
    this.shared = shared;
    this.parent = parent ?? this;
    const outcomes = CALL_RESULTS.map((outcome) => [outcome, this.count(INSTRUMENTS.calls, '', { outcome })]);
    this.calls = Object.fromEntries(outcomes) as Record<CallResult, Cell>;
    this.callDurations = new Outcomes(this, INSTRUMENTS.callDuration);
    this.attemptDurations = new Outcomes(this, INSTRUMENTS.attemptDuration);
    this.abandoned = this.count(INSTRUMENTS.abandoned);
    this.abandonedRunning = this.count(INSTRUMENTS.abandonedRunning);
  }

  /** Shows what runs of a pipeline will count of this policy, at 0: a rate over a series that begins at 1 misses the 1. */
  expect(policy: AnyPolicy, label: string): void {
    const { rejections, retries, retrySleep, retryExhausted, circuitStale, timeouts } = INSTRUMENTS;
    const show = (instrument: Instrument, name?: string, values: readonly string[] = []): void => {
      if (name === undefined) this.count(instrument, label);
      else for (const value of values) this.count(instrument, label, { [name]: value });
    };
    if (isCircuit(policy)) {
      show(rejections, 'reason', ['open', 'half-open', 'isolated']);
      show(circuitStale);
    } else if (isBulkhead(policy)) {
      show(rejections, 'reason', ['full', 'queue-timeout']);
    } else if (isRetry(policy)) {
      show(retries, 'result', retries.labels.result);
      show(retrySleep);
      show(retryExhausted, 'reason', retryExhausted.labels.reason);
    } else if (policy.kind === 'timeout') {
      show(timeouts);
    }
  }
}

const keyOf = ({ name }: Instrument, policy: string, values: Values): string =>
  `${name}\n${policy}\n${Object.values(values).join('\n')}`;
