/** One run of the script against one of the three gateways, all of its processes started afresh. */
import type { PlacedSign } from './incidents.ts';
import type { GatewayKind, Sample } from './messages.ts';
import { Children } from './processes.ts';
import { type Route, routes, type Scenario } from './scenario.ts';

/** What is known so far, while a run goes on and after it. */
export interface Run {
  readonly kind: GatewayKind;
  readonly samples: Sample[];
  readonly signs: PlacedSign[];
}

/** `basePort` is the gateway's, and the services have the three after it; 0 means any that are free. */
export async function runScript(
  kind: GatewayKind,
  scenario: Scenario,
  basePort: number,
  watch: (run: Run, startAt: number) => () => void,
): Promise<Run> {
  const children = new Children();
  const run: Run = { kind, samples: [], signs: [] };
  let startAt = Number.POSITIVE_INFINITY;
  try {
    const servicePorts = {} as Record<Route, number>;
    const starting = routes.map(async (route, index) => {
      const port = basePort && basePort + 1 + index;
      servicePorts[route] = await children.start('./service.ts', { route, port, scenario });
    });
    await Promise.all(starting);

    const gatewayOrders = { kind, port: basePort, servicePorts };
    const gatewayPort = await children.start('./gateway.ts', gatewayOrders, (message) => {
      if (message.kind !== 'sign') return;
      const { at, ...sign } = message.sign;
      run.signs.push({ ...sign, atMs: at - startAt });
    });

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
    } finally {
      stopWatching();
    }
    return run;
  } finally {
    await children.stop();
  }
}
