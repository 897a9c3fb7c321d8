import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { DEADLINE_HEADER, deadlineValue, remainingMs } from '../../../src/adapters/http/deadline.ts';
import { isStream } from '../../../src/adapters/http/methods.ts';
import { httpOrigin } from '../../../src/adapters/http/origin.ts';

describe('httpOrigin', () => {
  test.each([
    'http://a.example/x',
    'http://a.example:80/x',
    'http://a.example:8080?q=http://b.example',
    'https://user:secret@a.example/x',
    'HTTPS://A.Example#x',
    'http://[::1]:3000/',
    ' http://a.example/',
    'http:\\\\a.example\\x',
    'http://a.example\\@b.example/',
    'http:a.example',
    'http://ä.example/',
    'http://a\t.example/x',
    'http://a.example',
    'http://1/',
  ])('of %j is what the parser says', (url) => {
    for (let time = 0; time < 2; time++) expect(httpOrigin(url)).toBe(new URL(url).origin);
  });

  test.each([
    'data:text/plain,x',
    'blob:http://a.example/1',
    'file:///etc/hosts',
    '/relative',
    '',
    'http://',
    'http://a b/',
  ])('there is none in %j', (url) => expect(httpOrigin(url)).toBeUndefined());

  test('remembers no more than so many', () => {
    for (let host = 0; host < 5_000; host++) expect(httpOrigin(`http://h${host}/`)).toBe(`http://h${host}`);
  });
});

describe('isStream', () => {
  async function* generated() {
    yield 'x';
  }
  test.each([
    ['a web stream', new ReadableStream()],
    ['a stream of node', Readable.from(['x'])],
    ['an async generator', generated()],
    ['a generator', [1].values()],
  ])('%s is sent once', (_, body) => expect(isStream(body)).toBe(true));

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['a string', 'x'],
    ['bytes', new Uint8Array(2)],
    ['a buffer', new ArrayBuffer(2)],
    ['parameters', new URLSearchParams('a=1')],
    ['a form', new FormData()],
    ['a blob', new Blob(['x'])],
  ])('%s can be sent again', (_, body) => expect(isStream(body)).toBe(false));
});

describe('the remaining time', () => {
  test.each([
    [1_234.9, '1234'],
    [0.4, '1'],
    [0, '1'],
  ])('%d ms are sent as %j', (ms, text) => expect(deadlineValue(ms)).toBe(text));

  test('is read from the headers of fetch and of node:http', () => {
    expect(remainingMs({ [DEADLINE_HEADER]: '250' })).toBe(250);
    expect(remainingMs(new Headers({ [DEADLINE_HEADER]: '250' }))).toBe(250);
    expect(remainingMs({ 'x-budget': '9' }, 'x-budget')).toBe(9);
    expect(remainingMs({ 'x-budget': '9' }, 'X-Budget')).toBe(9);
    expect(remainingMs({ get: () => '7' })).toBe(7);
    expect(remainingMs({ [DEADLINE_HEADER]: '0' })).toBe(1);
  });

  test.each([undefined, '', '-1', '1.5', 'soon', '1e3'])('%j says nothing', (text) => {
    expect(remainingMs({ [DEADLINE_HEADER]: text })).toBeUndefined();
  });
});
