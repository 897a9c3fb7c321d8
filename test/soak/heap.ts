/** How much of the heap is in use once all garbage is gone, and how that grows. */

export interface Sample {
  readonly calls: number;
  readonly bytes: number;
}

/** The heap in use after garbage collection. @throws Error - if the process cannot be told to collect */
export async function heapInUse(): Promise<number> {
  if (globalThis.gc === undefined) throw new Error('the soak needs node --expose-gc');
  // What a first collection finalizes, the next one frees.
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }
  return process.memoryUsage().heapUsed;
}

/** Bytes a call: the slope of the straight line from which the samples are least far away, in squares. */
export function slopeOf(samples: readonly Sample[]): number {
  const mean = (key: keyof Sample): number =>
    samples.reduce((sum, each) => sum + each[key], 0) / samples.length;
  const [calls, bytes] = [mean('calls'), mean('bytes')];
  let covariance = 0;
  let variance = 0;
  for (const each of samples) {
    covariance += (each.calls - calls) * (each.bytes - bytes);
    variance += (each.calls - calls) ** 2;
  }
  return covariance / variance;
}
