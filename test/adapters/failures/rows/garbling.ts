/** Answers that are none, or say something else of themselves than they are. */
import { chunked, garbage, interim, reply, wrongLength } from '../../../network/acts.ts';
import { failed, gets, KEPT, NONE, type Row, terminated } from '../row.ts';

const NO_HTTP = 'Response does not match the HTTP/1.1 protocol (Invalid header token)';
const OK = reply({ body: 'ok' });

export const garbling: readonly Row[] = [
  {
    name: 'chunked body without its last chunk',
    acts: [chunked(['one', 'two'], { truncated: true })],
    expected: gets(terminated(200, 'UND_ERR_SOCKET', 'SocketError'), 1, 1, NONE),
  },
  {
    name: 'body shorter than its content-length',
    acts: [wrongLength('0123456789', 20)],
    expected: gets(terminated(200, 'UND_ERR_SOCKET', 'SocketError'), 1, 1, NONE),
  },
  {
    name: 'body longer than its content-length',
    acts: [wrongLength('0123456789', 5)],
    expected: gets({ status: 200, body: '01234' }, 1, 1, NONE),
  },
  {
    name: 'headers that are none',
    acts: [garbage],
    expected: gets(
      {
        resilientFetch: { error: `TypeError: fetch failed, cause ${NO_HTTP}` },
        resilience: { error: `HTTPParserError: ${NO_HTTP}` },
      },
      3,
      3,
      NONE,
    ),
  },
  {
    name: 'headers of 20 kB, which is too much for undici',
    acts: [reply({ headers: { 'x-large': 'x'.repeat(20_000) } })],
    expected: gets(failed('UND_ERR_HEADERS_OVERFLOW', 'HeadersOverflowError'), 3, 3, NONE),
  },
  {
    name: 'body that is no gzip but says so',
    acts: [reply({ headers: { 'content-encoding': 'gzip' }, body: 'not zipped' })],
    expected: gets(
      {
        resilientFetch: { status: 200, error: 'TypeError: terminated, cause Z_DATA_ERROR' },
        resilience: { status: 200, body: 'not zipped' },
      },
      1,
      1,
      KEPT,
    ),
  },
  {
    name: '100 before the answer',
    acts: [[{ kind: 'read' }, interim(100), ...OK]],
    expected: gets(failed('UND_ERR_SOCKET', 'SocketError'), 3, 3, NONE),
  },
  {
    name: '103 before the answer',
    acts: [[{ kind: 'read' }, interim(103, { link: '</a.css>' }), ...OK]],
    expected: gets({ status: 200, body: 'ok' }, 1, 1, KEPT),
  },
];
