/** Every bad value, with the error that says what is wrong with it. */
import {
  bulkhead,
  circuitBreaker,
  constant,
  exponential,
  fallback,
  linear,
  pipeline,
  retry,
  retryBudget,
  timeout,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';

/** What is called, with what, and what the error must name: option, value and what is allowed. */
export type Row = readonly [
  make: (options: never) => unknown,
  options: unknown,
  Kind: RangeErrorConstructor | TypeErrorConstructor,
  option: string,
  value: string | RegExp,
  allowed: string | RegExp,
];

const oneOption =
  (make: (options: never) => unknown, rest: object = {}) =>
  (option: string, value: unknown, Kind: Row[2], shown: Row[4], allowed: Row[5]): Row => [
    make,
    { ...rest, [option]: value },
    Kind,
    option,
    shown,
    allowed,
  ];

const ofRetry = oneOption(retry);
const ofBudget = oneOption(retryBudget);
const ofBreaker = oneOption(circuitBreaker);
const ofBulkhead = oneOption(bulkhead);
const ofTimeout = oneOption(timeout, { ms: 1 });
const fallbackWith = (options: never): unknown => fallback('plan b', options);
const ofFallback = oneOption(fallbackWith);
const ofExponential = oneOption(exponential, { baseMs: 10, maxMs: 100 });
const ofLinear = oneOption(linear, { stepMs: 10, maxMs: 100 });
const constantWith = (options: never): unknown => constant(1, options);
const ofConstant = oneOption(constantWith);
const ofPipeline = oneOption(pipeline, { name: 'p' });
const ofClock = oneOption((options: never) => new VirtualClock(options));
const ofResize = oneOption((options: never) => bulkhead().resize(options));

const { NaN: nan } = Number;
const COUNT = 'an integer >= 0';
const POSITIVE = 'a finite number > 0';
const LIMIT = 'a number > 0';
const DELAY = 'number > 0 and <= 2147483647';
const TEXT = 'a string that is not empty';
const snapshot = circuitBreaker().snapshot();
/** What cannot be shown: it holds itself. */
const endless: { self?: object } = {};
endless.self = endless;

/** Bad options of what is called when it is made. */
export const ROWS: readonly Row[] = [
  ofRetry('retries', -1, RangeError, '-1', COUNT),
  ofRetry('retries', 1.5, RangeError, '1.5', COUNT),
  ofRetry('retries', nan, RangeError, 'NaN', COUNT),
  ofRetry('retries', Infinity, RangeError, 'Infinity', COUNT),
  ofRetry('retries', '3', TypeError, '"3"', COUNT),
  ofRetry('retries', null, TypeError, 'null', COUNT),
  ofRetry('retries', [1], TypeError, /\[1\]$/, COUNT),
  ofRetry('retries', 'x'.repeat(99), TypeError, /"x{79}$/, COUNT),
  ofRetry('retries', function two() {}, TypeError, /a function two$/, COUNT),
  ofRetry('retries', Object.create(null), TypeError, /\{\}$/, COUNT),
  ofRetry('retries', Object.create({ constructor: undefined }), TypeError, /\{\}$/, COUNT),
  ofRetry('retries', endless, TypeError, /object$/, COUNT),
  ofRetry('backoff', 100, TypeError, '100', 'a function'),
  ofRetry('backoff', { baseMs: 1 }, TypeError, '{"baseMs":1}', 'a function'),
  ofRetry('budget', true, TypeError, 'true', 'a retryBudget or false'),
  ofRetry('budget', { ratio: 0.2 }, TypeError, '{"ratio":0.2}', 'a retryBudget or false'),
  ofRetry('maxRetryAfterMs', -1, RangeError, '-1', 'number >= 0'),
  ofRetry('maxRetryAfterMs', nan, RangeError, 'NaN', 'number >= 0'),
  ofRetry('judge', 'failure', TypeError, '"failure"', 'a function'),
  ofRetry('random', 0.5, TypeError, '0.5', 'a function'),
  ofRetry('clock', Date, TypeError, /function/, 'a Clock with now and setTimer'),
  ofRetry('clock', { now: () => 0 }, TypeError, '{}', 'a Clock with now and setTimer'),
  ofRetry('clock', { setTimer: () => 0 }, TypeError, '{}', 'a Clock with now and setTimer'),
  ofRetry('name', '', TypeError, '""', TEXT),
  ofRetry('name', 7, TypeError, '7', TEXT),
  ofRetry('maxRetries', 3, TypeError, '3', 'retries'),
  ofRetry('attempts', 3, TypeError, '3', 'retries'),
  [retry, null, TypeError, 'options', 'null', 'an object'],
  [retry, 3, TypeError, 'options', '3', 'an object'],

  ofBudget('ratio', -0.1, RangeError, '-0.1', 'number >= 0'),
  ofBudget('ratio', Infinity, RangeError, 'Infinity', 'number >= 0'),
  ofBudget('minPerSecond', '1', TypeError, '"1"', 'number >= 0'),
  ofBudget('minPerSecond', nan, RangeError, 'NaN', 'number >= 0'),
  ofBudget('burst', 0, RangeError, '0', 'number >= 1'),
  ofBudget('burst', 0.5, RangeError, '0.5', 'number >= 1'),
  ofBudget('tokens', 5, TypeError, '5', 'burst'),

  ofBreaker('window', 10_000, TypeError, '10000', '{ ms } or { calls }'),
  ofBreaker('window', {}, TypeError, '{}', '{ ms } or { calls }'),
  ofBreaker('window', { ms: 1, calls: 1 }, TypeError, '{"ms":1,"calls":1}', '{ ms } or { calls }'),
  ofBreaker('window', { seconds: 1 }, TypeError, '{"seconds":1}', '{ ms } or { calls }'),
  ofBreaker('window', { atoms: 1 }, TypeError, '{"atoms":1}', '{ ms } or { calls }'),
  ofBreaker('window', { callsAtMost: 1 }, TypeError, '{"callsAtMost":1}', '{ ms } or { calls }'),
  [circuitBreaker, { window: { ms: 0 } }, RangeError, 'window.ms', '0', POSITIVE],
  [circuitBreaker, { window: { ms: Infinity } }, RangeError, 'window.ms', 'Infinity', POSITIVE],
  [circuitBreaker, { window: { ms: undefined } }, TypeError, 'window.ms', 'undefined', POSITIVE],
  [circuitBreaker, { window: { calls: 0 } }, RangeError, 'window.calls', '0', 'an integer >= 1'],
  [circuitBreaker, { window: { calls: 2.5 } }, RangeError, 'window.calls', '2.5', 'an integer >= 1'],
  ofBreaker('failureRate', 0, RangeError, '0', 'number > 0 and <= 1'),
  ofBreaker('failureRate', 50, RangeError, '50', 'number > 0 and <= 1'),
  ofBreaker('failureRate', '50%', TypeError, '"50%"', 'number > 0 and <= 1'),
  ofBreaker('minimumCalls', 0, RangeError, '0', 'an integer >= 1'),
  [
    circuitBreaker,
    { window: { calls: 10 }, minimumCalls: 11 },
    RangeError,
    'minimumCalls',
    '11',
    'at most window.calls (10)',
  ],
  ofBreaker('lowTrafficFailures', 0, RangeError, '0', '>= 1'),
  ofBreaker('lowTrafficFailures', nan, RangeError, 'NaN', '>= 1'),
  ofBreaker('consecutiveFailures', -5, RangeError, '-5', 'an integer >= 1'),
  ofBreaker('consecutiveFailures', Infinity, RangeError, 'Infinity', 'an integer >= 1'),
  ofBreaker('slowCallMs', 0, RangeError, '0', POSITIVE),
  ofBreaker('slowCallMs', '1s', TypeError, '"1s"', POSITIVE),
  [circuitBreaker, { slowCallMs: 10, slowRate: 1.1 }, RangeError, 'slowRate', '1.1', 'number > 0 and <= 1'],
  ofBreaker('slowRate', 0.5, TypeError, '0.5', /left out .* slowCallMs/),
  ofBreaker('openMs', 0, RangeError, '0', POSITIVE),
  ofBreaker('openMs', Infinity, RangeError, 'Infinity', POSITIVE),
  ofBreaker('openMs', '5s', TypeError, '"5s"', POSITIVE),
  [circuitBreaker, { openMs: 10, maxOpenMs: 5 }, RangeError, 'openMs', '10', 'at most maxOpenMs (5)'],
  ofBreaker('openMs', 300_001, RangeError, '300001', 'at most maxOpenMs (300000)'),
  ofBreaker('maxOpenMs', -1, RangeError, '-1', POSITIVE),
  ofBreaker('probes', 0, RangeError, '0', 'an integer >= 1'),
  ofBreaker('probes', 1.5, RangeError, '1.5', 'an integer >= 1'),
  ofBreaker('probeTimeoutMs', 0, RangeError, '0', POSITIVE),
  ofBreaker('observeOnly', 'yes', TypeError, '"yes"', 'true or false'),
  ofBreaker('observeOnly', 1, TypeError, '1', 'true or false'),
  ofBreaker('restore', 'open', TypeError, '"open"', 'snapshot()'),
  ofBreaker('restore', { ...snapshot, version: 2 }, TypeError, /\{/, 'snapshot()'),
  ofBreaker('restore', {}, TypeError, '{}', 'snapshot()'),
  [circuitBreaker, { window: { ms: 5 }, restore: snapshot }, TypeError, 'restore', /\{/, 'the same window'],
  [
    circuitBreaker,
    { window: { calls: 5 }, restore: snapshot },
    TypeError,
    'restore',
    /\{/,
    'the same window',
  ],
  ofBreaker('judge', {}, TypeError, '{}', 'a function'),
  ofBreaker('captureStack', 'no', TypeError, '"no"', 'true or false'),
  ofBreaker('timeout', 3_000, TypeError, '3000', 'failureRate'),
  ofBreaker('errorThresholdPercentage', 50, TypeError, '50', 'failureRate'),

  ofBulkhead('concurrency', -1, RangeError, '-1', COUNT),
  ofBulkhead('concurrency', Infinity, RangeError, 'Infinity', COUNT),
  ofBulkhead('concurrency', 2n, TypeError, '2', COUNT),
  ofBulkhead('queue', 0.5, RangeError, '0.5', COUNT),
  ofBulkhead('queue', '10', TypeError, '"10"', COUNT),
  ofBulkhead('queueTimeoutMs', 0, RangeError, '0', LIMIT),
  ofBulkhead('queueTimeoutMs', nan, RangeError, 'NaN', LIMIT),
  ofBulkhead('reclaimMs', -Infinity, RangeError, '-Infinity', LIMIT),
  ofBulkhead('reclaimMs', false, TypeError, 'false', LIMIT),
  ofBulkhead('captureStack', 0, TypeError, '0', 'true or false'),
  ofBulkhead('limit', 5, TypeError, '5', 'concurrency'),
  ofResize('concurrency', -1, RangeError, '-1', COUNT),
  ofResize('queue', nan, RangeError, 'NaN', COUNT),
  ofResize('queueTimeoutMs', 5, TypeError, '5', /concurrency, ?queue/),

  [timeout, {}, TypeError, 'ms', 'undefined', LIMIT],
  [timeout, undefined, TypeError, 'options', 'undefined', 'an object'],
  [timeout, 800, TypeError, 'options', '800', 'an object'],
  ofTimeout('ms', 0, RangeError, '0', LIMIT),
  ofTimeout('ms', -5, RangeError, '-5', LIMIT),
  ofTimeout('ms', nan, RangeError, 'NaN', LIMIT),
  ofTimeout('ms', '800', TypeError, '"800"', LIMIT),
  ofTimeout('mode', 'aggressive', TypeError, '"aggressive"', /'race'.*'cooperate'/),
  ofTimeout('clock', 'system', TypeError, '"system"', 'a Clock with now and setTimer'),
  ofTimeout('seconds', 1, TypeError, '1', 'mode'),

  ofFallback('judge', 1, TypeError, '1', 'a function'),
  ofFallback('name', null, TypeError, 'null', TEXT),
  ofFallback('clock', new VirtualClock(), TypeError, /startMs|VirtualClock/, /judge/),

  [exponential, {}, TypeError, 'baseMs', 'undefined', DELAY],
  [exponential, { baseMs: 1 }, TypeError, 'maxMs', 'undefined', DELAY],
  ofExponential('baseMs', 0, RangeError, '0', DELAY),
  [exponential, { baseMs: 101, maxMs: 100 }, RangeError, 'maxMs', '100', 'at least baseMs (101)'],
  ofExponential('maxMs', 9, RangeError, '9', 'at least baseMs (10)'),
  ofExponential('maxMs', Infinity, RangeError, 'Infinity', DELAY),
  ofExponential('maxMs', 2 ** 31, RangeError, '2147483648', DELAY),
  ofExponential('factor', 0.5, RangeError, '0.5', 'number >= 1'),
  ofExponential('jitter', true, TypeError, 'true', /'none'.*'full'.*'equal'.*'decorrelated'.*'smooth'/),
  [
    exponential,
    { baseMs: 1, maxMs: 2, jitter: 'smooth', factor: 3 },
    TypeError,
    'factor',
    '3',
    "left out with jitter 'smooth'",
  ],
  [
    exponential,
    { baseMs: 1, maxMs: 2, jitter: 'decorrelated', factor: 2 },
    TypeError,
    'factor',
    '2',
    "left out with jitter 'decorrelated'",
  ],
  ofExponential('initialDelay', 5, TypeError, '5', 'baseMs'),
  [linear, { maxMs: 5 }, TypeError, 'stepMs', 'undefined', DELAY],
  ofLinear('stepMs', -1, RangeError, '-1', DELAY),
  ofLinear('maxMs', 5, RangeError, '5', 'at least stepMs (10)'),
  ofLinear('maxMs', undefined, TypeError, 'undefined', DELAY),
  ofLinear('jitter', 'smooth', TypeError, '"smooth"', /'none'.*'full'.*'equal'/),
  ofLinear('factor', 2, TypeError, '2', /stepMs, ?maxMs, ?jitter/),
  [constant, -1, RangeError, 'ms', '-1', 'number >= 0 and <= 2147483647'],
  [constant, nan, RangeError, 'ms', 'NaN', 'number >= 0 and <= 2147483647'],
  [constant, Infinity, RangeError, 'ms', 'Infinity', 'number >= 0 and <= 2147483647'],
  [constant, '5', TypeError, 'ms', '"5"', 'number >= 0 and <= 2147483647'],
  [constant, undefined, TypeError, 'ms', 'undefined', 'number >= 0 and <= 2147483647'],
  ofConstant('jitter', 'decorrelated', TypeError, '"decorrelated"', /'none'.*'full'.*'equal'/),
  ofConstant('maxMs', 5, TypeError, '5', 'jitter'),

  [pipeline, '', TypeError, 'name', '""', TEXT],
  [pipeline, undefined, TypeError, 'options', 'undefined', 'an object'],
  [pipeline, {}, TypeError, 'name', 'undefined', TEXT],
  ofPipeline('judge', 'ignore', TypeError, '"ignore"', 'a function'),
  ofPipeline('clock', {}, TypeError, '{}', 'a Clock with now and setTimer'),
  ofPipeline('random', 4, TypeError, '4', 'a function'),
  ofPipeline('captureStack', null, TypeError, 'null', 'true or false'),
  ofPipeline('timeoutMs', 5, TypeError, '5', /name.*captureStack/),
  [
    (policy) => pipeline('p', policy),
    null,
    TypeError,
    'policy 1',
    'null',
    'a gate (enter, leave) or a layer (around)',
  ],
  [
    (policy) => pipeline('p', retry(), policy),
    () => 1,
    TypeError,
    'policy 2',
    /=>|a function/,
    'a gate (enter, leave) or a layer (around)',
  ],
  [
    (policy) => pipeline('p', policy),
    { enter: () => 1 },
    TypeError,
    'policy 1',
    '{}',
    'a gate (enter, leave) or a layer (around)',
  ],

  ofClock('startMs', nan, RangeError, 'NaN', 'number'),
  ofClock('startMs', new Date(), TypeError, /2|Date/, 'number'),
  ofClock('seed', 1.5, RangeError, '1.5', 'an integer'),
  ofClock('seed', 'abc', TypeError, '"abc"', 'an integer'),
  ofClock('now', 5, TypeError, '5', /startMs, ?seed/),
];

/** Bad options of `run`, which delivers them as rejections. */
export const RUN_ROWS: readonly Row[] = (
  [
    [{ timeoutMs: 0 }, RangeError, 'timeoutMs', '0', LIMIT],
    [{ timeoutMs: -1 }, RangeError, 'timeoutMs', '-1', LIMIT],
    [{ timeoutMs: nan }, RangeError, 'timeoutMs', 'NaN', LIMIT],
    [{ timeoutMs: '5s' }, TypeError, 'timeoutMs', '"5s"', LIMIT],
    [{ signal: true }, TypeError, 'signal', 'true', 'an AbortSignal'],
    [{ signal: null }, TypeError, 'signal', 'null', 'an AbortSignal'],
    [{ signal: new AbortController() }, TypeError, 'signal', /\{\}|AbortController/, 'an AbortSignal'],
    [{ judge: 'failure' }, TypeError, 'judge', '"failure"', 'a function'],
    [{ idempotent: 1 }, TypeError, 'idempotent', '1', 'true or false'],
    [{ timeout: 5 }, TypeError, 'timeout', '5', /signal, ?timeoutMs, ?judge, ?idempotent, ?context/],
    [null, TypeError, 'options', 'null', 'an object'],
    [5, TypeError, 'options', '5', 'an object'],
    [new AbortController().signal.aborted, TypeError, 'options', 'false', 'an object'],
  ] as const
).map(([options, Kind, option, value, allowed]) => [() => {}, options, Kind, option, value, allowed] as Row);
