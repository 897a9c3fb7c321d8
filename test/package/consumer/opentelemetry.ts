/** The types of the instrumentation, beside OpenTelemetry's own. */
import { type Attributes, metrics, trace } from '@opentelemetry/api';
import { circuitBreaker, fallback, keyed, pipeline, retry } from 'holdfast';
import { instrument, type OpenTelemetryOptions, resendCount } from 'holdfast/opentelemetry';

const options: OpenTelemetryOptions = {
  tracerProvider: trace.getTracerProvider(),
  meterProvider: metrics.getMeterProvider(),
  keys: 10,
};
const users = pipeline('users', fallback('none'), retry(), circuitBreaker());
const hosts = keyed((host) => pipeline(host, retry(), circuitBreaker()));
export const stops: (() => void)[] = [instrument([users, hosts], options), instrument(new Set([users]))];
export const attributes: Attributes = { 'http.request.resend_count': resendCount() };

// @ts-expect-error a policy alone has no runs of its own to speak of
instrument([retry()]);
