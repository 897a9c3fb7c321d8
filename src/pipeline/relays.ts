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
  for (const [policy, label] of labels) if (isStateful(policy)) stops.push(listen(policy, label, reach));
  const stop = (): void => {
    leavings.unregister(stops);
    for (const each of stops) each();
  };
  if (loosely) leavings.register(pipeline, stop, stops);
  return stop;
}

function listen(policy: Stateful, label: string, reach: Reach): () => void {
  const listener = (event: EventOrigin): void => reach.deref()?.relay({ ...event, policy: label });
  policy.on('state', listener);
  return () => void policy.off('state', listener);
}
