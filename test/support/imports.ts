/** What a source file imports and which forbidden globals it touches, read from its syntax tree. */

import ts from 'typescript';

export interface Use {
  readonly text: string;
  readonly line: number;
}

const globals = new Set([
  'performance',
  'setImmediate',
  'setInterval',
  'setTimeout',
  'clearImmediate',
  'clearInterval',
  'clearTimeout',
]);
const members = new Set(['Date.now', 'Math.random', 'AbortSignal.any', 'AbortSignal.timeout']);

export function usesOf(text: string): { imports: Use[]; effects: Use[] } {
  const source = ts.createSourceFile('source.ts', text, ts.ScriptTarget.Latest, true);
  const imports: Use[] = [];
  const effects: Use[] = [];

  const note = (list: Use[], node: ts.Node, use: string) => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
    list.push({ text: use, line: line + 1 });
  };

  const visit = (node: ts.Node): void => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
      note(imports, node, (node.moduleSpecifier as ts.StringLiteral).text);
    } else if (ts.isImportTypeNode(node)) {
      note(imports, node, node.argument.getText(source).slice(1, -1));
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      note(imports, node, node.arguments[0]?.getText(source).slice(1, -1) ?? '');
    } else if (ts.isPropertyAccessExpression(node) && members.has(node.getText(source))) {
      note(effects, node, node.getText(source));
    } else if (ts.isNewExpression(node) && node.getText(source).match(/^new Date(\(\s*\))?$/)) {
      note(effects, node, 'new Date()');
    } else if (ts.isIdentifier(node) && globals.has(node.text)) {
      note(effects, node, node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { imports, effects };
}
