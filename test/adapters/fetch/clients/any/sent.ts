/** A request that any client can send, said as `fetch` says it; each client has its own way to be told. */
import type { Row, Scene } from '../script.ts';

/** How calls end that do not succeed: every client has its own errors for them. */
type Ending = 'status' | 'unfollowed' | 'network' | 'abort' | 'mistake';

export interface Sent {
  readonly name: string;
  /** Default: `/`. */
  readonly path?: string | ((scene: Scene<unknown>) => string);
  /** `caller` is the one who may leave. */
  readonly init?: RequestInit | ((scene: Scene<unknown>, caller: AbortController) => RequestInit);
  readonly serve?: Row<unknown>['serve'];
  readonly through?: Row<unknown>['through'];
  /** Default: with an answer. */
  readonly ends?: Ending;
  /** What is done with the answer. Default: its text is read. */
  readonly read?: (response: Response, caller: AbortController) => unknown;
}

export interface Sender<Client> {
  /** Sends it once, and hands on an answer with its body unread. */
  send(client: Client, path: string, init: RequestInit): Promise<Response>;
  /** The classes of its errors; where there is none, it hands on the answer. */
  readonly errors: Readonly<Partial<Record<Ending, RegExp>>>;
}

export const rowsOf = <Client>({ send, errors }: Sender<Client>, all: readonly Sent[]): Row<Client>[] =>
  all.map(({ path = '/', init = {}, read = (response) => response.text(), ends, ...row }) => ({
    ...row,
    throws: ends && errors[ends],
    run: async (scene) => {
      const where = typeof path === 'string' ? path : path(scene);
      const caller = new AbortController();
      const how = typeof init === 'function' ? init(scene, caller) : init;
      const response = await send(scene.client, where, how);
      return [await read(response, caller), response];
    },
  }));
