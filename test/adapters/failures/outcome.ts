/** What a caller sees of a call, in words that are the same each time. */
import type { Answer } from './clients.ts';
import type { Outcome } from './row.ts';

/** The longest text that is told as it is. */
const TOLD = 20;

/** Waits for the answer, and reads it to its end. */
export async function readOutcome(answer: Promise<Answer>, reason: unknown): Promise<Outcome> {
  let status: number | undefined;
  try {
    const got = await answer;
    status = got.status;
    const text = await got.text();
    return { status, body: text.length > TOLD ? `${text.length} bytes` : text };
  } catch (error) {
    const said = error === reason ? "the caller's reason" : describe(error);
    return { ...(status !== undefined && { status }), error: said };
  }
}

function describe(error: unknown): string {
  const { name, code, message, policy, cause } = error as Error & { code?: string; policy?: string };
  const what = code === undefined ? `${name}: ${message}` : `${name} ${code}`;
  const whose = policy === undefined ? '' : ` of ${policy}`;
  if (cause === undefined) return what + whose;
  const { code: innerCode, message: innerMessage } = cause as Error & { code?: string };
  return `${what}${whose}, cause ${innerCode ?? innerMessage}`;
}
