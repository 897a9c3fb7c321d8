/**
 * A state belongs to a policy, not to a run: a pipeline passes it on from its policies, while anybody listens to it
 * there. A policy that many pipelines share then has a listener for each of them, which need not keep it alive.
 */
import type { EventOrigin } from '../core/events.ts';
import type { Policy } from '../core/policy.ts';

/** A pipeline, as what passes a state on. */
interface Relaying {
  relay(event: EventOrigin): void;
}

/** How the listeners on the policies get at the pipeline. */
interface Reach {
  deref(): Relaying | undefined;
}

type Listener = (event: EventOrigin) => void;

interface Stateful {
  on(type: 'state', listener: Listener): unknown;
  off(type: 'state', listener: Listener): unknown;
}

const isStateful = (policy: unknown): policy is Stateful => typeof (policy as Stateful).on === 'function';

// Takes back what a pipeline that is gone has left on policies that are not.
const leavings = /* @__PURE__ */ new FinalizationRegistry<() => void>((stop) => stop());

const strongly = (pipeline: Relaying): Reach => ({ deref: () => pipeline });

/**
 * Passes on the states of the policies, under their labels, until the function that it returns is called. Loosely:
 * the policies do not keep the pipeline alive, and when it is gone, so are its listeners.
 */
export function relayStates(
  pipeline: Relaying,
  labels: ReadonlyMap<Policy, string>,
  loosely: boolean,
): () => void {
  const reach = loosely ? new WeakRef(pipeline) : strongly(pipeline);
  const stops: (() => void)[] = [];
  for (const [policy, label] of labels) {
    if (!isStateful(policy)) continue;
    const listener: Listener = (event) => reach.deref()?.relay({ ...event, policy: label });
    stops.push(loosely ? join(policy, listener) : listen(policy, listener));
  }
  const stop = (): void => {
    leavings.unregister(stops);
    for (const each of stops) each();
  };
  if (loosely) leavings.register(pipeline, stop, stops);
  return stop;
}

function listen(policy: Stateful, listener: Listener): () => void {
  policy.on('state', listener);
  return () => void policy.off('state', listener);
}

interface Hub {
  readonly listeners: Set<Listener>;
  readonly stop: () => void;
}

const hubs = /* @__PURE__ */ new WeakMap<Stateful, Hub>();

/** Listens as one of many, of whom thousands may come and go: an emitter would look through all of them for each. */
function join(policy: Stateful, listener: Listener): () => void {
  const hub = hubs.get(policy) ?? open(policy);
  hub.listeners.add(listener);
  return () => {
    if (!hub.listeners.delete(listener) || hub.listeners.size > 0) return;
    hub.stop();
    hubs.delete(policy);
  };
}

function open(policy: Stateful): Hub {
  const listeners = new Set<Listener>();
  const stop = listen(policy, (event) => {
    for (const each of [...listeners]) each(event);
  });
  const hub = { listeners, stop };
  hubs.set(policy, hub);
  return hub;
}
