/** One run of the script against one of the three gateways, all of its processes started afresh. */
import type { PlacedSign } from './incidents.ts';
import type { GatewayKind, Sample } from './messages.ts';
import { type Exposition, readIncidents, type Series } from './metrics.ts';
import { Children } from './processes.ts';
import { type Route, routes, type Scenario } from './scenario.ts';

/** What is known so far, while a run goes on and after it. */
export interface Run {
  readonly kind: GatewayKind;
  readonly samples: Sample[];
  readonly signs: PlacedSign[];
  /** Where the metrics of the wrapped gateway are to be had, if it serves any. */
  exposed: Exposition | undefined;
  /** Its metrics of incidents, once the run is over. */
  series: readonly Series[];
}

export interface Setup {
  /** The gateway's port. The services have the three after it, and Prometheus the fourth; 0 means any that are free. */
  readonly port: number;
  readonly metrics: boolean;
  /** The Prometheus to start, if there is one. */
  readonly prometheus: string | undefined;
}

export async function runScript(
  kind: GatewayKind,
  scenario: Scenario,
  { port: basePort, metrics, prometheus: binary }: Setup,
  watch: (run: Run, startAt: number) => () => void | Promise<void>,
): Promise<Run> {
  const children = new Children();
  const run: Run = { kind, samples: [], signs: [], exposed: undefined, series: [] };
  let startAt = Number.POSITIVE_INFINITY;
  try {
    const servicePorts = {} as Record<Route, number>;
    const starting = routes.map(async (route, index) => {
      const port = basePort && basePort + 1 + index;
      servicePorts[route] = await children.start('./service.ts', { route, port, scenario });
    });
    await Promise.all(starting);

    const gatewayOrders = { kind, port: basePort, servicePorts, metrics };
    const gatewayPort = await children.start('./gateway.ts', gatewayOrders, (message) => {
      if (message.kind !== 'sign') return;
      const { at, ...sign } = message.sign;
      run.signs.push({ ...sign, atMs: at - startAt });
    });

    if (metrics && kind === 'holdfast') {
      const orders = { binary, port: basePort && basePort + 4, gatewayPort };
      const port = binary && (await children.start('./prometheus.ts', orders));
      const page = `http://127.0.0.1:${gatewayPort}/metrics`;
      run.exposed = { page, prometheus: port ? `http://127.0.0.1:${port}` : undefined };
    }

    let finish = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    await children.start('./load.ts', { gatewayPort, scenario }, (message) => {
      if (message.kind === 'samples') run.samples.push(...message.samples);
      if (message.kind === 'done') finish();
    });

    startAt = Date.now() + scenario.warmUpMs + 50;
    children.startScript(startAt);
    const stopWatching = watch(run, startAt);
    try {
      await Promise.race([finished, children.lost]);
      if (run.exposed) run.series = await readIncidents(run.exposed);
    } finally {
      await stopWatching();
    }
    return run;
  } finally {
    await children.stop();
  }
}
