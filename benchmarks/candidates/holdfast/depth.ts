/** Pipelines that are nothing but gates, which they fuse: what one gate more costs, wherever it stands. */
import { bulkhead, type Gate, pipeline } from 'holdfast';
import { rowsOf, type Settings } from '../candidate.ts';
import { run } from './policies.ts';

export const DEPTHS = [1, 2, 4, 8, 16] as const;

/** A gate of a user's own that lets everybody in. */
const openGate = (): Gate => ({ enter() {}, leave() {} });

/** How a row is called. */
export const bulkheads = (depth: number): string => `bulkheads, ${depth} fused`;
export const openGates = (depth: number): string => `open gates, ${depth} fused`;

const fused = (depth: number, gate: (settings: Settings) => Gate) =>
  run((settings) => pipeline('bench', ...Array.from({ length: depth }, () => gate(settings))));

export const depths = rowsOf('holdfast', [
  ...DEPTHS.map((depth) => ({
    name: bulkheads(depth),
    parts: ['bulkhead'] as const,
    build: fused(depth, ({ concurrency }) => bulkhead({ concurrency })),
  })),
  ...DEPTHS.map((depth) => ({ name: openGates(depth), parts: [], build: fused(depth, openGate) })),
]);
