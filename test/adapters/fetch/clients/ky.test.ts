import { ANSWERS } from './any/answers.ts';
import { FAILURES } from './any/failures.ts';
import { REQUESTS } from './any/requests.ts';
import { rowsOf } from './any/sent.ts';
import { connect, KY, sender } from './ky.rows.ts';
import { comparePlays } from './script.ts';

comparePlays({ connect, rows: [...rowsOf(sender, [...REQUESTS, ...ANSWERS, ...FAILURES]), ...KY] });
