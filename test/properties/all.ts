/** Every property, in the order of its number. */
import type { Claim } from './property.ts';
import trips from './trips.ts';

export const properties: readonly Claim[] = [trips];
