/** Trips a real breaker of the installation it is given, and resolves with the error of the call it refused. */
module.exports = async function trip({ circuitBreaker }, options) {
  const breaker = circuitBreaker({ window: { calls: 2 }, minimumCalls: 1, failureRate: 0.5, ...options });
  const down = () => Promise.reject(new Error('down'));
  await breaker.run(down).catch(() => {});
  return breaker.run(down).then(
    () => undefined,
    (error) => error,
  );
};
