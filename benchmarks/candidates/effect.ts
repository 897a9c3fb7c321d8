/** effect 4: an effect that is described once, and run anew for each call. Its breaker is one of its experimental modules. */
import { Context, Effect, Exit, Layer, Option, Schedule, Scope, Semaphore } from 'effect';
import { CircuitBreaker } from 'effect/persistence';
import { BREAKER, type Built, type Candidate, FOUR, RETRIES, rowsOf, type Settings } from './candidate.ts';

type Task = Effect.Effect<unknown, unknown>;

/** What stands around an effect. A breaker lives in the scope. */
type Wrap = (settings: Settings, scope: Scope.Closeable) => (task: Task) => Task;

const aRetry: Wrap = ({ backoffMs }) => {
  const schedule = Schedule.jittered(Schedule.exponential(backoffMs));
  return Effect.retry({ times: RETRIES, schedule });
};

const retryAtOnce: Wrap = () => Effect.retry({ times: RETRIES });

const aTimeout: Wrap = ({ timeoutMs }) => Effect.timeout(timeoutMs);

const aBulkhead: Wrap = ({ concurrency }) => {
  const semaphore = Semaphore.makeUnsafe(concurrency);
  return (task) =>
    Effect.flatMap(semaphore.withPermitsIfAvailable(1)(task), (done) =>
      Option.isSome(done) ? Effect.succeed(done.value) : Effect.fail(new Error('too many calls in flight')),
    );
};

const aQueue: Wrap = ({ concurrency }) => Semaphore.makeUnsafe(concurrency).withPermit;

const aBreaker: Wrap = ({ openMs }, scope) => {
  const { calls: size, failureRate: threshold, minimumCalls } = BREAKER;
  const tripPolicy = CircuitBreaker.rate({ threshold, size, minimumCalls });
  const layer = Layer.provide(
    CircuitBreaker.layer({ tripPolicy, openDuration: openMs }),
    CircuitBreaker.layerStoreMemory(),
  );
  const services = Effect.runSync(Layer.buildWithScope(layer, scope));
  return Context.get(services, CircuitBreaker.CircuitBreaker).execute({ key: 'bench' });
};

/** Outermost first. */
const runPromise =
  (...wraps: Wrap[]): Candidate['build'] =>
  (work, settings, signal): Built => {
    const scope = Scope.makeUnsafe();
    const operation: Task = Effect.tryPromise({ try: () => work(), catch: (error) => error });
    return built(operation, wraps, settings, scope, signal);
  };

/** For an operation that is given a signal: effect makes one for who takes it. */
const runPromiseReading =
  (...wraps: Wrap[]): Candidate['build'] =>
  (work, settings, signal): Built => {
    const scope = Scope.makeUnsafe();
    const operation: Task = Effect.tryPromise({
      try: (signal) => work({ signal }),
      catch: (error) => error,
    });
    return built(operation, wraps, settings, scope, signal);
  };

function built(
  operation: Task,
  wraps: readonly Wrap[],
  settings: Settings,
  scope: Scope.Closeable,
  signal: AbortSignal | undefined,
): Built {
  const task = wraps.reduceRight((inner, wrap) => wrap(settings, scope)(inner), operation);
  const options = signal && { signal };
  return {
    call: () => Effect.runPromise(task, options),
    close: () => Effect.runSync(Scope.close(scope, Exit.void)),
  };
}

const four = [aRetry, aBreaker, aTimeout, aBulkhead];
const FREES = { 'keeps the place of work that timed out': 'frees the place of work that timed out' };

export const effect = rowsOf('effect', [
  { name: 'retry', parts: ['retry'], build: runPromise(aRetry) },
  { name: 'breaker', parts: ['breaker'], build: runPromise(aBreaker) },
  { name: 'bulkhead', parts: ['bulkhead'], build: runPromise(aBulkhead) },
  { name: 'timeout', parts: ['timeout'], build: runPromise(aTimeout) },
  { name: 'four', parts: FOUR, lacks: FREES, build: runPromise(...four) },
  {
    name: 'four, operation reads its signal',
    parts: [...FOUR, 'signal'],
    lacks: FREES,
    scenario: 'reads signal',
    build: runPromiseReading(...four),
  },
  {
    name: 'four, caller passes a signal',
    parts: [...FOUR, 'abort'],
    lacks: FREES,
    scenario: 'caller signal',
    build: runPromise(...four),
  },
  { name: 'retry, one failure', parts: ['retry'], scenario: 'fails once', build: runPromise(retryAtOnce) },
  { name: 'open circuit rejects', parts: ['breaker'], scenario: 'open', build: runPromise(aBreaker) },
  { name: 'full bulkhead rejects', parts: ['bulkhead'], scenario: 'full', build: runPromise(aBulkhead) },
  { name: '1,000 at once, 100 places', parts: ['queue'], scenario: 'burst', build: runPromise(aQueue) },
]);
