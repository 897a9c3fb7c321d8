/**
 * Where what belongs to a policy, rather than to a run, is counted: the state of a circuit, the places of a bulkhead, the
 * tokens of a budget. It is the account of the pipeline in which it stands. Once it is seen to stand in a second
 * pipeline it is nobody's, and is counted in the account of what is shared, once.
 */
import { type Account, PipelineAccount } from './account.ts';
import type { Instrument } from './instruments.ts';
import type { Cell, Distribution, Labels } from './series.ts';

/** What stands in the label `pipeline` of a policy that several pipelines share. */
export const SHARED = 'shared';

export class Home {
  account: Account;
  label: string;

  constructor(account: Account, label: string) {
    this.account = account;
    this.label = label;
  }

  count(instrument: Instrument, values?: Labels): Cell {
    return this.account.count(instrument, this.label, values);
  }

  distribution(instrument: Instrument, values?: Labels): Distribution {
    return this.account.distribution(instrument, this.label, values);
  }
}

/** What has a home. */
export interface Resident {
  /** The policy, or the budget of a retry. */
  readonly target: object;
  readonly name: string;
  /** The policy's label in the pipeline. */
  readonly label: string;
}

export class Homes {
  readonly #homes = new WeakMap<object, Home>();

  of(target: object): Home | undefined {
    return this.#homes.get(target);
  }

  /** It stands in a pipeline of this account. */
  settle({ target, name, label }: Resident, account: PipelineAccount): void {
    const home = this.#homes.get(target);
    if (home === undefined) {
      this.#homes.set(target, new Home(account, label));
    } else if (![account, account.parent, account.shared].includes(home.account)) {
      const common = home.account instanceof PipelineAccount && home.account.parent === account.parent;
      home.account = common ? account.parent : account.shared;
      if (!common) home.label = name;
    }
  }
}
