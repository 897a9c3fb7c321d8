/**
 * Walks every state that a machine can reach, breadth first, beside a naive model of it: each distinct pair of a state
 * and an event is tried once. What is found wrong is found on a shortest way, since no shorter one is left untried.
 */

/** A machine and its model side by side, and what may happen to both. */
export interface System<State, Event> {
  readonly initial: State;
  /** What may happen in a state; what cannot be told apart is listed once. */
  events(state: State): readonly Event[];
  /** The state that follows; the one given stays as it is. Throws where the two differ, or an invariant is broken. */
  after(state: State, event: Event): State | Promise<State>;
  /** The same for states from which the same follows, whatever comes. */
  key(state: State): string;
  /** The event as a reader is told of it. */
  say(event: Event): string;
}

/** What a walk has seen. */
export interface Walk {
  readonly states: number;
  /** Distinct pairs of a state and an event. */
  readonly transitions: number;
  /** Events on the way to the state that is farthest away. */
  readonly depth: number;
  /** Whether it ended at the limit to the depth, with states left to visit. */
  readonly bounded: boolean;
  readonly fault?: Fault;
}

/** What is wrong, and the shortest sequence of events that shows it. */
export interface Fault {
  readonly message: string;
  readonly path: readonly string[];
}

const PROGRESS_EVERY = 10_000;

/** Walks until nothing new is found, a fault is, or `deepest` events have been tried in a row; says now and then that it goes on. */
export async function explore<State, Event>(
  system: System<State, Event>,
  deepest = Infinity,
  onProgress = (): void => {},
): Promise<Walk> {
  const { initial } = system;
  const seen = new Set([system.key(initial)]);
  // How each state was reached first, by its number: from which other, through what.
  const parents: number[] = [-1];
  const causes: Event[] = [];
  let transitions = 0;
  let depth = 0;
  const walk = (bounded: boolean): Walk => ({ states: seen.size, transitions, depth, bounded });
  const pathTo = (state: number): string[] => {
    const path: string[] = [];
    for (let at = state; at > 0; at = parents[at]!) path.unshift(system.say(causes[at]!));
    return path;
  };

  let number = 0;
  for (let level = [initial]; level.length > 0; depth++) {
    if (depth === deepest) return walk(true);
    const next: State[] = [];
    for (const state of level) {
      for (const event of system.events(state)) {
        if (++transitions % PROGRESS_EVERY === 0) onProgress();
        try {
          const following = system.after(state, event);
          const reached = following instanceof Promise ? await following : following;
          const key = system.key(reached);
          if (seen.has(key)) continue;
          causes[seen.size] = event;
          parents[seen.size] = number;
          seen.add(key);
          next.push(reached);
        } catch (error) {
          const path = [...pathTo(number), system.say(event)];
          return { ...walk(false), fault: { message: String((error as Error).message), path } };
        }
      }
      number++;
    }
    if (next.length === 0) break;
    level = next;
  }
  return walk(false);
}
