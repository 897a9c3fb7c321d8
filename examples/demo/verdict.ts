/** What the demo is to show, each claim computed from the figures of this run. */
import type { RunFigures } from './figures.ts';
import type { GatewayKind } from './messages.ts';
import type { Figures } from './statistics.ts';

export interface Claim {
  readonly claim: string;
  readonly measured: string;
  readonly shown: boolean;
}

export interface Verdict {
  /** Phases as short as those of a quick run have too few requests to judge by. */
  readonly judged: boolean;
  readonly shown: boolean;
  readonly claims: readonly Claim[];
}

const hang = 'reporting hangs';

export function judge(runs: readonly RunFigures[], judged: boolean): Verdict {
  const bare = auth(runs, 'bare');
  const plain = auth(runs, 'plain timeouts');
  const wrapped = auth(runs, 'holdfast');

  const healthyMs = wrapped[0]?.p99Ms ?? 0;
  const allowedMs = Math.max(2 * healthyMs, healthyMs + 25);
  const leastGoodput = Math.min(...wrapped.map(({ goodput }) => goodput));
  const worstP99Ms = Math.max(...wrapped.map(({ p99Ms }) => p99Ms));
  const inHang = (phases: readonly AuthPhase[]) => phases.find(({ phase }) => phase === hang)?.goodput ?? 1;

  const claims = [
    {
      claim: 'bare: the hang of reporting takes auth down with it (goodput of auth below 50%)',
      measured: percent(inHang(bare)),
      shown: inHang(bare) < 0.5,
    },
    {
      claim: 'plain timeouts: they do not prevent it (goodput of auth below 90%)',
      measured: percent(inHang(plain)),
      shown: inHang(plain) < 0.9,
    },
    {
      claim: 'holdfast: the goodput of auth is 99% or more in every phase',
      measured: `${percent(leastGoodput)} in the worst`,
      shown: leastGoodput >= 0.99,
    },
    {
      claim: `holdfast: the p99 of auth is below ${allowedMs.toFixed(0)} ms in every phase (healthy: ${healthyMs.toFixed(0)} ms)`,
      measured: `${worstP99Ms.toFixed(0)} ms in the worst`,
      shown: worstP99Ms < allowedMs,
    },
  ];
  return { judged, shown: claims.every(({ shown }) => shown), claims };
}

type AuthPhase = Figures & { readonly phase: string };

function auth(runs: readonly RunFigures[], kind: GatewayKind): AuthPhase[] {
  const run = runs.find(({ gateway }) => gateway === kind);
  return (run?.phases ?? []).map(({ phase, routes }) => ({ phase, ...routes.auth }));
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}
