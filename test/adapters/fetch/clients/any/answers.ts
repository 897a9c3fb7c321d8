/** Answers of all kinds, and the ways to read them. */
import { breakAt, chunked, gzip, interim, reply, wrongLength } from '../../../../network/acts.ts';
import { LONG } from './requests.ts';
import type { Sent } from './sent.ts';

const JSON_HEADERS = { 'content-type': 'application/json' };
const FORM = ['--b', 'content-disposition: form-data; name="a"', '', '1', '--b--', ''].join('\r\n');

const BODIES_DOWN: readonly Sent[] = [
  {
    name: 'JSON down',
    serve: () => reply({ headers: JSON_HEADERS, body: '{"a":[1,2]}' }),
    read: (response) => response.json(),
  },
  {
    name: 'a buffer down',
    read: (response) => response.arrayBuffer(),
    serve: () => reply({ body: '\0\x01' }),
  },
  { name: 'a blob down', read: (response) => response.blob(), serve: () => reply({ body: 'blob' }) },
  { name: 'bytes down', read: (response) => response.bytes(), serve: () => reply({ body: 'bytes' }) },
  {
    name: 'a form down',
    serve: () => reply({ headers: { 'content-type': 'multipart/form-data; boundary=b' }, body: FORM }),
    read: (response) => response.formData(),
  },
  { name: 'gzip down', serve: () => gzip(LONG) },
  { name: 'a megabyte down', serve: () => reply({ body: LONG }) },
  { name: 'an empty body', serve: () => reply() },
  { name: '204', serve: () => reply({ status: 204 }) },
  { name: '205', serve: () => reply({ status: 205 }) },
  { name: 'chunks', serve: () => chunked(['one ', 'two ', 'three']) },
  {
    name: 'chunks, one by one',
    serve: () => chunked(['one ', 'two ', 'three']),
    read: async ({ body }) => {
      let all = '';
      for await (const chunk of body!) all += Buffer.from(chunk).toString();
      return all;
    },
  },
  {
    name: 'a body that is cancelled',
    serve: () => reply({ body: LONG }),
    read: ({ body }) => body!.cancel(),
  },
  {
    name: 'a body that is cancelled in its midst',
    serve: () => [...breakAt('body', { kind: 'stall' })],
    read: async ({ body }) => {
      const reader = body!.getReader();
      const first = await reader.read();
      await reader.cancel('enough');
      return first;
    },
  },
  {
    name: 'a clone, read before',
    serve: () => reply({ body: 'twice' }),
    read: async (response) => [await response.clone().text(), await response.text()],
  },
  {
    name: 'a body that is read twice',
    serve: () => reply({ body: 'once' }),
    read: async (response) => [await response.text(), await response.text().catch((error: unknown) => error)],
  },
  {
    name: 'piped through a decoder',
    serve: () => chunked(['one ', 'two']),
    read: async ({ body }) => {
      const decoded = body!.pipeThrough(new TextDecoderStream());
      const parts: string[] = [];
      for await (const part of decoded) parts.push(part);
      return parts;
    },
  },
  { name: 'early hints', serve: () => [{ kind: 'read' }, interim(103, { link: '</a>' }), ...reply()] },
];

const BROKEN_BODIES: readonly Sent[] = [
  { name: 'chunks without an end', serve: () => chunked(['one '], { truncated: true }) },
  { name: 'a body shorter than its length', serve: () => wrongLength('short', 10) },
  { name: 'a reset in the body', serve: () => breakAt('body', { kind: 'reset' }) },
  {
    name: 'a body that is no gzip',
    serve: () => reply({ headers: { 'content-encoding': 'gzip' }, body: 'plain' }),
  },
].map((row) => ({ ...row, read: (response) => response.text().catch((error: unknown) => error) }));

export const ANSWERS: readonly Sent[] = [...BODIES_DOWN, ...BROKEN_BODIES];
