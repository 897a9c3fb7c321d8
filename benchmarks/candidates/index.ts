/** All rows, in the order of the table. */
import { byHand } from './by-hand.ts';
import type { Candidate } from './candidate.ts';
import { cockatiel } from './cockatiel.ts';
import { effect } from './effect.ts';
import { holdfast } from './holdfast/rows.ts';
import { mollitia } from './mollitia.ts';
import { opossum } from './opossum.ts';
import { smallPackages } from './small-packages.ts';

export const candidates: readonly Candidate[] = [
  ...byHand,
  ...holdfast,
  ...cockatiel,
  ...opossum,
  ...mollitia,
  ...effect,
  ...smallPackages,
];
