/** Every relative link of README.md and docs/*.md leads to a file, and every anchor to a heading of it. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { expect, test } from 'vitest';

const pages = [
  'README.md',
  ...readdirSync('docs').flatMap((file) => (file.endsWith('.md') ? [`docs/${file}`] : [])),
];

/** The page without its code blocks, in which brackets and # mean other things. */
const prose = (page: string): string => readFileSync(page, 'utf8').replace(/^```[\s\S]*?^```/gm, '');

/** As GitHub makes them. */
const anchorsOf = (page: string): string[] =>
  [...prose(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );

function faultOf(page: string, link: string): string | undefined {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : posix.join(posix.dirname(page), path);
  if (!existsSync(target)) return `${page} links to ${link}: there is no ${target}`;
  if (anchor !== undefined && !anchorsOf(target).includes(anchor)) {
    return `${page} links to ${link}: ${target} has no such heading`;
  }
  return undefined;
}

const linksOf = (page: string): string[] =>
  [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) =>
    /^https?:/.test(link) ? [] : [link],
  );

test.each(pages)('the links of %s lead somewhere', (page) => {
  expect(linksOf(page).flatMap((link) => faultOf(page, link) ?? [])).toEqual([]);
});

test('a link to a missing page, or a missing heading, is found', () => {
  expect(faultOf('docs/retry.md', 'nowhere.md')).toContain('there is no docs/nowhere.md');
  expect(faultOf('docs/retry.md', 'timeout.md#nowhere')).toContain('has no such heading');
  expect(faultOf('README.md', '#a-first-wrap')).toBeUndefined();
});
