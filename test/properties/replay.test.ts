/** A script that a failed check prints can be pasted as it is: the same happens again. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { property } from './property.ts';
import { type BreakerScript, breakerCourse, breakerRace, driveBreaker } from './support/breaker-scripts.ts';
import { BreakerModel } from './support/breaker-steps.ts';
import { showScript } from './support/show.ts';

/** What a printed test hands to `holds`. */
const printed = (fault: string | undefined): string | undefined =>
  /await property\.holds\(([\s\S]*)\);\n\}\);/.exec(fault ?? '')?.[1];

function pasted<Script>(fault: string): Script {
  return new Function('schedulerFor', `return ${printed(fault)}`)(fc.schedulerFor) as Script;
}

/** Checks something that is soon false, and then what is printed: with the mistake in place, and once it is mended. */
async function expectReplay<Script>(
  script: fc.Arbitrary<Script>,
  happen: (script: Script, mended: boolean) => Promise<void>,
): Promise<void> {
  const claim = property<Script>({
    number: 99,
    name: 'Nothing much ever happens',
    file: 'nothing',
    script,
    show: (given) => showScript(given as object),
    holds: (given) => happen(given, false),
  });
  const { fault = '' } = await claim.check({ cases: 500, seed: 1 });
  // The seed and the path that are told lead back to it, also where the script is one of commands.
  const [, seed, path] = /--seed (\S+) --path (\S+)/.exec(fault) ?? [];
  const again = await claim.check({ cases: 500, seed: Number(seed), path });
  expect(again.cases).toBe(1);
  expect(printed(again.fault)).toBe(printed(fault));
  const [message] = /Error: .*/.exec(fault) ?? [];
  expect(message).toMatch('much has happened');
  await expect(claim.holds(pasted(fault))).rejects.toThrow(message?.slice('Error: '.length));
  await happen(pasted(fault), true);
}

/** Complains, unless that is mended, as soon as a breaker has told much. */
class Told extends BreakerModel {
  mended = false;

  override look(): void {
    const { changes, heard, clock } = this.driven;
    if (this.mended || changes.length < 3 || heard.length < 2) return;
    const told = changes.map(({ to }) => to).join();
    throw new Error(`much has happened: ${told}, ${heard.map(({ stale }) => stale)}, at ${clock.now()}`);
  }
}

const breaker = (script: BreakerScript, mended: boolean): Promise<void> =>
  driveBreaker(script, (driven) => Object.assign(new Told(driven, () => {}), { mended }));

test('what is done to a breaker, step by step', () => expectReplay(breakerCourse(60), breaker));

test('what happens to a breaker almost at once', () => expectReplay(breakerRace, breaker));
