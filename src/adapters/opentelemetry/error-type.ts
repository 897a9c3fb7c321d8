/** What stands in `error.type`: of few values, and never a message, which may hold anything. */
import { HoldfastError } from '../../core/errors.ts';

/** For what has neither a code nor a name that is one: the convention's own word. */
const OTHER = '_OTHER';

// At most one digit: `ECONNRESET`, `ERR_HTTP2_STREAM_ERROR`, and not `ORDER_4711`, of which there would be many.
const CODE = /^[A-Z][A-Z_]*\d?[A-Z_]*$/;
const NAME = /^[A-Za-z_$][\w$]*$/;
const LONGEST = 64;

/**
 * The code of an error, where it has one of a fixed set, as those of Node and of Holdfast; else its name. What `fetch`
 * throws says only in its `cause` what happened.
 */
export function errorType(error: unknown): string {
  try {
    if (!(error instanceof Error)) return OTHER;
    if (error instanceof HoldfastError) return error.code;
    const { name, cause } = error;
    const code = codeOf(error) ?? (/^(Type)?Error$/.test(name) ? codeOf(cause) : undefined);
    return code ?? wordLike(name, NAME) ?? OTHER;
  } catch {
    return OTHER; // a getter that throws, say
  }
}

/** The same for a value that a judge calls a failure: the status of an answer of HTTP, as its convention has it. */
export function valueType(value: unknown): string {
  try {
    const { status, statusCode } = value as { status?: unknown; statusCode?: unknown };
    const code = status ?? statusCode;
    return Number.isInteger(code) && (code as number) >= 100 && (code as number) < 600 ? String(code) : OTHER;
  } catch {
    return OTHER;
  }
}

const codeOf = (error: unknown): string | undefined =>
  wordLike((error as { code?: unknown } | null | undefined)?.code, CODE);

const wordLike = (value: unknown, shape: RegExp): string | undefined =>
  typeof value === 'string' && value.length <= LONGEST && shape.test(value) ? value : undefined;
