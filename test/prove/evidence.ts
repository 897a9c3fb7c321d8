/** Gathers what the tasks found, and puts it into tables. */

import { seededFaults } from '../exploration/faults.ts';
import { explorations } from '../exploration/machines.ts';
import { properties } from '../properties/all.ts';
import { table } from '../support/page.ts';
import type { Result, Task } from './tasks.ts';

/** One of the things to be shown: a machine, a seeded fault, or a property. */
interface Subject {
  /** Tasks that belong to it, and those of them that are done. */
  tasks: number;
  done: number;
  /** Why it is not so; the first thing found is enough. */
  fault: string | undefined;
}

const subject = (): Subject => ({ tasks: 0, done: 0, fault: undefined });

/** A task as a reader knows it. */
function told(task: Task): string {
  switch (task.kind) {
    case 'walk': {
      const { name, configurations } = explorations[task.machine]!;
      return `${name} ${JSON.stringify(configurations[task.configuration])}`;
    }
    case 'find':
      return `the seeded fault '${seededFaults[task.fault]!.name}'`;
    case 'check':
      return `Property ${properties[task.property]!.number}, ${task.cases} cases from seed ${task.seed}`;
  }
}

/** So many cases of a property lead to each of the situations that it is about. */
const ENOUGH = 500;

export class Evidence {
  readonly #machines = explorations.map(({ name }) => ({
    ...subject(),
    name,
    states: 0,
    transitions: 0,
    depth: 0,
    bounded: 0,
  }));
  readonly #faults = seededFaults.map(({ name }) => ({ ...subject(), name, path: [] as readonly string[] }));
  readonly #properties = properties.map(({ number, name }) => ({
    ...subject(),
    number,
    name,
    cases: 0,
    reached: {} as Record<string, number>,
  }));

  constructor(tasks: readonly Task[]) {
    for (const task of tasks) this.#subjectOf(task).tasks++;
  }

  #subjectOf(task: Task): Subject {
    switch (task.kind) {
      case 'walk':
        return this.#machines[task.machine]!;
      case 'find':
        return this.#faults[task.fault]!;
      case 'check':
        return this.#properties[task.property]!;
    }
  }

  add(task: Task, result: Result): void {
    const into = this.#subjectOf(task);
    into.done++;
    if (task.kind === 'walk' && result.kind === 'walk') {
      const { walk } = result;
      const total = this.#machines[task.machine]!;
      total.states += walk.states;
      total.transitions += walk.transitions;
      total.depth = Math.max(total.depth, walk.depth);
      total.bounded += Number(walk.bounded);
      if (walk.fault === undefined) return;
      const configuration = explorations[task.machine]!.configurations[task.configuration];
      into.fault ??= `${total.name} ${JSON.stringify(configuration)}: ${walk.fault.message}\n  ${walk.fault.path.join('\n  ')}`;
    } else if (task.kind === 'find' && result.kind === 'find') {
      const found = this.#faults[task.fault]!;
      found.path = result.found?.path ?? [];
      if (result.found === undefined) into.fault ??= `the seeded fault '${found.name}' was not found`;
    } else if (task.kind === 'check' && result.kind === 'check') {
      const { finding } = result;
      const total = this.#properties[task.property]!;
      total.cases += finding.cases;
      for (const [what, times] of Object.entries(finding.reached))
        total.reached[what] = (total.reached[what] ?? 0) + times;
      into.fault ??= finding.fault;
    }
  }

  fail(task: Task, error: string): void {
    this.#subjectOf(task).fault ??= `${told(task)}: ${error}`;
  }

  /** After the last task: what was to be reached and was not. A few cases cannot be expected to lead everywhere. */
  close(): void {
    for (const each of this.#properties) {
      if (each.tasks > 0 && each.cases === 0) each.fault ??= `Property ${each.number} was checked on no case`;
      const missed = Object.entries(each.reached).filter(([, times]) => times === 0);
      if (each.cases >= ENOUGH && missed.length > 0)
        each.fault ??= `Property ${each.number} was checked of nothing: no case reached ${missed.map(([what]) => `'${what}'`).join(', ')}`;
    }
  }

  get #all(): readonly Subject[] {
    return [...this.#machines, ...this.#faults, ...this.#properties].filter(({ tasks }) => tasks > 0);
  }

  get faults(): readonly string[] {
    return this.#all.flatMap(({ fault }) => fault ?? []);
  }

  get passed(): number {
    return this.#all.length - this.faults.length;
  }

  get progress(): string {
    const total = this.#machines.reduce((sum, { transitions }) => sum + transitions, 0);
    const cases = this.#properties.reduce((sum, each) => sum + each.cases, 0);
    const tasks = this.#all.reduce((sum, each) => sum + each.tasks, 0);
    const done = this.#all.reduce((sum, each) => sum + each.done, 0);
    const count = (n: number): string => n.toLocaleString('en-US');
    return `${done} of ${tasks} tasks, ${count(total)} transitions, ${count(cases)} cases, ${this.faults.length} faults`;
  }

  get machineTable(): string {
    const rows = this.#machines.map(({ name, tasks, states, transitions, depth, bounded }) => [
      name,
      tasks,
      states,
      transitions,
      depth,
      bounded === 0 ? 'all' : `to a depth, in ${bounded}`,
    ]);
    const sum = (column: 1 | 2 | 3): number =>
      rows.reduce((total, row) => total + (row[column] as number), 0);
    const depth = Math.max(...this.#machines.map((each) => each.depth));
    return table(
      ['machine', 'configurations', 'distinct states', 'distinct transitions', 'deepest path', 'walked'],
      [...rows, ['together', sum(1), sum(2), sum(3), depth, '']],
    );
  }

  get faultTable(): string {
    return table(
      ['seeded fault', 'events', 'shortest sequence that shows it'],
      this.#faults.map(({ name, path }) => [name, path.length, path.join(', ')]),
    );
  }

  get propertyTable(): string {
    return table(
      ['', 'property', 'cases'],
      this.#properties
        .filter(({ tasks }) => tasks > 0)
        .map(({ number, name, cases }) => [number, name, cases]),
    );
  }

  /** How often the cases reached what each property is about. */
  get reachedTable(): string {
    return table(
      ['', 'reached', 'times'],
      this.#properties.flatMap(({ number, reached }) =>
        Object.entries(reached).map(([what, times]) => [number, what, times]),
      ),
    );
  }
}
