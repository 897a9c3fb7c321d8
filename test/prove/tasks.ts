/** What there is to prove, cut into tasks that any process can do. */

import type { Fault, Walk } from '../exploration/explore.ts';
import { seededFaults } from '../exploration/faults.ts';
import { explorations } from '../exploration/machines.ts';
import { properties } from '../properties/all.ts';
import type { Finding } from '../properties/property.ts';

/** Walk one configuration of a machine, find one of the seeded faults, or check some cases of a property. */
export type Task =
  | { readonly kind: 'walk'; readonly machine: number; readonly configuration: number }
  | { readonly kind: 'find'; readonly fault: number }
  | {
      readonly kind: 'check';
      readonly property: number;
      readonly cases: number;
      readonly seed: number;
      readonly path?: string | undefined;
    };

/** What came of a task. */
export type Result =
  | { readonly kind: 'walk'; readonly walk: Walk }
  | { readonly kind: 'find'; readonly found: Fault | undefined }
  | { readonly kind: 'check'; readonly finding: Finding };

/** Every configuration of every machine, and every seeded fault. */
export function explorationTasks(): Task[] {
  return [
    ...explorations.flatMap(({ configurations }, machine) =>
      configurations.map((_, configuration): Task => ({ kind: 'walk', machine, configuration })),
    ),
    ...seededFaults.map((_, fault): Task => ({ kind: 'find', fault })),
  ];
}

const CASES_A_TASK = 2_500;

/** Seeds are below this: one with a sign could not be handed to the command again. */
const SEEDS = 2 ** 31;

/** The cases of every property, some at a time, each lot with a seed of its own that follows from `seed`. */
export function propertyTasks(cases: number, seed: number): Task[] {
  const lots = Math.ceil(cases / CASES_A_TASK);
  return properties.flatMap((_, property) =>
    Array.from({ length: lots }, (_, lot): Task => {
      const left = cases - lot * CASES_A_TASK;
      return { kind: 'check', property, cases: Math.min(CASES_A_TASK, left), seed: (seed + lot) % SEEDS };
    }),
  );
}

export async function perform(task: Task, onProgress: () => void): Promise<Result> {
  switch (task.kind) {
    case 'walk': {
      const { walk, configurations } = explorations[task.machine]!;
      return { kind: 'walk', walk: await walk(configurations[task.configuration]!, Infinity, onProgress) };
    }
    case 'find':
      return { kind: 'find', found: await seededFaults[task.fault]!.find() };
    case 'check': {
      const { property, ...options } = task;
      return { kind: 'check', finding: await properties[property]!.check({ ...options, onProgress }) };
    }
  }
}
