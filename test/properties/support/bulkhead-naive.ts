/** A bulkhead as a plain list of guests, looked through anew at each question. */
import type { BulkheadRules, GuestKind } from './bulkhead-driven.ts';

/** Where a guest stands. An abandoned one holds its place, though nobody waits for it; a reclaimed one does not. */
type Standing =
  | 'waiting'
  | 'working'
  | 'abandoned'
  | 'reclaimed'
  | 'gone'
  | 'full'
  | 'queue-timeout'
  | 'aborted';

export interface NaiveGuest {
  readonly kind: GuestKind;
  standing: Standing;
  /** When its wait, or the patience with its abandoned work, is over. */
  dueAt: number;
}

export class NaiveBulkhead {
  readonly guests: NaiveGuest[] = [];
  private readonly rules: BulkheadRules;
  private concurrency: number;
  private queue: number;
  private now = 0;

  constructor(rules: BulkheadRules) {
    this.rules = rules;
    this.concurrency = rules.concurrency;
    this.queue = rules.queue;
  }

  get waiting(): readonly NaiveGuest[] {
    return this.guests.filter(({ standing }) => standing === 'waiting');
  }

  get holders(): readonly NaiveGuest[] {
    return this.guests.filter(({ standing }) => standing === 'working' || standing === 'abandoned');
  }

  come(kind: GuestKind): void {
    const { waiting, holders, concurrency, now } = this;
    const guest: NaiveGuest = { kind, standing: 'full', dueAt: now + this.rules.queueTimeoutMs };
    if (holders.length < concurrency && waiting.length === 0) guest.standing = 'working';
    else if (kind !== 'try' && concurrency > 0 && waiting.length < this.queue) guest.standing = 'waiting';
    this.guests.push(guest);
  }

  end(guest: NaiveGuest): void {
    guest.standing = 'gone';
    this.admit();
  }

  abort(guest: NaiveGuest): void {
    if (guest.standing === 'waiting') guest.standing = 'aborted';
    if (guest.standing !== 'working') return;
    guest.standing = 'abandoned';
    guest.dueAt = this.now + this.rules.reclaimMs;
  }

  resize({ concurrency, queue }: { readonly concurrency?: number; readonly queue?: number }): void {
    this.concurrency = concurrency ?? this.concurrency;
    this.queue = queue ?? this.queue;
    this.admit();
  }

  /** What falls due meanwhile happens in its order. */
  pass(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      const patient = this.guests.filter(
        ({ standing }) => standing === 'waiting' || standing === 'abandoned',
      );
      const dueAt = Math.min(...patient.map((guest) => guest.dueAt));
      if (dueAt > until) break;
      this.now = dueAt;
      for (const guest of patient.filter((each) => each.dueAt === dueAt))
        guest.standing = guest.standing === 'waiting' ? 'queue-timeout' : 'reclaimed';
      this.admit();
    }
    this.now = until;
  }

  private admit(): void {
    for (const guest of this.waiting) {
      if (this.holders.length < this.concurrency) guest.standing = 'working';
    }
  }
}
