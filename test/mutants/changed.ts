/** Which files a bounded run takes. It compares contents, and so works in a clone without history. */
import { hashOf, type Measured } from './results.ts';

/** Files by path, with their text. */
export type Sources = Readonly<Record<string, string>>;

export interface Choice {
  /** What is not as it was in the last full run, and fits into the time. */
  readonly taken: readonly string[];
  /** What has changed too, and does not fit. */
  readonly left: readonly string[];
}

/** Chooses by chance where not all that changed fits into `minutes`; one file is taken in any case. */
export function changedSince(
  measured: Measured,
  sources: Sources,
  minutes: number,
  random = Math.random,
): Choice {
  const taken: string[] = [];
  const left: string[] = [];
  let room = (minutes / measured.minutes) * measured.mutants;
  const changed = Object.keys(sources).filter(
    (file) => hashOf(sources[file]!) !== measured.files[file]?.sha256,
  );
  const order = changed.map((file) => ({ file, place: random() })).sort((a, b) => a.place - b.place);
  for (const { file } of order) {
    // Of a new file only the length is known: there is less than one mutant for each line.
    const mutants = measured.files[file]?.mutants ?? sources[file]!.split('\n').length;
    const fits = mutants <= room || taken.length === 0;
    (fits ? taken : left).push(file);
    if (fits) room -= mutants;
  }
  return { taken, left };
}
