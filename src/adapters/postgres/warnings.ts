/** What does not fit between a pool and the pipeline that stands before it. */
import type { Pool } from 'pg';
import type { Pipeline } from '../../pipeline/pipeline.ts';
import { Bulkhead } from '../../policies/bulkhead/bulkhead.ts';

/** In words; empty if nothing is known to be wrong. */
export function warningsOf(pipeline: object, { options }: Pick<Pool, 'options'>): string[] {
  const { max, connectionTimeoutMillis } = options;
  const warnings: string[] = [];
  const policies = (pipeline as Partial<Pipeline>).builtIns ?? [pipeline];
  const bulkheads = policies.filter((policy) => policy instanceof Bulkhead);
  if (bulkheads.length === 0)
    warnings.push(
      `there is no bulkhead before the pool of ${max} clients, whose own queue has no bound; add bulkhead({ concurrency: ${max} })`,
    );
  for (const { name, limits } of bulkheads)
    if (limits.concurrency !== max)
      warnings.push(
        `${name} admits ${limits.concurrency} at a time, and the pool has ${max} clients; make its concurrency ${max}`,
      );
  if (!connectionTimeoutMillis)
    warnings.push(
      'the pool has no connectionTimeoutMillis: a server that accepts a connection and then says nothing takes a client out of it for good',
    );
  return warnings;
}
