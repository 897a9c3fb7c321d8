/** What each runtime executes: the suite, the smoke test, then HTTP. The last thing it does is to print one line of JSON. */
import { VirtualClock } from 'holdfast/testing';
import { outbound } from './outbound.ts';
import { smoke } from './smoke.ts';
import { suite } from './suite/index.ts';

/** What a runtime reports of itself. */
export interface Told {
  readonly version: string;
  readonly passed: number;
  readonly failures: readonly { readonly name: string; readonly error: string }[];
}

async function main(): Promise<void> {
  const failures: { name: string; error: string }[] = [];
  let now = 'the start';
  process.on('unhandledRejection', (error) => {
    failures.push({ name: `no rejection is left unhandled: ${now}`, error: String(error) });
  });
  const behaviours = [...suite, ...smoke, ...outbound];
  let passed = 0;
  for (const { name, run } of behaviours) {
    now = name;
    try {
      await run(new VirtualClock());
      // Unhandled rejections are told after the microtasks.
      await new Promise<void>((resolve) => void setImmediate(resolve));
      passed++;
    } catch (error) {
      failures.push({ name, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  }
  // Bun and Deno have a version of Node too: the one that they are like.
  const { bun, deno, node } = process.versions;
  const told: Told = { version: `${bun ?? deno ?? node}`, passed, failures };
  console.log(JSON.stringify(told));
}

void main();
