/** What every child process of the demo does alike: take its orders, say when it is ready, never outlive us. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FromChild, Start } from './messages.ts';

export function beChild<Config>(): Config {
  // Ctrl-C reaches the whole process group. The parent decides what then happens, and in which order.
  process.on('SIGINT', () => {});
  // Also when the parent was killed with a signal that nobody can handle, the channel closes.
  process.on('disconnect', () => process.exit());
  if (!process.connected) process.exit();
  return JSON.parse(process.argv[2] ?? '{}') as Config;
}

export function tell(message: FromChild): void {
  // A message that cannot be delivered means that the parent has gone.
  process.send?.(message, (error: Error | null) => {
    if (error) process.exit();
  });
}

/** Milliseconds until the script begins, by the clock of the day, which all processes share. */
export function onStart(begin: (inMs: number) => void): void {
  process.once('message', (start: Start) => begin(start.startAt - Date.now()));
}

export function listen(server: Server, port: number): void {
  // Idle clients' connections stay open for the whole run: one closed at the wrong moment would be an error.
  server.keepAliveTimeout = 60_000;
  server.on('error', (error: NodeJS.ErrnoException) => {
    tell({ kind: 'cannot listen', code: error.code ?? error.message, port });
  });
  server.listen(port, '127.0.0.1', () => {
    tell({ kind: 'ready', port: (server.address() as AddressInfo).port });
  });
}
