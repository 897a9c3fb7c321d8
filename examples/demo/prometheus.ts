/** A Prometheus that scrapes the gateway once a second for as long as a run goes on. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { constants, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { beChild, tell } from './child.ts';
import type { PrometheusConfig } from './messages.ts';
import { ask } from './metrics.ts';

const { binary, port, gatewayPort } = beChild<PrometheusConfig>();
// It watches, and is not to get in the way of what it watches.
setPriority(constants.priority.PRIORITY_NORMAL);

// Prometheus does not say which port it has taken where it may choose.
const holder = createServer();
holder.on('error', (error: NodeJS.ErrnoException) => {
  tell({ kind: 'cannot listen', code: error.code ?? error.message, port });
});
holder.listen(port, '127.0.0.1', () => {
  const free = (holder.address() as AddressInfo).port;
  holder.close(() => start(free));
});

async function start(ownPort: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-demo-prometheus-'));
  const config = join(folder, 'prometheus.yml');
  const gateway = `127.0.0.1:${gatewayPort}`;
  writeFileSync(
    config,
    `scrape_configs: [{job_name: gateway, scrape_interval: 1s, static_configs: [{targets: ['${gateway}']}]}]\n`,
  );
  const own = `127.0.0.1:${ownPort}`;
  const scraper = spawn(
    binary,
    [`--config.file=${config}`, `--storage.tsdb.path=${folder}`, `--web.listen-address=${own}`],
    { stdio: 'ignore' },
  );
  process.on('exit', () => {
    scraper.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  process.on('SIGTERM', () => process.exit());
  scraper.on('error', () => process.exit(1));
  scraper.on('exit', () => process.exit(1)); // whoever started us says then that we have ended

  await ask(`http://${own}`, 'up == 1', (series) => series.length > 0);
  tell({ kind: 'ready', port: ownPort });
}
