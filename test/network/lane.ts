/** One direction of a connection through the fault proxy: holds the bytes for as long as the faults say. */
import type { Socket } from 'node:net';
import type { Clock, Random, Timer } from '../../src/core/clock.ts';
import { type Break, bytesUntil, type Direction, type Fault, isPace } from './faults.ts';

/** A lane that holds more bytes than this reads no further, so that the sender feels it. */
const FULL = 1024 * 1024;

/** Bytes as they came, or the end of them. */
interface Piece {
  bytes: Buffer | 'end';
  readonly at: number;
  readonly luck: number;
}

export interface Ends {
  readonly from: Socket;
  readonly to: Socket;
  readonly direction: Direction;
}

/** What a lane needs of its proxy. */
export interface Host {
  readonly clock: Clock;
  readonly random: Random;
  /** So many bytes were passed on. */
  passed(direction: Direction, bytes: number): void;
  changed(): void;
}

export class Lane {
  readonly #ends: Ends;
  readonly #host: Host;
  readonly #strike: (fault: Break, lane: Lane) => void;
  #faults: readonly Fault[] = [];
  #state: 'open' | 'stalled' | 'cut' = 'open';
  #pieces: Piece[] = [];
  /** Bytes that wait. */
  held = 0;
  /** Bytes passed since the faults were set. */
  #passed = 0;
  /** When the last piece had gone through. */
  #freeAt = 0;
  #writing = false;
  #timer: Timer | undefined;

  /** `strike` is called with the fault whose byte has come. */
  constructor(ends: Ends, host: Host, strike: (fault: Break, lane: Lane) => void) {
    this.#ends = ends;
    this.#host = host;
    this.#strike = strike;
    ends.from.on('data', (bytes: Buffer) => this.#take(bytes)).on('end', () => this.#take('end'));
  }

  /** From now on these faults, and no others: what is held waits under the new ones. */
  use(faults: readonly Fault[]): void {
    if (this.#state === 'cut') return;
    this.#state = 'open';
    this.#faults = faults;
    this.#passed = 0;
    this.#strikeIfDue();
    this.#pump();
  }

  /** Passes nothing on from now; but a stall holds bytes, not the news that a side has closed. */
  stall(): void {
    if (this.#state !== 'open') return;
    this.#state = 'stalled';
    this.#timer?.cancel();
    if (this.#pieces.at(-1)?.bytes === 'end') this.#endNow();
  }

  /** Lets go of what it holds, and of whatever comes, for good. */
  cut(): void {
    this.#state = 'cut';
    this.#timer?.cancel();
    this.#pieces = [];
    this.held = 0;
    this.#ends.from.resume();
  }

  #take(bytes: Buffer | 'end'): void {
    const { from } = this.#ends;
    if (this.#state === 'cut') {
      if (bytes === 'end') from.end();
      return;
    }
    if (this.#state === 'stalled' && bytes === 'end') return this.#endNow();
    this.#pieces.push({ bytes, at: this.#host.clock.now(), luck: this.#host.random() });
    this.held += bytes === 'end' ? 0 : bytes.length;
    if (this.held > FULL) from.pause();
    this.#pump();
    this.#host.changed();
  }

  #endNow(): void {
    this.cut();
    this.#ends.to.end();
  }

  /** Passes on the next piece, or sets a timer for it. */
  #pump(): void {
    const piece = this.#pieces[0];
    if (this.#writing || this.#state !== 'open' || piece === undefined) return;
    this.#timer?.cancel();
    const size = piece.bytes === 'end' ? 0 : this.#sizeOf(piece.bytes);
    const dueAt = this.#dueAt(piece, size);
    const waitMs = dueAt - this.#host.clock.now();
    if (waitMs <= 0) {
      this.#freeAt = dueAt;
      return this.#pass(piece, size);
    }
    this.#timer = this.#host.clock.setTimer(waitMs, () => this.#pump());
    this.#host.changed();
  }

  #pass(piece: Piece, size: number): void {
    const { from, to, direction } = this.#ends;
    if (piece.bytes === 'end') {
      this.#pieces.shift();
      return void to.end();
    }
    const now = piece.bytes.subarray(0, size);
    piece.bytes = piece.bytes.subarray(size);
    if (piece.bytes.length === 0) this.#pieces.shift();
    this.held -= size;
    this.#writing = true;
    const faults = this.#faults;
    // One write at a time: a slow reader slows the writer down, and a break comes when its byte has really gone.
    to.write(now, (error) => {
      this.#writing = false;
      if (error || this.#state === 'cut') return;
      if (faults === this.#faults) this.#passed += size;
      this.#host.passed(direction, size);
      this.#strikeIfDue();
      if (this.held <= FULL) from.resume();
      this.#pump();
    });
  }

  /** How much of it may go at once: no more than 50 ms' worth, nor beyond the byte at which something breaks. */
  #sizeOf(bytes: Buffer): number {
    const left = this.#breaks().map(({ at }) => at - this.#passed);
    return Math.min(bytes.length, Math.ceil(this.#rate() / 20), ...left.filter((count) => count > 0));
  }

  #dueAt({ at, luck }: Piece, size: number): number {
    let dueAt = at;
    for (const fault of this.#faults)
      if (fault.kind === 'delay') dueAt += fault.ms + luck * (fault.jitterMs ?? 0);
    return Math.max(dueAt, this.#freeAt) + (size / this.#rate()) * 1_000;
  }

  #rate(): number {
    const rates = this.#faults.map((fault) => (fault.kind === 'throttle' ? fault.bytesPerSecond : Infinity));
    return Math.min(Infinity, ...rates);
  }

  #breaks(): { fault: Break; at: number }[] {
    return this.#faults.flatMap((fault) => {
      const at = isPace(fault) ? undefined : bytesUntil(fault, this.#ends.direction);
      return at === undefined ? [] : [{ fault: fault as Break, at }];
    });
  }

  #strikeIfDue(): void {
    for (const { fault, at } of this.#breaks()) if (this.#passed >= at) this.#strike(fault, this);
  }
}
