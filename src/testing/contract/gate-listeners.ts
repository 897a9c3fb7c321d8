/** The laws of a gate that tells listeners something: they are the user's code, and may throw or call again. */
import type { Law } from './contract.ts';
import { pursue } from './gate-manners.ts';
import { asNew, pictureOfNew, wander } from './gate-places.ts';
import type { GateStand } from './gate-stand.ts';

type GateLaw = Law<GateStand>;

/** How a gate receives a crowd, and then calls one by one. */
async function life(stand: GateStand): Promise<string> {
  const crowd = await stand.picture();
  await stand.empty();
  return `${crowd}; ${await pursue(stand)}`;
}

const survivesThrows: GateLaw = [
  'is the same where a listener throws',
  async (stand, demand) => {
    const expected = await life(stand());
    const used = stand();
    used.hands.listen(() => {
      throw new Error('a listener threw');
    });
    const seen = await life(used);
    demand(seen === expected, `with such a listener it received calls like this: ${seen}`, expected);
  },
];

const survivesCalls: GateLaw = [
  'loses nothing, and gives nothing twice, where a listener calls through it',
  async (stand, demand) => {
    const [expected, limit = Infinity] = [await pictureOfNew(stand), await stand().limit()];
    const used = stand();
    let mayCall = true;
    used.hands.listen(() => {
      if (!mayCall) return;
      mayCall = false; // or what it hears of its own call would make it call for ever
      used.start();
      mayCall = true;
    });
    await wander(used, limit, demand);
    mayCall = false;
    await asNew(expected, demand, used, 'its listener had called through it');
  },
];

/** For a gate that has listeners. */
export const LISTENERS: readonly GateLaw[] = [survivesThrows, survivesCalls];
