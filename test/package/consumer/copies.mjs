/**
 * Every way in which one process can come to hold several copies of the package: ESM beside CommonJS, and this
 * project's installation beside that of the project given as argument. An error of any is known by all.
 */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as esm from 'holdfast';
import trip from './trip.cjs';

const other = createRequire(join(process.argv[2], 'package.json'));
const otherEsm = pathToFileURL(join(process.argv[2], 'node_modules/holdfast/dist/index.js')).href;
const copies = [esm, createRequire(import.meta.url)('holdfast'), other('holdfast'), await import(otherEsm)];
assert.equal(new Set(copies.map(({ CircuitOpenError }) => CircuitOpenError)).size, copies.length);

for (const holdfast of copies) {
  const refused = await trip(holdfast);
  assert.equal(refused.constructor.name, 'CircuitOpenError');
  for (const { BulkheadFullError, CircuitOpenError, HoldfastError, Rejection, isRejection } of copies) {
    assert(refused instanceof CircuitOpenError);
    assert(refused instanceof Rejection);
    assert(refused instanceof HoldfastError);
    assert(isRejection(refused));
    assert(!(refused instanceof BulkheadFullError));
    assert(!(new Error('down') instanceof HoldfastError));
  }
}
