/** What the server itself says: real mistakes, and one state of each class, raised on purpose. */
import { gets, type Row } from '../row.ts';

const real: readonly (readonly [name: string, text: string, code: string])[] = [
  ['a syntax error', 'insert in effects', '42601'],
  ['no such table', 'insert into nowhere values ($1)', '42P01'],
  ['a null where none may be', 'insert into effects select null where $1::text is not null', '23502'],
  ['a key that is there already', 'insert into accounts values ($1, 0), ($1, 0)', '23505'],
  ['a division by zero', 'insert into effects select $1 where 1 / 0 = 1', '22012'],
  ['text that is no number', "insert into effects select $1 where 'x'::int = 1", '22P02'],
  ['too few values', 'insert into effects select $1 where $2 = 1', '08P01'],
  [
    'temporary files beyond their limit',
    'insert into effects select $1 from (select i from generate_series(1, 1000000) i order by -i) big',
    '53400',
  ],
];

const classes: readonly (readonly [code: string, what: string, attempts?: number])[] = [
  ['01000', 'warning'],
  ['02000', 'no data'],
  ['03000', 'statement not yet complete'],
  ['08006', 'connection failure, of a server beyond the server', 4],
  ['09000', 'triggered action'],
  ['0A000', 'feature not supported'],
  ['0B000', 'transaction initiation'],
  ['0F000', 'locator'],
  ['0L000', 'grantor'],
  ['0P000', 'role specification'],
  ['0Z000', 'diagnostics'],
  ['20000', 'case not found'],
  ['21000', 'cardinality'],
  ['22000', 'data'],
  ['23000', 'integrity constraint'],
  ['24000', 'cursor state'],
  ['25000', 'transaction state'],
  ['26000', 'statement name'],
  ['27000', 'triggered data change'],
  ['28000', 'authorization'],
  ['2B000', 'dependent privileges'],
  ['2D000', 'transaction termination'],
  ['2F000', 'SQL routine'],
  ['34000', 'cursor name'],
  ['38000', 'external routine'],
  ['39000', 'external routine invocation'],
  ['3B000', 'savepoint'],
  ['3D000', 'catalog name'],
  ['3F000', 'schema name'],
  ['40000', 'transaction rollback'],
  ['40P01', 'deadlock', 4],
  ['42000', 'syntax or access rule'],
  ['44000', 'WITH CHECK OPTION'],
  ['53100', 'disk full'],
  ['53200', 'out of memory'],
  ['53300', 'too many connections', 4],
  ['54000', 'program limit'],
  ['55000', 'not in prerequisite state'],
  ['57014', 'query cancelled'],
  ['57P01', 'shut down by an operator, of a server beyond the server', 4],
  ['58030', 'input or output'],
  ['72000', 'snapshot too old'],
  ['F0000', 'configuration file'],
  ['HV000', 'foreign data wrapper'],
  ['P0001', 'raise_exception'],
  ['XX000', 'internal error'],
  ['ZZ999', 'a state of nobody'],
];

export const states: readonly Row[] = [
  ...real.map(
    ([name, text, code]): Row => ({
      name,
      call: 'statement',
      text,
      ...(code === '53400' && { pool: { options: '-c work_mem=64kB -c temp_file_limit=64kB' } }),
      // What is found out before it runs is not begun.
      expected: gets(code, { seen: ['42601', '42P01', '22P02', '22012', '08P01'].includes(code) ? 0 : 1 }),
    }),
  ),
  ...classes.map(
    ([code, what, attempts = 1]): Row => ({
      name: `${code}: ${what}`,
      call: 'statement',
      text: `insert into effects select $1 where fail('${code}') = 1`,
      expected: gets(code, { attempts, seen: attempts }),
    }),
  ),
];
