/**
 * Before anything is timed, each candidate has to do its job: a fast breaker that does not open is no breaker. What a
 * candidate says that it lacks is held against it too: a lack that is none is a complaint.
 */
import type { Candidate } from './candidates/candidate.ts';
import { CHECKS } from './checks.ts';
import { SETTINGS, Trial } from './trial.ts';

/** What is wrong with a candidate, or with what it says of itself; nothing if all is well. */
export async function complaints(candidate: Candidate): Promise<string[]> {
  const { name, parts, lacks = {} } = candidate;
  const due = CHECKS.filter(
    ({ parts: wanted, without }) =>
      wanted.every((part) => parts.includes(part)) && (without === undefined || !parts.includes(without)),
  );
  const found = Object.keys(lacks).filter((says) => !due.some((check) => check.says === says));
  const wrong = found.map((says) => `${name}: no check is called '${says}'`);
  for (const { says, settings, holds } of due) {
    const trial = new Trial(candidate, { ...SETTINGS, ...settings });
    const held = await holds(trial);
    await trial.close();
    if (held && says in lacks) wrong.push(`${name}: says that it does not do this, and does: ${says}`);
    if (!held && !(says in lacks)) wrong.push(`${name}: does not do this: ${says}`);
  }
  return wrong;
}
