/** Operations that run until the test ends them, and promises that the test can look into. */

/** What became of a promise so far. */
export interface Tracked<T> {
  state: 'pending' | 'fulfilled' | 'rejected';
  value: T | undefined;
  error: unknown;
}

/** Follows a promise; a rejection is handled by that. */
export function track<T>(promise: Promise<T>): Tracked<T> {
  const tracked: Tracked<T> = { state: 'pending', value: undefined, error: undefined };
  promise.then(
    (value) => Object.assign(tracked, { state: 'fulfilled', value }),
    (error) => Object.assign(tracked, { state: 'rejected', error }),
  );
  return tracked;
}

/** One operation that runs. */
export interface Job {
  readonly label: string;
  end(value?: string): void;
  fail(error: unknown): void;
}

/** Work that ignores its signal, and how much of it runs at once. */
export class Jobs {
  /** What has started, in that order. */
  readonly started: Job[] = [];
  running = 0;
  /** The most that ever ran at once. */
  most = 0;

  get labels(): string[] {
    return this.started.map(({ label }) => label);
  }

  /** An operation that runs until `end` or `fail`. */
  readonly job =
    (label = 'job') =>
    (): Promise<string> => {
      this.most = Math.max(this.most, ++this.running);
      return new Promise((resolve, reject) => {
        const over = (settle: () => void): void => {
          this.running--;
          settle();
        };
        const end = (value = label): void => over(() => resolve(value));
        const fail = (error: unknown): void => over(() => reject(error));
        this.started.push({ label, end, fail });
      });
    };

  /** Ends whatever runs with that label. */
  end(label: string): void {
    this.started.find((job) => job.label === label)?.end();
  }
}

/** Lets microtasks run, and no time pass. */
export const flush = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
