import {
  bulkhead,
  type Call,
  circuitBreaker,
  fallback,
  type Pipeline,
  pipeline,
  retry,
  timeout,
} from 'holdfast';
import { describe, expectTypeOf, test } from 'vitest';

interface User {
  readonly id: string;
}
const user = async (id: string): Promise<User> => ({ id });
const seven = [
  timeout({ ms: 5 }),
  retry(),
  circuitBreaker(),
  timeout({ ms: 1 }),
  bulkhead(),
  retry(),
  bulkhead(),
] as const;

describe('the value type comes from the operation', () => {
  test('with no policy, one, and seven', () => {
    expectTypeOf(pipeline('p').run(() => 1)).toEqualTypeOf<Promise<number>>();
    expectTypeOf(pipeline('p', retry()).run(() => user('1'))).toEqualTypeOf<Promise<User>>();
    expectTypeOf(pipeline('p', ...seven).run(() => user('1'))).toEqualTypeOf<Promise<User>>();
    expectTypeOf(
      pipeline(
        'p',
        timeout({ ms: 5 }),
        retry(),
        circuitBreaker(),
        timeout({ ms: 1 }),
        bulkhead(),
        retry(),
        bulkhead(),
      ).run(async () => 'text' as const),
    ).toEqualTypeOf<Promise<'text'>>();
  });

  test('of a policy that runs alone', () => {
    expectTypeOf(circuitBreaker().run(() => user('1'))).toEqualTypeOf<Promise<User>>();
    expectTypeOf(bulkhead().run(() => {})).toEqualTypeOf<Promise<void>>();
  });

  test('a thenable is unwrapped, a union stays', () => {
    const thenable = (): PromiseLike<User> => user('1');
    expectTypeOf(retry().run(thenable)).toEqualTypeOf<Promise<User>>();
    expectTypeOf(retry().run((): number | string => 1)).toEqualTypeOf<Promise<number | string>>();
  });

  test('the operation is given the call', () => {
    void retry().run((call) => expectTypeOf(call).toEqualTypeOf<Call>());
    expectTypeOf<Call['context']>().toEqualTypeOf<unknown>();
    expectTypeOf<Call['signal']>().toEqualTypeOf<AbortSignal>();
  });
});

describe('wrap', () => {
  const get = (id: string, more?: { deep: boolean }): Promise<User> => user(id + more);

  test('keeps the parameters', () => {
    const wrapped = pipeline('p', ...seven).wrap(get);
    expectTypeOf(wrapped).parameters.toEqualTypeOf<Parameters<typeof get>>();
    expectTypeOf(wrapped).returns.toEqualTypeOf<Promise<User>>();
    expectTypeOf(retry().wrap((...ids: number[]) => ids.length)).parameters.toEqualTypeOf<number[]>();
    // @ts-expect-error a number is no id
    wrapped(5);
    // @ts-expect-error the id is missing
    wrapped();
  });

  test('keeps this', () => {
    const wrapped = retry().wrap(function (this: { base: string }, path: string) {
      return this.base + path;
    });
    expectTypeOf(wrapped).thisParameter.toEqualTypeOf<{ base: string }>();
    const client = { base: 'http://', get: wrapped };
    expectTypeOf(client.get('/')).toEqualTypeOf<Promise<string>>();
    // @ts-expect-error there is no base
    void { get: wrapped }.get('/');
  });

  test('unwraps what the function gives', () => {
    expectTypeOf(retry().wrap(() => 1)).returns.toEqualTypeOf<Promise<number>>();
    expectTypeOf(retry().wrap(async () => 1)).returns.toEqualTypeOf<Promise<number>>();
    expectTypeOf(retry().wrap((): number | Promise<string> => 1)).returns.toEqualTypeOf<
      Promise<number | string>
    >();
  });

  test('as wrapCall hands the call first, and takes it from the parameters', () => {
    const wrapped = pipeline('p', ...seven).wrapCall(
      ({ signal }, path: string, n: number) => [signal, path, n] as const,
    );
    expectTypeOf(wrapped).parameters.toEqualTypeOf<[path: string, n: number]>();
    expectTypeOf(wrapped).returns.toEqualTypeOf<Promise<readonly [AbortSignal, string, number]>>();
    const method = retry().wrapCall(function (this: { base: string }, _call, path: string) {
      return this.base + path;
    });
    expectTypeOf(method).thisParameter.toEqualTypeOf<{ base: string }>();
  });

  test('wants a function', () => {
    // @ts-expect-error
    expectTypeOf(() => retry().wrap(5)).toBeFunction();
    // @ts-expect-error
    expectTypeOf(() => retry().run(5)).toBeFunction();
  });
});

describe("a fallback's type joins the result", () => {
  test('from a value and from a function, promise or not', () => {
    expectTypeOf(pipeline('p', fallback(null)).run(() => user('1'))).toEqualTypeOf<Promise<User | null>>();
    expectTypeOf(
      pipeline(
        'p',
        fallback(() => 5),
      ).run(() => user('1')),
    ).toEqualTypeOf<Promise<User | number>>();
    expectTypeOf(
      pipeline(
        'p',
        fallback(async () => 5),
      ).run(() => user('1')),
    ).toEqualTypeOf<Promise<User | number>>();
    expectTypeOf(fallback('plan b' as const).run(() => 1)).toEqualTypeOf<Promise<number | 'plan b'>>();
  });

  test('wherever it stands, among seven policies as among one', () => {
    const subject = pipeline(
      'p',
      timeout({ ms: 5 }),
      retry(),
      fallback(null),
      circuitBreaker(),
      timeout({ ms: 1 }),
      bulkhead(),
      retry(),
    );
    expectTypeOf(subject.run(() => user('1'))).toEqualTypeOf<Promise<User | null>>();
    expectTypeOf(subject.wrap(user)).returns.toEqualTypeOf<Promise<User | null>>();
    expectTypeOf(subject.wrapCall((_, id: string) => user(id))).returns.toEqualTypeOf<Promise<User | null>>();
  });

  test('of two fallbacks both join', () => {
    const subject = pipeline('p', fallback(null), retry(), fallback(0));
    expectTypeOf(subject.run(() => user('1'))).toEqualTypeOf<Promise<User | null | number>>();
  });

  test('through nested pipelines', () => {
    const innermost = pipeline('c', fallback(null));
    const inner = pipeline('b', retry(), innermost, fallback(0));
    const outer = pipeline('a', inner, fallback(true));
    expectTypeOf(outer.run(() => user('1'))).toEqualTypeOf<Promise<User | null | number | boolean>>();
    expectTypeOf(pipeline('a', pipeline('b', retry())).run(() => 1)).toEqualTypeOf<Promise<number>>();
  });

  test('that only throws adds nothing', () => {
    const rethrow = fallback((error): never => {
      throw error;
    });
    expectTypeOf(pipeline('p', rethrow).run(() => 1)).toEqualTypeOf<Promise<number>>();
  });

  test('is told the error and the call', () => {
    fallback((error, call) => {
      expectTypeOf(error).toEqualTypeOf<unknown>();
      expectTypeOf(call).toEqualTypeOf<Call>();
      return 1;
    });
  });
});

describe('a pipeline', () => {
  test('can be held under the general type', () => {
    expectTypeOf(pipeline('p', retry())).toExtend<Pipeline>();
    expectTypeOf(pipeline('p', retry(), fallback(null)).policies).not.toBeAny();
  });

  test('cannot be held under one that denies its fallback', () => {
    // @ts-expect-error the fallback's null would be lost
    const held: Pipeline<never> = pipeline('p', fallback(null));
    expectTypeOf(held).not.toBeAny();
  });
});
