/** Scripts that hold fast-check's commands, as TypeScript. */
import fc from 'fast-check';

/** A script's parts by name; commands print themselves as the plain data of which they are made. */
export const showScript = (script: object): string =>
  `{${Object.entries(script).map(([name, part]) => `${name}: ${name === 'steps' ? showSteps(part) : fc.stringify(part)}`)}}`;

const showSteps = (steps: unknown): string =>
  Array.isArray(steps) ? fc.stringify(steps) : `[${String(steps)}]`;
