/** A circuit breaker over the last calls, by hand: no clock unless it is open, no object for a call. */
import { BREAKER } from '../candidate.ts';

export class Breaker {
  /** Number of the state: the outcome of a call that began in an older one is stale. */
  generation = 0;
  private state: 'closed' | 'open' | 'half-open' = 'closed';
  private readonly openMs: number;
  private readonly ring = new Uint8Array(BREAKER.calls);
  private place = 0;
  private calls = 0;
  private failures = 0;
  private openedAt = 0;
  private probing = false;

  constructor(openMs: number) {
    this.openMs = openMs;
  }

  /** Whether a call may begin; while half-open, as the one probe. */
  admits(): boolean {
    return this.state === 'closed' || this.admitsProbe();
  }

  private admitsProbe(): boolean {
    if (this.state === 'open' && performance.now() - this.openedAt >= this.openMs) this.change('half-open');
    if (this.state === 'open' || this.probing) return false;
    this.probing = true;
    return true;
  }

  /** A call that was admitted ends without having shown anything. */
  unused(generation: number): void {
    if (generation === this.generation) this.probing = false;
  }

  /** How a call ended that was admitted in the state of this number. */
  record(generation: number, failed: 0 | 1): void {
    if (generation !== this.generation) return;
    if (this.state === 'half-open') return this.change(failed ? 'open' : 'closed');
    const { ring, place } = this;
    this.failures += failed - (ring[place] as number);
    ring[place] = failed;
    this.place = place + 1 === BREAKER.calls ? 0 : place + 1;
    if (this.calls < BREAKER.calls) this.calls++;
    if (this.calls >= BREAKER.minimumCalls && this.failures / this.calls >= BREAKER.failureRate)
      this.change('open');
  }

  private change(to: 'closed' | 'open' | 'half-open'): void {
    this.state = to;
    this.generation++;
    this.probing = false;
    if (to === 'open') this.openedAt = performance.now();
    if (to !== 'closed') return;
    this.ring.fill(0);
    this.place = this.calls = this.failures = 0;
  }
}
