import { circuitBreaker, fallback, keyed, type Pipeline, pipeline } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, it, vi } from 'vitest';
import { setUp } from '../support/keys.ts';

const bare = (key: string) => pipeline(key);

describe('a key', () => {
  it('gets one pipeline, made on first use, and no other key gets it', () => {
    const { subject, make, keys } = setUp();
    const first = subject.get('a');
    expect([subject.get('a'), subject.get('b') === first]).toEqual([first, false]);
    expect(make.mock.calls).toEqual([['a'], ['b']]);
    expect([subject.size, keys()]).toEqual([2, ['a', 'b']]);
  });

  it.each(['', '__proto__', 'a b'])('may be any string, such as "%s"', (key) => {
    const subject = keyed(() => pipeline('any'));
    expect(subject.get(key)).toBe(subject.get(key));
  });

  it.each([1, undefined, null, Symbol('key'), {}])('must be a string, not %o', async (key) => {
    const subject = keyed(bare);
    expect(() => subject.get(key as never)).toThrow(TypeError);
    expect(() => subject.get(key as never)).toThrow('keyed: key must be a string');
    await expect(subject.run(key as never, () => 1)).rejects.toThrow('keyed: key must be a string');
    expect(subject.size).toBe(0);
  });
});

describe('run', () => {
  it('runs in the pipeline of the key, with the options of a run', async () => {
    const subject = keyed((key) => pipeline(key, fallback('fell')));
    const seen = await subject.run('a', (call) => [call.pipeline, call.context], { context: 7 });
    expect(seen).toEqual(['a', 7]);
    expect(await subject.run('a', () => Promise.reject(new Error('down')))).toBe('fell');
  });

  it('rejects with what make throws, and for an operation that is none', async () => {
    const subject = keyed((key) => {
      if (key === 'bad') throw new RangeError('no such host');
      return bare(key);
    });
    await expect(subject.run('bad', () => 1)).rejects.toThrow('no such host');
    await expect(subject.run('a', 1 as never)).rejects.toThrow('run: operation must be a function');
    expect(() => subject.get('bad')).toThrow('no such host');
    expect(subject.size).toBe(1);
  });
});

describe('make', () => {
  it.each([undefined, null, 5, {}, circuitBreaker(), Promise.resolve(bare('a'))])(
    'must return a pipeline, not %o',
    (made) => {
      const subject = keyed((() => made) as never);
      expect(() => subject.get('a')).toThrow('keyed: what make returns must be a pipeline, got');
    },
  );

  it('must return a new one each time', () => {
    const one = bare('one');
    const subject = keyed(() => one);
    subject.get('a');
    expect(() => subject.get('b')).toThrow(TypeError);
    expect(() => subject.get('b')).toThrow('keyed: what make returns must be a new pipeline each time');
    expect(subject.size).toBe(1);
  });

  it('may ask for the pipelines of other keys, and for its own', () => {
    let asked = false;
    let inner: unknown;
    const subject = keyed((key: string): Pipeline => {
      if (key === 'a' && !asked) {
        asked = true;
        subject.get('b');
        inner = subject.get('a');
      }
      return bare(key);
    });
    const made = subject.get('a');
    expect([made === inner, subject.get('a') === made]).toEqual([true, true]);
    expect([...subject.entries()].map(([key]) => key)).toEqual(['b', 'a']);
  });
});

describe('options', () => {
  it.each([
    [{ max: 0 }, 'keyed: max must be an integer >= 1, got 0'],
    [{ max: 1.5 }, 'keyed: max must be an integer >= 1, got 1.5'],
    [{ max: Infinity }, 'keyed: max must be an integer >= 1'],
    [{ idleMs: 0 }, 'keyed: idleMs must be a number > 0 (Infinity is allowed), got 0'],
    [{ idleMs: Number.NaN }, 'keyed: idleMs must be a number > 0'],
    [{ clock: {} }, 'keyed: clock must be a Clock'],
    [{ name: '' }, 'keyed: name must be a string that is not empty'],
    [{ maximum: 1 }, 'keyed: unknown option "maximum"'],
    [null, 'keyed: options must be an object'],
  ])('%o is refused', (options, message) => {
    expect(() => keyed(bare, options as never)).toThrow(message);
  });

  it('make must be a function', () => {
    expect(() => keyed('a' as never)).toThrow('keyed: make must be a function, got "a"');
  });

  it('have defaults: 1,000 pipelines, ten minutes, a name', async () => {
    const clock = new VirtualClock();
    const subject = keyed(bare, { clock });
    for (let i = 0; i <= 1_000; i++) subject.get(`${i}`);
    expect([subject.max, subject.size, subject.name]).toEqual([1_000, 1_000, 'keyed']);
    await clock.advance(599_999);
    expect(subject.size).toBe(1_000);
    await clock.advance(1);
    expect(subject.size).toBe(0);
  });
});

describe('max', () => {
  it('is reached exactly; one more, and the least recently used goes', () => {
    const { subject, log, keys } = setUp({ max: 2 });
    subject.get('a');
    subject.get('b');
    expect(log.splice(0)).toEqual(['create a', 'create b']);
    subject.get('a');
    subject.get('c');
    expect(log).toEqual(['evict b: max', 'create c']);
    expect(keys()).toEqual(['a', 'c']);
  });

  it('does not count a look through entries or size as use', () => {
    const { subject, keys } = setUp({ max: 2 });
    subject.get('a');
    subject.get('b');
    expect([keys(), subject.size]).toEqual([['a', 'b'], 2]);
    subject.get('c');
    expect(keys()).toEqual(['b', 'c']);
  });

  it('makes a new pipeline for a key that was evicted', () => {
    const { subject } = setUp({ max: 1 });
    const first = subject.get('a');
    subject.get('b');
    expect(subject.get('a')).not.toBe(first);
  });

  it('counts the end of a call as use, whoever began it', async () => {
    const { subject, jobs, keys } = setUp({ max: 3 });
    const call = subject.get('a').run(jobs.job('a'));
    subject.get('b');
    subject.get('c');
    jobs.end('a');
    await call;
    subject.get('d');
    expect(keys()).toEqual(['a', 'c', 'd']);
  });

  it('keeps whom make left no room for', () => {
    const subject = keyed(
      (key: string): Pipeline => {
        if (key === 'a') subject.get('b');
        return bare(key);
      },
      { max: 1 },
    );
    subject.get('a');
    expect([...subject.entries()].map(([key]) => key)).toEqual(['a']);
  });
});

describe('idleMs', () => {
  it('evicts what was unused for exactly that long, and nothing before', async () => {
    const { clock, subject, log, keys } = setUp({ idleMs: 100 });
    subject.get('a');
    await clock.advance(1);
    subject.get('b');
    await clock.advance(98);
    expect(keys()).toEqual(['a', 'b']);
    await clock.advance(1);
    expect(keys()).toEqual(['b']);
    expect(log).toEqual(['create a', 'create b', 'evict a: idle']);
  });

  it('counts from the last use, and from the end of the last call', async () => {
    const { clock, subject, jobs, keys } = setUp({ idleMs: 100 });
    subject.get('a');
    const call = subject.run('b', jobs.job('b'));
    await clock.advance(99);
    subject.get('a');
    jobs.end('b');
    await call;
    await clock.advance(99);
    expect(keys()).toEqual(['a', 'b']);
    await clock.advance(1);
    expect(keys()).toEqual([]);
  });

  it('is noticed by a newcomer, and by a lookup once a call has ended since', async () => {
    const { clock, subject, log } = setUp({ idleMs: 100 });
    const [first] = [subject.get('a'), subject.get('b')];
    await clock.advance(100);
    await subject.run('b', () => 1);
    expect(log.splice(0)).toEqual(['create a', 'create b']);
    await subject.run('b', () => 1);
    expect(log.splice(0)).toEqual(['evict a: idle']);
    await clock.advance(100);
    expect(subject.get('a')).not.toBe(first);
    expect(log).toEqual(['evict b: idle', 'create a']);
  });

  it('has not come for whoever is asked for before anybody has noticed', async () => {
    const { clock, subject, keys } = setUp({ idleMs: 100 });
    const kept = subject.get('a');
    subject.get('b');
    await clock.advance(1_000);
    expect(subject.get('a')).toBe(kept);
    expect(keys()).toEqual(['a']);
    await clock.advance(99);
    expect(keys()).toEqual(['a']);
    await clock.advance(1);
    expect(keys()).toEqual([]);
  });

  it('counts a lookup from when the clock is read next', async () => {
    const { clock, subject, keys } = setUp({ idleMs: 100 });
    for (const key of ['a', 'b']) subject.get(key);
    await clock.advance(50);
    for (const key of ['b', 'a']) subject.get(key);
    await clock.advance(20);
    await subject.run('c', () => 1);
    await clock.advance(99);
    expect(keys()).toEqual(['a', 'b', 'c']);
    await clock.advance(1);
    expect(keys()).toEqual([]);
  });

  it('sets no timer, and reads no clock for a lookup, nor at all with Infinity', () => {
    const now = vi.fn(() => 0);
    const setTimer = vi.fn();
    const forever = keyed(bare, { idleMs: Infinity, clock: { now, setTimer }, max: 2 });
    for (const key of ['a', 'b', 'a', 'c']) forever.get(key);
    expect([...forever.entries()].map(([key]) => key)).toEqual(['a', 'c']);
    expect(now).not.toHaveBeenCalled();
    const finite = keyed(bare, { idleMs: 5, clock: { now, setTimer } });
    finite.get('a');
    expect(now).toHaveBeenCalled();
    now.mockClear();
    finite.get('a');
    expect(now).not.toHaveBeenCalled();
    expect(setTimer).not.toHaveBeenCalled();
  });
});
