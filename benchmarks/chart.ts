/** A result as a picture: bars side by side for those who do the same job, in light and in dark. */
import { BARE, HAND_WRITTEN } from './candidates/by-hand.ts';
import type { Result, Row } from './report.ts';

interface Group {
  readonly title: string;
  /** What a bar is called, and the row that it shows. */
  readonly bars: Readonly<Record<string, string>>;
}

const same = (what: string, ...libraries: readonly string[]): Record<string, string> =>
  Object.fromEntries(libraries.map((library) => [library, `${library}: ${what}`]));

const BURST = '1,000 at once, 100 places';

export const GROUPS: readonly Group[] = [
  {
    title: 'Retry, breaker, time-out and bulkhead',
    bars: {
      'no policy at all': BARE,
      'by hand, tuned': HAND_WRITTEN,
      'by hand, as usual': 'by hand, as usual: four',
      ...same('four', 'holdfast'),
      'opossum (no retry)': 'opossum: breaker with timeout and capacity',
      ...same('four', 'cockatiel', 'mollitia', 'effect'),
      'p-retry, -limit, -timeout': 'p-retry + p-limit + p-timeout: three',
    },
  },
  { title: 'A breaker', bars: same('breaker', 'holdfast', 'cockatiel', 'opossum', 'mollitia', 'effect') },
  {
    title: 'A bulkhead',
    bars: {
      ...same('bulkhead', 'holdfast', 'cockatiel', 'mollitia', 'effect'),
      'p-limit': 'p-limit: success',
    },
  },
  {
    title: 'A retry, nothing fails',
    bars: { ...same('retry', 'holdfast', 'cockatiel', 'mollitia', 'effect'), 'p-retry': 'p-retry: success' },
  },
  {
    title: 'A time-out, nothing is late',
    bars: {
      'by hand, tuned': 'by hand, tuned: timeout',
      ...same('timeout', 'holdfast', 'cockatiel', 'mollitia', 'effect'),
      'p-timeout': 'p-timeout: success',
    },
  },
  {
    title: 'An open circuit rejects',
    bars: same('open circuit rejects', 'holdfast', 'cockatiel', 'opossum', 'mollitia', 'effect'),
  },
  {
    title: 'A full bulkhead rejects',
    bars: {
      ...same('full bulkhead rejects', 'holdfast', 'cockatiel', 'mollitia', 'effect'),
      opossum: 'opossum: full capacity rejects',
    },
  },
  {
    title: '1,000 at once, 100 places',
    bars: same(BURST, 'holdfast', 'cockatiel', 'p-limit', 'p-queue', 'effect'),
  },
];

const STYLE = `
    text { font: 13px system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #1f2933; }
    .ground { fill: #ffffff; } .quiet { fill: #5b6672; } .title { font-weight: 600; font-size: 15px; }
    .ours { fill: #0b69b7; } .peer { fill: #b3bdc8; } .hand { fill: #5b8c5a; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; } .ground { fill: #0d1117; } .quiet { fill: #9aa5b1; }
      .ours { fill: #58a6ff; } .peer { fill: #4a5563; } .hand { fill: #7fb77e; }
    }
  `;

const [MARGIN, COLUMN, LINE, NAMES, BARS, HEAD] = [32, 500, 22, 160, 230, 84];

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

const kindOf = (name: string): string =>
  name === 'holdfast' ? 'ours' : /^(by hand|no policy)/.test(name) ? 'hand' : 'peer';

/** A group, from this point on. Its longest bar is as long as that of any other group. */
function drawn({ title, bars }: Group, rows: ReadonlyMap<string, Row>, x: number, y: number): string {
  const times = Object.entries(bars).map(([name, row]) => {
    const ns = rows.get(row)?.nanoseconds.median;
    if (ns === undefined) throw new Error(`there is no row '${row}' to be drawn`);
    return { name, ns };
  });
  const longest = Math.max(...times.map(({ ns }) => ns));
  const lines = times.map(({ name, ns }, i) => {
    const top = y + (i + 1) * LINE;
    const width = Math.max(1, (ns / longest) * BARS).toFixed(1);
    const kind = kindOf(name);
    const label = `${Math.round(ns).toLocaleString('en')} ns`;
    return `<text x="${x + NAMES - 8}" y="${top + 4}" text-anchor="end">${escaped(name)}</text>
<rect class="${kind}" x="${x + NAMES}" y="${top - 8}" width="${width}" height="16" rx="2"/>
<text class="quiet" x="${(x + NAMES + Number(width) + 6).toFixed(1)}" y="${top + 4}">${label}</text>`;
  });
  return `<text class="title" x="${x}" y="${y}">${escaped(title)}</text>\n${lines.join('\n')}`;
}

export function chart({ machine, rows }: Result): string {
  const byName = new Map(rows.map((row) => [row.name, row]));
  const heights = [HEAD, HEAD];
  const groups = GROUPS.map((group) => {
    const column = heights[0]! <= heights[1]! ? 0 : 1;
    const y = heights[column]! + LINE;
    heights[column] = y + (Object.keys(group.bars).length + 1) * LINE;
    return drawn(group, byName, MARGIN + column * COLUMN, y);
  });
  const [width, height] = [2 * COLUMN + MARGIN, Math.max(...heights) + MARGIN / 2];
  const title = 'What a call costs, in nanoseconds: shorter is better';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${title}</title>
<style>${STYLE}</style>
<rect class="ground" width="${width}" height="${height}"/>
<text class="title" x="${MARGIN}" y="40">${title}</text>
<text class="quiet" x="${MARGIN}" y="62">Node ${escaped(machine.node)}, ${escaped(machine.cpu)}. One call after the other, but for the last group. Each group has a scale of its own.</text>
${groups.join('\n')}
</svg>
`;
}
