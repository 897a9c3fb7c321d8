/** The gateway: each route is one call to the service of that name, protected in one of three ways; and /metrics. */
import { createServer } from 'node:http';
import { CircuitOpenError, isRejection } from 'holdfast';
import { instrument } from 'holdfast/prometheus';
import { Registry } from 'prom-client';
import { beChild, listen, tell } from './child.ts';
import { bare } from './gateways/bare.ts';
import { holdfast } from './gateways/holdfast.ts';
import { plainTimeouts } from './gateways/plain-timeouts.ts';
import type { Protect, Watch } from './gateways/protect.ts';
import type { GatewayConfig, GatewayKind } from './messages.ts';
import { callService } from './outbound.ts';
import { routes } from './scenario.ts';

const protections: Record<GatewayKind, Protect> = { bare, 'plain timeouts': plainTimeouts, holdfast };

const { kind, port, servicePorts, metrics } = beChild<GatewayConfig>();
const registry = metrics ? new Registry() : undefined;
const watch: Watch = {
  notice: (sign) => tell({ kind: 'sign', sign }),
  instrument: (guard) => registry && instrument([guard], { registry }),
};
const calls = new Map(
  routes.map((route) => {
    const call = (signal?: AbortSignal) => callService(route, servicePorts[route], signal);
    return [`/${route}`, protections[kind](route, call, watch)];
  }),
);

const server = createServer(async (request, response) => {
  request.resume();
  if (registry && request.url === '/metrics') {
    const page = await registry.metrics();
    response.writeHead(200, { 'content-type': registry.contentType }).end(page);
    return;
  }
  const call = calls.get(request.url ?? '');
  if (!call) {
    response.writeHead(404).end();
    return;
  }
  const clientGone = new AbortController();
  response.once('close', () => clientGone.abort());
  try {
    response.end(await call(clientGone.signal));
  } catch (error) {
    response.writeHead(statusOf(error)).end();
  }
});
listen(server, port);

function statusOf(error: unknown): number {
  if (error instanceof CircuitOpenError) return 503; // nothing is asked of the service for the time being
  if (isRejection(error)) return 429; // too many at once
  return (error as Error).name === 'TimeoutError' ? 504 : 502;
}
