/** Child processes: what they say, how they end, and how long they take to end once they have said it. */
import { spawn } from 'node:child_process';

export interface Executed {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** From the last thing that it wrote to its end, in milliseconds. */
  readonly lingeredMs: number;
  readonly seconds: number;
}

export interface Limits {
  readonly cwd: string;
  /** After so long it is killed. */
  readonly limitMs: number;
  readonly env?: Readonly<Record<string, string>>;
}

export function execute(file: string, args: readonly string[], limits: Limits): Promise<Executed> {
  const { cwd, limitMs, env } = limits;
  return new Promise((resolve) => {
    const startMs = performance.now();
    const child = spawn(file, args, {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    const said = { stdout: '', stderr: '' };
    let saidMs = startMs;
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        said[stream] += text;
        saidMs = performance.now();
      });
    }
    const end = (code: number | null, stderr = said.stderr): void => {
      clearTimeout(impatience);
      const endMs = performance.now();
      resolve({
        code,
        stdout: said.stdout,
        stderr,
        lingeredMs: endMs - saidMs,
        seconds: (endMs - startMs) / 1_000,
      });
    };
    const impatience = setTimeout(() => child.kill('SIGKILL'), limitMs);
    child.on('error', (error) => end(null, error.message));
    child.on('close', (code) => end(code));
  });
}
