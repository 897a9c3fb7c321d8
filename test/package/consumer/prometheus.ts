/** The types of the metrics, beside prom-client's own. */
import { circuitBreaker, fallback, keyed, pipeline, retry } from 'holdfast';
import { instrument, type PrometheusOptions, type Source } from 'holdfast/prometheus';
import { Registry, register } from 'prom-client';

const api = pipeline('api', fallback('none'), retry(), circuitBreaker());
const hosts = keyed((key) => pipeline(key, fallback(0), retry()));
const watched: Source[] = [api, hosts];
const options: PrometheusOptions = { registry: register, buckets: [0.1, 1], labels: { zone: 'a' }, keys: 10 };

export const stops: (() => void)[] = [
  instrument([api, hosts], { registry: new Registry() }),
  instrument(new Set(watched), options),
  instrument([], { registry: new Registry<typeof Registry.OPENMETRICS_CONTENT_TYPE>() }),
];

// @ts-expect-error a policy is no pipeline
instrument([retry()], options);
// @ts-expect-error there has to be a registry
instrument([api], {});
