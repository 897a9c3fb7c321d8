/** Time as it passes between two macrotasks. */

/** Lets all that is pending happen, and no time pass. */
export const rest = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Looks, `count` times, with one microtask in between: among all that is pending, not after it. */
export async function eachMicrotask(count: number, look: () => void): Promise<void> {
  for (let i = 0; i < count; i++) {
    await undefined;
    look();
  }
}
