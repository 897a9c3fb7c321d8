/** What the processes of the demo tell each other. */
import type { Route, Scenario } from './scenario.ts';

export const gatewayKinds = ['bare', 'plain timeouts', 'holdfast'] as const;
export type GatewayKind = (typeof gatewayKinds)[number];

export interface ServiceConfig {
  readonly route: Route;
  readonly port: number;
  readonly scenario: Scenario;
}

export interface GatewayConfig {
  readonly kind: GatewayKind;
  readonly port: number;
  readonly servicePorts: Readonly<Record<Route, number>>;
  /** Whether it serves /metrics. */
  readonly metrics: boolean;
}

export interface PrometheusConfig {
  readonly binary: string;
  readonly port: number;
  readonly gatewayPort: number;
}

export interface LoadConfig {
  readonly gatewayPort: number;
  readonly scenario: Scenario;
}

/** What one client saw. Times are milliseconds of the script, so those of the warm-up are negative. */
export interface Sample {
  readonly route: Route;
  /** When the request was due to be sent, whether or not it could be sent then. */
  readonly dueMs: number;
  /** How much later it was sent: the load generator's own lateness, part of the latency too. */
  readonly lateMs: number;
  /** From when it was due until the answer was complete, or the client gave up. */
  readonly latencyMs: number;
  /** Of the answer; 0 if there was none. */
  readonly status: number;
}

/** What a gateway noticed by itself. `at` is a time of day, since each process has its own clock. */
export interface Sign {
  readonly route: Route;
  readonly at: number;
  readonly circuit?: 'closed' | 'open' | 'half-open' | 'isolated';
  /** The share of failed attempts in the circuit's window, once it is alarming. */
  readonly failureRate?: number;
}

export type FromChild =
  | { readonly kind: 'ready'; readonly port: number }
  | { readonly kind: 'cannot listen'; readonly code: string; readonly port: number }
  | { readonly kind: 'samples'; readonly samples: readonly Sample[] }
  | { readonly kind: 'sign'; readonly sign: Sign }
  | { readonly kind: 'done' };

/** The script begins at this time of day. */
export interface Start {
  readonly startAt: number;
}
