/** A pool with one client that answers as it is told: for what a real server does not do when it should. */
import { EventEmitter } from 'node:events';
import type { Pool } from 'pg';

type Answer = { readonly command: string } | Error;
type Callback = (error: unknown, result?: unknown) => void;

export class FakePool extends EventEmitter {
  readonly options = { max: 10, connectionTimeoutMillis: 1_000 };
  /** What was sent: text, and values if there were any. */
  readonly sent: unknown[] = [];
  /** How clients came back: `kept`, or `closed`. */
  readonly returned: string[] = [];
  status: string | undefined = 'I';
  /** Answers a text; a client that gives none leaves its caller waiting. */
  answer: (text: string) => Answer | undefined = () => ({ command: 'SELECT' });

  get asPool(): Pool {
    return this as unknown as Pool;
  }

  query(): void {}

  connect(tell: (error: unknown, client: unknown) => void): void {
    const client = new EventEmitter();
    Object.assign(client, {
      processID: null,
      connection: {
        stream: { destroy: () => client.emit('error', new Error('Connection terminated unexpectedly')) },
      },
      getTransactionStatus: this.status === undefined ? undefined : () => this.status,
      release: (broken: boolean) => this.returned.push(broken ? 'closed' : 'kept'),
      query: (config: unknown, values: unknown, tellResult: Callback) => {
        this.sent.push(values === undefined ? config : [config, values]);
        const text = typeof config === 'string' ? config : (config as { text: string }).text;
        const answer = this.answer(text);
        if (answer === undefined) return;
        if (!(answer instanceof Error)) return void process.nextTick(tellResult, null, answer);
        process.nextTick(() => {
          tellResult(answer);
          client.emit('drain');
        });
      },
    });
    process.nextTick(tell, undefined, client);
  }
}

/** An error that the server said. */
export const said = (code: string): Error =>
  Object.assign(new Error(`said ${code}`), { code, severity: 'ERROR' });
