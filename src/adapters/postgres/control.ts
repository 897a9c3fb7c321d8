/** Whether a text begins or ends a transaction, as far as it can be seen. */

/**
 * Where a semicolon, or a word, means nothing: comments, strings, quoted names, and bodies of functions. In a string with
 * an E before it, a backslash takes the meaning from the next character.
 */
const QUOTED =
  /--[^\n]*|\/\*|(?<!\w)[eE]'(?:[^'\\]|''|\\[\s\S])*'|'(?:[^']|'')*'|"[^"]*"|\$(\w*)\$[\s\S]*?\$\1\$/g;
const COMMENT_ENDS = /\/\*|\*\//g;
const ATOMIC = /\bbegin\s+atomic\b/i;
const CONTROL =
  /^\s*(begin|start\s+transaction|commit|end|abort|prepare\s+transaction|rollback(?!\s+((work|transaction)\s+)?to\b))\b/i;

/** Where the comment that begins before `from` ends: comments may stand in comments. */
function afterComment(text: string, from: number): number {
  COMMENT_ENDS.lastIndex = from;
  for (let depth = 1; depth > 0; ) {
    const end = COMMENT_ENDS.exec(text);
    if (end === null) return text.length;
    depth += end[0] === '/*' ? 1 : -1;
  }
  return COMMENT_ENDS.lastIndex;
}

function plainOf(text: string): string {
  let plain = '';
  let from = 0;
  QUOTED.lastIndex = 0;
  for (let found = QUOTED.exec(text); found !== null; found = QUOTED.exec(text)) {
    plain += `${text.slice(from, found.index)} `;
    from = found[0] === '/*' ? afterComment(text, QUOTED.lastIndex) : QUOTED.lastIndex;
    QUOTED.lastIndex = from;
  }
  return plain + text.slice(from);
}

export function controls(text: string): boolean {
  const plain = plainOf(text);
  // The body of a function in standard SQL has semicolons, and an END, of its own.
  const parts = ATOMIC.test(plain) ? [plain] : plain.split(';');
  return parts.some((part) => CONTROL.test(part));
}
