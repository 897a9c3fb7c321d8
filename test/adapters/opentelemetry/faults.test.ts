/** A tracer, an exporter or a context manager that is broken breaks no call. */
import {
  type Context,
  type ContextManager,
  context,
  diag,
  ROOT_CONTEXT,
  type Span,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-node';
import { circuitBreaker, constant, pipeline, retry, timeout } from 'holdfast';
import { instrument } from 'holdfast/opentelemetry';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { unregister } from './spans.ts';

afterEach(() => {
  unregister();
  vi.restoreAllMocks();
});

/** What OpenTelemetry is told of faults. */
function listen(): string[] {
  const faults: string[] = [];
  const nothing = (): void => {};
  const error = (_: string, ...[fault]: unknown[]): void => void faults.push(String(fault));
  diag.setLogger({ error, warn: nothing, info: nothing, debug: nothing, verbose: nothing });
  return faults;
}

/** What is asked of a context manager here. */
interface Contexts {
  active(): Context;
  with(context: unknown, fn: () => unknown): unknown;
  disable(): void;
}

const broken = (): never => {
  throw new Error('out of order');
};

function onceOnly<T>(value: T): () => T {
  let asked = false;
  return () => {
    if (asked) return broken();
    asked = true;
    return value;
  };
}

function setup(tracerProvider?: TracerProvider) {
  const policies = [
    retry({ backoff: constant(0) }),
    circuitBreaker({ consecutiveFailures: 9 }),
    timeout({ ms: 999 }),
  ];
  const subject = pipeline('p', ...policies);
  const faults = listen();
  instrument([subject], { tracerProvider });
  return { subject, faults };
}

/** What a run does when nothing is wrong with whoever watches it: how often the operation is called, and the end. */
async function behaviour(subject: ReturnType<typeof setup>['subject']) {
  const invoked: number[] = [];
  const boom = new Error('boom');
  const value = await subject.run(({ attempt }) => {
    invoked.push(attempt);
    if (attempt === 1) throw boom;
    return 'v';
  });
  const error = await subject.run(() => Promise.reject(boom)).catch((thrown: unknown) => thrown);
  return { invoked, value, same: error === boom };
}

const WELL = { invoked: [1, 2], value: 'v', same: true };

/** A provider whose spans, or which itself, throws from the methods that are named. */
function providerThatThrows(...methods: string[]): TracerProvider {
  const real = new NodeTracerProvider();
  const breakable = <T extends object>(target: T): T =>
    new Proxy(target, {
      get: (_, name) => {
        if (methods.includes(String(name))) return broken;
        const value = Reflect.get(target, name) as unknown;
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          const result = value.apply(target, args) as unknown;
          return typeof result === 'object' && result !== null ? breakable(result) : result;
        };
      },
    });
  return breakable<TracerProvider>(real);
}

describe('a call does what it does, and the fault is told', () => {
  test.each([
    [['getTracer']],
    [['startSpan']],
    [['setAttribute', 'setAttributes', 'setStatus', 'addEvent', 'end', 'isRecording']],
    [['setAttribute']],
    [['setAttributes']],
    [['setStatus']],
    [['addEvent']],
    [['isRecording']],
    [['end']],
  ])('where %j throws', async (methods) => {
    const { subject, faults } = setup(providerThatThrows(...methods));
    expect(await behaviour(subject)).toEqual(WELL);
    expect(new Set(faults)).toEqual(new Set(['Error: out of order']));
  });

  test.each<[string, SpanExporter['export']]>([
    ['throws', broken],
    ['never answers', () => {}],
    ['fails', (_, done) => done({ code: 1, error: new Error('unreachable') })],
  ])('where the exporter %s', async (_, exporting) => {
    const exporter = Object.assign(new InMemorySpanExporter(), { export: exporting });
    const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    provider.register();
    const { subject } = setup();
    expect(await behaviour(subject)).toEqual(WELL);
  });

  test.each<[string, Partial<Contexts>, boolean]>([
    ['throws before it calls', { with: broken }, true],
    [
      'throws after it has called',
      {
        with: (_, fn) => {
          fn();
          return broken();
        },
      },
      true,
    ],
    ['does not call', { with: () => undefined }, false],
    ['has no active context to tell', { active: broken }, true],
    ['has none any more', { active: onceOnly(ROOT_CONTEXT) }, true],
  ])('where the context manager %s', async (_, methods, tells) => {
    new NodeTracerProvider().register();
    context.disable();
    const manager: Contexts = { active: () => ROOT_CONTEXT, with: (_, fn) => fn(), disable() {}, ...methods };
    context.setGlobalContextManager(manager as unknown as ContextManager);
    const { subject, faults } = setup();
    expect(await behaviour(subject)).toEqual(WELL);
    expect(faults).toEqual(faults.map(() => 'Error: out of order'));
    expect(faults.length > 0).toBe(tells);
  });
});

test('a logger that is broken as well does no harm either, and nothing is printed', async () => {
  const print = vi.spyOn(console, 'error').mockImplementation(() => {});
  diag.setLogger({ error: broken, warn: broken, info: broken, debug: broken, verbose: broken });
  const subject = pipeline('p');
  instrument([subject], { tracerProvider: providerThatThrows('startSpan') });
  expect(await subject.run(() => 'v')).toBe('v');
  expect(print).not.toHaveBeenCalled();
});

test('a tracer that gives nothing does no harm', async () => {
  const tracer = { startSpan: () => undefined as unknown as Span } as unknown as Tracer;
  const { subject, faults } = setup({ getTracer: () => tracer });
  expect(await behaviour(subject)).toEqual(WELL);
  expect(faults.length).toBeGreaterThan(0);
});

test('the span of the caller is still the active one after a run that was watched by what is broken', async () => {
  new NodeTracerProvider().register();
  const { subject } = setup(providerThatThrows('end', 'addEvent'));
  await trace.getTracer('test').startActiveSpan('request', async (request) => {
    await behaviour(subject);
    expect(trace.getActiveSpan()).toBe(request);
  });
});
