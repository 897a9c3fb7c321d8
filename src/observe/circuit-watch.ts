/**
 * Follows the state of one circuit: its changes, the time it is open, and its incidents. An incident begins when a closed
 * circuit trips and ends when it is closed again; opening by hand and isolation are no incidents.
 */

import type { Home } from './homes.ts';
import { INSTRUMENTS } from './instruments.ts';
import type { Circuit, StateEvent } from './policies.ts';

interface Incident {
  readonly sinceMs: number;
  rejections: number;
}

/** The changes that a circuit makes by itself. */
const USUAL = [
  { from: 'closed', to: 'open' },
  { from: 'open', to: 'half-open' },
  { from: 'half-open', to: 'open' },
  { from: 'half-open', to: 'closed' },
] as const;

export class CircuitWatch {
  readonly #home: Home;
  #openSinceMs: number | undefined;
  #incident: Incident | undefined = undefined;
  #wellAtMs: number | undefined = undefined;

  constructor(circuit: Circuit, home: Home) {
    this.#home = home;
    this.#openSinceMs = circuit.state === 'open' ? circuit.clock.now() : undefined;
    for (const change of USUAL) home.count(INSTRUMENTS.circuitTransitions, change);
    home.count(INSTRUMENTS.circuitOpen);
    // Incidents are rare: who asks for the increase of a series that begins with the first would not see it.
    const { incidentDetection, incidentRecovery, incidentRejections } = INSTRUMENTS;
    for (const each of [incidentDetection, incidentRecovery, incidentRejections]) home.distribution(each);
  }

  /** A call succeeded; needed only where the window says nothing of times. */
  wellAt(nowMs: number): void {
    this.#wellAtMs = nowMs;
  }

  /** It has rejected a call. */
  refused(): void {
    if (this.#incident !== undefined) this.#incident.rejections++;
  }

  changed({ from, to, atMs, reason, unwellSinceMs }: StateEvent): void {
    this.#home.count(INSTRUMENTS.circuitTransitions, { from, to }).value++;
    if (from === 'open') this.#wasOpenUntil(atMs);
    this.#openSinceMs = to === 'open' ? atMs : undefined;
    if (from === 'closed' && to === 'open' && reason !== 'manual' && reason !== 'isolation') {
      this.#incident = { sinceMs: atMs, rejections: 0 };
      const since = unwellSinceMs ?? this.#wellAtMs;
      if (since !== undefined) this.#tell(INSTRUMENTS.incidentDetection, seconds(atMs - since));
    }
    if (to !== 'closed' || this.#incident === undefined) return;
    const { sinceMs, rejections } = this.#incident;
    this.#incident = undefined;
    this.#tell(INSTRUMENTS.incidentRecovery, seconds(atMs - sinceMs));
    this.#tell(INSTRUMENTS.incidentRejections, rejections);
  }

  /** Counts the time that it has been open up to now; of a wait that is over, which nobody has noticed yet, up to its end. */
  catchUp(circuit: Circuit): void {
    if (this.#openSinceMs === undefined) return;
    const nowMs = circuit.clock.now();
    const { ageMs, phase } = circuit.snapshot();
    const overMs = Math.max(0, ageMs - (phase.waitMs ?? Infinity));
    this.#wasOpenUntil(nowMs - overMs);
  }

  #wasOpenUntil(ms: number): void {
    if (this.#openSinceMs === undefined || ms <= this.#openSinceMs) return;
    this.#home.count(INSTRUMENTS.circuitOpen).value += seconds(ms - this.#openSinceMs);
    this.#openSinceMs = ms;
  }

  #tell(instrument: Parameters<Home['distribution']>[0], value: number): void {
    this.#home.distribution(instrument).record(value);
  }
}

const seconds = (ms: number): number => Math.max(0, ms) / 1_000;
