/** Turns the ```ts blocks of a page into modules. What the info strings mean stands in ../docs.test.ts. */

export interface DocModule {
  readonly page: string;
  /** Where its first block opens, from 1. */
  readonly line: number;
  readonly mode: 'run' | 'no-run' | 'test';
  readonly text: string;
}

interface Block {
  readonly line: number;
  readonly words: readonly string[];
  readonly lines: readonly string[];
}

function blocksOf(page: string, markdown: string): Block[] {
  const blocks: Block[] = [];
  let open: { line: number; words: string[]; lines: string[] } | undefined;
  for (const [index, line] of markdown.split('\n').entries()) {
    if (open !== undefined && /^\s*```\s*$/.test(line)) {
      if (open.words[0] === 'ts') blocks.push({ ...open, words: open.words.slice(1) });
      open = undefined;
    } else if (open !== undefined) {
      open.lines.push(line);
    } else if (/^\s*```/.test(line)) {
      const words = line.trim().slice(3).trim().split(/\s+/);
      if (words[0] === 'typescript')
        throw new Error(`${page}:${index + 1}: write \`\`\`ts, so that it is run`);
      open = { line: index + 1, words, lines: [] };
    }
  }
  if (open !== undefined) throw new Error(`${page}:${open.line}: the block is never closed`);
  return blocks;
}

function modeOf(page: string, { line, words }: Block): DocModule['mode'] {
  const unknown = words.find((word) => !['continues', 'no-run', 'test'].includes(word));
  if (unknown !== undefined) throw new Error(`${page}:${line}: unknown word '${unknown}' after \`\`\`ts`);
  if (words.includes('no-run')) return 'no-run';
  return words.includes('test') ? 'test' : 'run';
}

/**
 * The page's modules. Every other line of the page stands blank in a module's text, so that a line number in
 * it is one of the page.
 */
export function docModules(page: string, markdown: string): DocModule[] {
  const groups: Block[][] = [];
  for (const block of blocksOf(page, markdown)) {
    if (!block.words.includes('continues')) groups.push([block]);
    else if (groups.length > 0) groups.at(-1)!.push(block);
    else throw new Error(`${page}:${block.line}: there is no block to continue`);
  }
  return groups.map((blocks) => {
    const lines: string[] = [];
    for (const block of blocks) {
      while (lines.length < block.line) lines.push('');
      lines.push(...block.lines);
    }
    const modes = blocks.map((block) => modeOf(page, block));
    return {
      page,
      line: blocks[0]!.line,
      mode: modes.find((mode) => mode === 'no-run') ?? modes[0]!,
      // Without an import or export, it would be a script and share its names with the others.
      text: `${lines.join('\n')}\nexport {};\n`,
    };
  });
}
