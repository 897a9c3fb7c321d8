/** What becomes of a service, and of a quiet route beside it, while a dependency does not answer. */
import type { Name } from './candidates.ts';
import type { Target } from './driver.ts';
import { during, start } from './processes.ts';
import { ROUTES } from './protocol.ts';
import { answeredIn, expectGood, latencies, rateEach, sentIn, shareGood, shareWithin } from './requests.ts';
import { loaded, measureWell, type Sample, watched } from './rounds.ts';

/**
 * Many more than the bulkhead has places, with little to send on each: else those that hung would catch up with so much
 * at once afterwards that the neighbour suffers from the driver.
 */
const CONNECTIONS = 500;
/** Fewer than there are places: who is not compiled yet turns nobody away. */
const WARMING = 50;
/** Of the connections, and so of the rate. */
const QUIET = 0.1;
const IN_TIME_MS = 100;
const TURNED_AWAY = 503;

export interface HangEffort {
  readonly rounds: number;
  /** On each route. */
  readonly warmUp: { readonly warmMs: number; readonly ms: number };
  readonly beforeMs: number;
  readonly hangMs: number;
}

/** In processes of its own: what a round leaves behind is no burden to the next. */
export const measureHang = (name: Name, perSecond: number, effort: HangEffort): Promise<Sample> =>
  during([start('dependency'), start('dependency')], (dependency, quiet) =>
    during([start('service', name, `${dependency.port}`, `${quiet.port}`)], async (service) => {
      for (const route of ROUTES) await measureWell(service, { route, connections: WARMING }, effort.warmUp);
      const rate = rateEach(perSecond, CONNECTIONS);
      const target = (route: string, connections: number): Target => ({
        port: service.port,
        route,
        connections,
        rate,
      });
      const targets = [target(ROUTES[0], CONNECTIONS), target(ROUTES[1], QUIET * CONNECTIONS)];
      return loaded(targets, async (items, neighbour) => {
        const before = await watched(service, effort.beforeMs);
        await dependency.ask('hang');
        const hang = await watched(service, effort.hangMs);
        const memory = await service.ask('memory');
        await dependency.ask('recover');

        const well = answeredIn(items.requests, before.span);
        const quietBefore = answeredIn(neighbour.requests, before.span);
        const quietDuring = answeredIn(neighbour.requests, hang.span);
        expectGood([...well, ...quietBefore], `${name}, before its dependency hangs`);
        const rejected = answeredIn(items.requests, hang.span).filter(({ status }) => status === TURNED_AWAY);
        const msEach = before.usage.cpuMs / (well.length + quietBefore.length);
        // Those sent last may still be answered in time.
        const sent = sentIn(items.requests, [hang.span[0], hang.span[1] - IN_TIME_MS]);
        const rejectionMs = hang.usage.cpuMs - quietDuring.length * msEach;
        return {
          sent: sent.length,
          inTime: 100 * shareWithin(sent, IN_TIME_MS),
          cpuMicroseconds: rejected.length > 0 ? (rejectionMs * 1_000) / rejected.length : undefined,
          cpuMicrosecondsWell: msEach * 1_000,
          delayP99: hang.usage.delayP99Ms,
          delayMax: hang.usage.delayMaxMs,
          heap: memory.heap / 2 ** 20,
          rss: memory.rss / 2 ** 20,
          quietBefore: latencies(quietBefore).p99,
          quietDuring: latencies(quietDuring).p99,
          quietGood: 100 * shareGood(quietDuring),
        };
      });
    }),
  );
