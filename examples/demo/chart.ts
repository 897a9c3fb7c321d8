/** Goodput over time of the three runs as one SVG: a panel for each gateway, a line for each route. */
import type { Figures, RunFigures } from './figures.ts';
import type { GatewayKind } from './messages.ts';
import { goodWithinMs, type Phase, type Route, routes } from './scenario.ts';
import { percent } from './verdict.ts';

const width = 1_000;
const plot = { left: 64, right: 844, height: 150 };
const firstPanelTop = 164;
const panelStep = 232;

const ink = '#1f2933';
const faint = '#7b8794';
const stroke: Readonly<Record<Route, { colour: string; width: number }>> = {
  auth: { colour: '#0b69b7', width: 3 },
  payments: { colour: '#e08e0b', width: 2 },
  reporting: { colour: '#9a4f96', width: 2 },
};
const shade = { hangs: '#fbe3e1', 'fails half': '#fdf1d6' };

const titles: Readonly<Record<GatewayKind, string>> = {
  bare: 'Bare',
  'plain timeouts': 'Plain timeouts',
  holdfast: 'Wrapped with Holdfast',
};

/** From a time or a share to where it lies in the picture. */
type Scale = (value: number) => number;

export function chart({ runs, phases, seed }: Figures): string {
  const endMs = phases.at(-1)?.toMs ?? 1;
  const x = (atMs: number) => plot.left + (atMs / endMs) * (plot.right - plot.left);
  const height = firstPanelTop + (runs.length - 1) * panelStep + plot.height + 76;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`,
    ` font-family="system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="13" fill="${ink}">`,
    `<title>Goodput over time: one script of trouble against three gateways</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(plot.left, 40, 'One service hangs. Who goes down with it?', 'font-size="22" font-weight="600"'),
    text(
      plot.left,
      64,
      `Requests answered 2xx within ${goodWithinMs / 1_000} s, of all that were sent; over half a second; seed ${seed}`,
      `fill="${faint}"`,
    ),
    ...legend(),
    ...runs.flatMap((run, index) => panel(run, phases, firstPanelTop + index * panelStep, x)),
    ...timeAxis(endMs, height - 38, x),
    '</svg>\n',
  ].join('\n');
}

function legend(): string[] {
  return routes.flatMap((route, index) => {
    const left = plot.left + index * 110;
    return [
      `<path d="M${left} 90h24" stroke="${stroke[route].colour}" stroke-width="${stroke[route].width + 1}"/>`,
      text(left + 32, 94.5, route),
    ];
  });
}

function panel(run: RunFigures, phases: readonly Phase[], top: number, x: Scale): string[] {
  const bottom = top + plot.height;
  const y = (share: number) => bottom - share * plot.height;
  return [
    text(plot.left, top - 30, titles[run.gateway], 'font-size="15" font-weight="600"'),
    ...phases.flatMap((phase) => phaseBand(phase, top, x)),
    ...[0, 0.5, 1].flatMap((share) => [
      `<path d="M${plot.left} ${y(share)}H${plot.right}" stroke="#d5dae0" stroke-width="1"/>`,
      text(plot.left - 8, y(share) + 4.5, `${share * 100}%`, `text-anchor="end" fill="${faint}"`),
    ]),
    // auth comes last, so that it lies on top: it is the one that should not have suffered
    ...[...routes].reverse().map((route) => line(run, route, x, y)),
    ...openCircuits(run, phases, bottom + 8, x),
    ...callout(run, phases, top),
  ];
}

function phaseBand({ name, fromMs, toMs, trouble }: Phase, top: number, x: Scale): string[] {
  const [left, right] = [x(fromMs), x(toMs)];
  const size = `x="${left}" y="${top}" width="${right - left}" height="${plot.height}"`;
  return [
    `<rect ${size} fill="${trouble ? shade[trouble.kind] : '#f5f7f9'}"/>`,
    text((left + right) / 2, top - 8, name, `text-anchor="middle" font-size="12" fill="${faint}"`),
  ];
}

function line(run: RunFigures, route: Route, x: Scale, y: Scale): string {
  const { colour, width } = stroke[route];
  const points = run.goodputOverTime.map(
    ({ atMs, goodput }) => `${x(atMs).toFixed(1)},${y(goodput[route]).toFixed(1)}`,
  );
  return `<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="${width}" stroke-linejoin="round"/>`;
}

/** A strip under the panel while a circuit is open: there the gateway knows, and does not ask. */
function openCircuits(run: RunFigures, phases: readonly Phase[], top: number, x: Scale): string[] {
  const endMs = phases.at(-1)?.toMs ?? 0;
  return routes.flatMap((route) => {
    const changes = run.circuits.filter((sign) => sign.route === route);
    const spans = changes.flatMap(({ circuit, atMs }, index) =>
      circuit === 'open' ? [{ left: x(atMs), right: x(changes[index + 1]?.atMs ?? endMs) }] : [],
    );
    const [first] = spans;
    if (!first) return [];
    const { colour } = stroke[route];
    const strip = spans.map(({ left, right }) => `M${left.toFixed(1)} ${top}H${right.toFixed(1)}`).join('');
    return [
      `<path d="${strip}" stroke="${colour}" stroke-width="5"/>`,
      text(first.left, top + 17, `circuit of ${route} open, probing`, `font-size="12" fill="${colour}"`),
    ];
  });
}

/** The one number of each panel. */
function callout(run: RunFigures, phases: readonly Phase[], top: number): string[] {
  const hang = phases.find(({ trouble }) => trouble?.kind === 'hangs')?.name;
  const auth = run.phases.find(({ phase }) => phase === hang)?.routes.auth;
  if (!auth) return [];
  const left = plot.right + 18;
  return [
    text(
      left,
      top + 56,
      percent(auth.goodput),
      `font-size="30" font-weight="600" fill="${stroke.auth.colour}"`,
    ),
    text(left, top + 80, 'of auth requests', `fill="${faint}"`),
    text(left, top + 97, 'are good while', `fill="${faint}"`),
    text(left, top + 114, hang ?? '', `fill="${faint}"`),
  ];
}

function timeAxis(endMs: number, baseline: number, x: Scale): string[] {
  const stepMs = endMs > 8_000 ? 5_000 : 1_000;
  const labels: string[] = [];
  for (let atMs = 0; atMs <= endMs; atMs += stepMs) {
    labels.push(text(x(atMs), baseline + 12, `${atMs / 1_000} s`, `text-anchor="middle" fill="${faint}"`));
  }
  return labels;
}

function text(x: number, y: number, content: string, attributes = ''): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${content}</text>`;
}
