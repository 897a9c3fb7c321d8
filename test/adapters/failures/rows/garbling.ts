/** Answers that are none, or say something else of themselves than they are. */
import { chunked, garbage, interim, reply, wrongLength } from '../../../network/acts.ts';
import { fetchFailed, gets, KEPT, NONE, type Row } from '../row.ts';

const OK = reply({ body: 'ok' });

export const garbling: readonly Row[] = [
  {
    name: 'chunked body without its last chunk',
    acts: [chunked(['one', 'two'], { truncated: true })],
    expected: gets({ status: 200, error: 'TypeError: terminated, cause UND_ERR_SOCKET' }, 1, 1, NONE),
  },
  {
    name: 'body shorter than its content-length',
    acts: [wrongLength('0123456789', 20)],
    expected: gets({ status: 200, error: 'TypeError: terminated, cause UND_ERR_SOCKET' }, 1, 1, NONE),
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
      fetchFailed('Response does not match the HTTP/1.1 protocol (Invalid header token)'),
      3,
      3,
      NONE,
    ),
  },
  {
    name: 'headers of 20 kB, which is too much for undici',
    acts: [reply({ headers: { 'x-large': 'x'.repeat(20_000) } })],
    expected: gets(fetchFailed('UND_ERR_HEADERS_OVERFLOW'), 3, 3, NONE),
  },
  {
    name: 'body that is no gzip but says so',
    acts: [reply({ headers: { 'content-encoding': 'gzip' }, body: 'not zipped' })],
    expected: gets({ status: 200, error: 'TypeError: terminated, cause Z_DATA_ERROR' }, 1, 1, KEPT),
  },
  {
    name: '100 before the answer',
    acts: [[{ kind: 'read' }, interim(100), ...OK]],
    expected: gets(fetchFailed('UND_ERR_SOCKET'), 3, 3, NONE),
  },
  {
    name: '103 before the answer',
    acts: [[{ kind: 'read' }, interim(103, { link: '</a.css>' }), ...OK]],
    expected: gets({ status: 200, body: 'ok' }, 1, 1, KEPT),
  },
];
