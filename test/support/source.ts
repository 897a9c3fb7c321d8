/**
 * Lets a child process use the sources where a user's would use the package:
 * `node --import ./test/support/source.ts FILE`, nothing built.
 */

import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import { entries } from './entries.ts';

registerHooks({
  resolve(specifier, context, next) {
    const file = entries[specifier];
    return next(file === undefined ? specifier : pathToFileURL(file).href, context);
  },
});
