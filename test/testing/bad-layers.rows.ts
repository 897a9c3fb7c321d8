/** Layers that each break a law of the contract. */
import { type Call, type Clock, type Layer, type Next, type Operation, Rejection } from 'holdfast';

/** What a layer does with one call. */
type Around = <T>(next: Next, operation: Operation<T>, call: Call) => Promise<T>;

const layer = (around: Around): Layer => ({
  around: (next) => (operation, call) => around(next, operation, call),
});

const sleep = (clock: Clock, ms: number): Promise<void> =>
  new Promise((wake) => void clock.setTimer(ms, wake));

/** Runs one call after another, but from whatever stack the call before it ends on. */
function queue(): Layer {
  const waiting: (() => void)[] = [];
  let busy = false;
  const take = (): void => {
    const first = waiting.shift();
    busy = first !== undefined;
    first?.();
  };
  return layer(
    (next, operation, call) =>
      new Promise((resolve, reject) => {
        waiting.push(() => void next(operation, call).then(resolve, reject).finally(take));
        if (!busy) take();
      }),
  );
}

/** A layer with one listener. */
export type Telling = Layer & { listener?: () => void };

const tellingFirst = (): Telling => {
  const telling: Telling = layer(async (next, operation, call) => {
    telling.listener?.();
    return next(operation, call);
  });
  return telling;
};

const tellingOfErrors = (): Telling => {
  const telling: Telling = layer((next, operation, call) =>
    next(operation, call).catch((error) => {
      telling.listener?.();
      throw error;
    }),
  );
  return telling;
};

/** The law, and what breaks it. */
export const BAD_LAYERS: readonly (readonly [law: string, make: (clock: Clock) => Layer | Telling])[] = [
  [
    'a layer passes on the very value of an operation that answers at once',
    // Takes it for granted that the operation returns a promise.
    () =>
      layer((next, operation, call) => next((c) => (operation(c) as Promise<never>).then((v) => v), call)),
  ],
  [
    'a layer passes on the very value of an operation that answers with a promise',
    () => layer(async (next, operation, call) => ({ ...((await next(operation, call)) as object) }) as never),
  ],
  [
    'a layer passes on the very value of an operation that answers with a promise',
    // Takes what is falsy for nothing.
    () => layer(async (next, operation, call) => (await next(operation, call)) || ('none' as never)),
  ],
  [
    'a layer passes on the very value of an operation that answers with a promise',
    () => layer(async (next, operation, call) => (await next(operation, call)) ?? (undefined as never)),
  ],
  [
    'a layer passes on the very value of an operation that answers with a promise',
    () =>
      layer(async (next, operation, call) => {
        const value = await next(operation, call);
        if (value instanceof Error) throw value;
        return value;
      }),
  ],
  [
    'a layer passes on the very value of an operation that answers with a thenable',
    () =>
      layer((next, operation, call) => next((c) => (operation(c) as Promise<never>).finally(() => {}), call)),
  ],
  [
    'a layer passes on the very error of an operation that fails at once',
    () =>
      layer((next, operation, call) => {
        const guarded = ((c: Call) => {
          try {
            return operation(c);
          } catch {
            throw new Error('it threw');
          }
        }) as typeof operation;
        return next(guarded, call);
      }),
  ],
  [
    'a layer passes on the very error of an operation that fails with a promise',
    () =>
      layer((next, operation, call) =>
        next(operation, call).catch((cause) => {
          throw new Error('wrapped', { cause });
        }),
      ),
  ],
  [
    'a layer passes on the very error of an operation that fails with a promise',
    () =>
      layer((next, operation, call) =>
        next(operation, call).catch((error) => {
          if (error instanceof Error) error.message = `search: ${error.message}`;
          throw error;
        }),
      ),
  ],
  [
    'a layer passes on the very error of an operation that fails with a promise',
    () =>
      layer((next, operation, call) =>
        next(operation, call).catch((error) => {
          throw error ?? undefined;
        }),
      ),
  ],
  [
    'a layer passes on the very error of an operation that fails with a thenable',
    // Takes whatever is no native promise for a value.
    () =>
      layer((next, operation, call) => {
        const settled = ((c: Call) => {
          const answer = operation(c);
          return answer instanceof Promise ? answer : { answer };
        }) as typeof operation;
        return next(settled, call);
      }),
  ],
  [
    'a layer passes on the very Rejection of a gate further in',
    () =>
      layer((next, operation, call) =>
        next(operation, call).catch((error) => {
          throw error instanceof Rejection ? new Rejection(error.message) : error;
        }),
      ),
  ],
  [
    'a layer keeps calls apart that run at the same time, in one pipeline and in several',
    () => {
      let answer: unknown;
      return layer(async (next, operation, call) => {
        answer = await next(operation, call);
        await undefined;
        return answer as never;
      });
    },
  ],
  [
    'a layer keeps calls apart that run at the same time, in one pipeline and in several',
    () => {
      let current: Operation<unknown>;
      return layer((next, operation, call) => {
        current = operation;
        return Promise.resolve().then(() => next(current, call)) as never;
      });
    },
  ],
  [
    'a layer answers every call',
    () =>
      layer(
        (next, operation, call) =>
          new Promise((resolve) => void next(operation, call).then(resolve, () => {})),
      ),
  ],
  [
    'a layer returns a promise, and throws nothing',
    () =>
      layer(() => {
        throw new Error('not configured');
      }),
  ],
  ['a layer returns a promise, and throws nothing', () => layer(() => 'cached' as never)],
  [
    'a layer returns a promise, and throws nothing',
    // Something with `then` alone: whoever stands further out may want `finally`.
    () =>
      layer((next, operation, call) => {
        const answer = next(operation, call);
        return { then: answer.then.bind(answer) } as never;
      }),
  ],
  [
    'a layer answers a call after others, however these ended, as it answers a first one',
    // A limit that does not hear of the end of a call that was given up.
    () => {
      let free = 8;
      return layer(async (next, operation, call) => {
        if (free === 0) return new Promise(() => {});
        free--;
        try {
          return await next(operation, call);
        } finally {
          if (!call.signal.aborted) free++;
        }
      });
    },
  ],
  [
    'a layer passes each call on to what stands further in in its own pipeline',
    () => {
      let inner: Next;
      return {
        around: (next) => {
          inner = next;
          return (operation, call) => inner(operation, call);
        },
      };
    },
  ],
  [
    'a layer passes on the call that it was given',
    () => layer((next, operation, call) => next(operation, { ...call })),
  ],
  [
    'a layer passes on the call that it was given',
    () => layer((next, operation, call) => next((c) => operation({ ...c }), call)),
  ],
  [
    'a layer passes on the call that it was given',
    () => {
      let first: Call | undefined;
      return layer((next, operation, call) => {
        first ??= call;
        return next(operation, first);
      });
    },
  ],
  [
    'a layer calls the operation through `next` alone',
    () => layer(async (_next, operation, call) => operation(call)),
  ],
  [
    'a layer starts nothing for a call that was given up',
    (clock) =>
      layer(async (next, operation, call) => {
        try {
          return await next(operation, call);
        } catch {
          await sleep(clock, 50);
          return operation(call);
        }
      }),
  ],
  [
    'a layer leaves no timer behind when a call has its answer',
    (clock) =>
      layer((next, operation, call) =>
        Promise.race([
          next(operation, call),
          sleep(clock, 5_000).then(() => Promise.reject(new Error('slow'))),
        ]),
      ),
  ],
  [
    'a layer leaves no timer behind when a call has its answer',
    // Cancels it when what is further in has settled, which may be long after the call was given up.
    (clock) =>
      layer((next, operation, call) => {
        const timer = clock.setTimer(5_000, () => {});
        return next(operation, call).finally(() => timer.cancel());
      }),
  ],
  [
    'a layer leaves no promise to reject without a handler',
    () =>
      layer((next, operation, call) => {
        void next(operation, call); // to a mirror
        return next(operation, call);
      }),
  ],
  [
    'a layer leaves no promise to reject without a handler',
    (clock) =>
      layer(
        (next, operation, call) =>
          new Promise((resolve, reject) => {
            const timer = clock.setTimer(50, () => void next(operation, call).then(resolve));
            void next(operation, call)
              .then(resolve, reject)
              .finally(() => timer.cancel());
          }),
      ),
  ],
  ['a layer runs each operation in the async context of its own run', queue],
  ['a layer answers a call whose operation calls through the layer again, and waits for that', queue],
  [
    'a layer gives a Rejection only for a call that was never invoked',
    // A retry at once that throws the error of the last attempt, also where that was refused.
    () => layer((next, operation, call) => next(operation, call).catch(() => next(operation, call))),
  ],
  [
    'a layer gives a Rejection only for a call that was never invoked',
    // A hedge whose second attempt may be refused while the first still works.
    (clock) =>
      layer((next, operation, call) => {
        const first = next(operation, call);
        const second = sleep(clock, 50).then(() => next(operation, call));
        return Promise.race([first, second]);
      }),
  ],
  [
    'a layer gives a Rejection only for a call that was never invoked',
    () =>
      layer((next, operation, call) =>
        next(operation, call).catch(() => {
          throw new Rejection('the dependency is down');
        }),
      ),
  ],
  ...[tellingFirst, tellingOfErrors].map(
    (make) => ['a layer answers the same where a listener throws', make] as const,
  ),
];
