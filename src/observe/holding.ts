/** Who listens to what, so that nothing is listened to twice, and stops being so with the last who wanted it. */

import { inMap } from './series.ts';

/** Objects that can be looked through, and are not kept alive by it. */
class WeakBag<T extends object> {
  readonly #refs = new Set<WeakRef<T>>();
  readonly #gone = new FinalizationRegistry<WeakRef<T>>((ref) => this.#refs.delete(ref));

  add(target: T): void {
    const ref = new WeakRef(target);
    this.#refs.add(ref);
    this.#gone.register(target, ref);
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (const ref of this.#refs) {
      const target = ref.deref();
      if (target !== undefined) yield target;
    }
  }
}

interface Heard<T extends object> {
  readonly by: Set<Listener<T>>;
  readonly stop: () => void;
}

/** What is listened to, by whom. */
export class Listening<T extends object> {
  readonly #heard = new WeakMap<T, Heard<T>>();

  /** `begin` begins to listen, and returns what ends that; it is called unless somebody listens already. */
  add(target: T, by: Listener<T>, begin: () => () => void): void {
    const heard = inMap(this.#heard, target, (): Heard<T> => ({ by: new Set(), stop: begin() }));
    if (heard.by.has(by)) return;
    heard.by.add(by);
    by.targets.add(target);
  }

  /** Nothing is listened to by this one any more. */
  end(by: Listener<T>): void {
    for (const target of by.targets) {
      const heard = this.#heard.get(target);
      if (!heard?.by.delete(by) || heard.by.size > 0) continue;
      this.#heard.delete(target);
      heard.stop();
    }
  }
}

/** One who listens. */
export class Listener<T extends object> {
  readonly targets = new WeakBag<T>();
}
