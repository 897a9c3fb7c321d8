/**
 * A real Prometheus, its promtool, and the amtool of Alertmanager: those that HOLDFAST_PROMETHEUS, HOLDFAST_PROMTOOL and
 * HOLDFAST_AMTOOL name, else those on the PATH, else Debian's, which root may install. Without any of them a test fails,
 * and says what to install.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const runs = (binary: string): boolean => spawnSync(binary, ['--version']).status === 0;

const PACKAGES = { prometheus: 'prometheus', promtool: 'prometheus', amtool: 'prometheus-alertmanager' };
type Name = keyof typeof PACKAGES;

function install(name: Name): void {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return;
  const apt = (...args: string[]) =>
    spawnSync('apt-get', ['-qq', ...args], { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
  apt('update');
  apt('install', '-y', '--no-install-recommends', PACKAGES[name]);
}

/** The command by which it is started. */
export function found(name: Name): string {
  const variable = `HOLDFAST_${name.toUpperCase()}`;
  const named = process.env[variable];
  if (named !== undefined) return named;
  if (!runs(name)) install(name);
  if (runs(name)) return name;
  throw new Error(
    `${name} is missing: install it (Debian: apt-get install ${PACKAGES[name]}), or name it in ${variable}`,
  );
}

/** What promtool says, and its exit status. */
export const promtool = (args: readonly string[], input = ''): Said => ask('promtool', args, input);

/** What amtool says, and its exit status. */
export const amtool = (args: readonly string[]): Said => ask('amtool', args, '');

interface Said {
  readonly status: number | null;
  readonly said: string;
}

function ask(name: Name, args: readonly string[], input: string): Said {
  const { status, stdout, stderr } = spawnSync(found(name), args, { input, encoding: 'utf8' });
  return { status, said: stdout + stderr };
}

/** A port that nobody listens on: Prometheus does not say which it has taken where it may choose. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => void server.close(resolve));
  return port;
}

/** A Prometheus that scrapes one address ten times a second. */
export class Prometheus {
  readonly url: string;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(url: string, child: ChildProcess, folder: string) {
    this.url = url;
    this.#process = child;
    this.#folder = folder;
  }

  /** `target` is host and port of what serves /metrics. */
  static async scraping(target: string): Promise<Prometheus> {
    const binary = found('prometheus');
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-prometheus-'));
    const config = join(folder, 'prometheus.yml');
    writeFileSync(
      config,
      `scrape_configs: [{job_name: test, scrape_interval: 100ms, scrape_timeout: 100ms, static_configs: [{targets: ['${target}']}]}]\n`,
    );
    const address = `127.0.0.1:${await freePort()}`;
    const child = spawn(
      binary,
      [`--config.file=${config}`, `--storage.tsdb.path=${folder}`, `--web.listen-address=${address}`],
      { stdio: 'ignore' },
    );
    return new Prometheus(`http://${address}`, child, folder);
  }

  /** What its API answers, as soon as `isIt` is true of it. */
  async until<T>(path: string, isIt: (data: T) => boolean): Promise<T> {
    for (;;) {
      const response = await fetch(`${this.url}/api/v1/${path}`).catch(() => undefined);
      const body = response?.ok ? ((await response.json()) as { data: T }) : undefined;
      if (body !== undefined && isIt(body.data)) return body.data;
      if (this.#process.exitCode !== null) throw new Error(`Prometheus ended with ${this.#process.exitCode}`);
      await new Promise((resolve) => void setTimeout(resolve, 50));
    }
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
