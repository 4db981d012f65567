import { copyButton, el, svg } from './dom.js';
import { duration, num, utc } from './format.js';

let serial = 0;

/** Requests per minute of the last hour: a grey bar for all, a solid one with a cap for the suspicious. */
export function sparkline(traffic) {
  const width = 240, height = 32, most = Math.max(1, ...traffic.map(t => t.requests));
  const step = width / 60;
  const picture = svg('svg', { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', 'aria-hidden': 'true', class: 'spark' });
  traffic.slice(-60).forEach((t, i) => {
    const x = width - (Math.min(60, traffic.length) - i) * step;
    const h = t.requests ? Math.max(1, t.requests / most * height) : 0;
    const s = t.suspicious ? Math.max(2, t.suspicious / most * height) : 0;
    const bar = svg('g', {}, svg('rect', { x, y: height - h, width: step - 1, height: h, class: 'all' }), svg('rect', { x, y: height - s, width: step - 1, height: s, class: 'bad' }));
    bar.append(svg('title', {}, `${utc(t.start)}: ${num(t.requests)} requests, ${num(t.suspicious)} suspicious`));
    picture.append(bar);
  });
  const requests = traffic.reduce((sum, t) => sum + t.requests, 0);
  const suspicious = traffic.reduce((sum, t) => sum + t.suspicious, 0);
  const last = traffic.at(-1);
  return el('figure', { class: 'traffic', role: 'group', 'aria-label': 'Requests in the last hour' }, picture, el('figcaption', {},
    el('span', {}, el('i', { class: 'key all', 'aria-hidden': 'true' }), `${num(requests)} requests`),
    el('span', {}, el('i', { class: 'key bad', 'aria-hidden': 'true' }), `${num(suspicious)} suspicious`),
    el('span', { class: 'muted' }, `last hour${last ? ` · now ${num(last.requests)}/min` : ''}`)));
}

const kinds = [
  ['ok', 'answered', '1xx–3xx'],
  ['refused', 'refused', '4xx'],
  ['failed', 'failed', '5xx or none'],
];

/** A client's requests over time by kind of answer. Kinds differ in colour, in pattern and in the legend's numbers. */
export function requestChart(chart) {
  const n = Math.max(chart.ok.length, chart.refused.length, chart.failed.length);
  if (n === 0) return el('p', { class: 'muted' }, 'No times were recorded for its requests.');
  const id = `p${++serial}`;
  const at = (list, i) => list[i] ?? 0;
  const totals = [...Array(n)].map((_, i) => at(chart.ok, i) + at(chart.refused, i) + at(chart.failed, i));
  const most = Math.max(1, ...totals);
  const slots = Math.max(n, 12), width = 600, height = 84, step = width / slots;
  const picture = svg('svg', { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', class: 'bars', 'aria-hidden': 'true' },
    svg('defs', {},
      svg('pattern', { id: `${id}-refused`, width: 5, height: 5, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
        svg('rect', { width: 5, height: 5, class: 'fill-refused' }), svg('rect', { width: 1.4, height: 5, class: 'ink' })),
      svg('pattern', { id: `${id}-failed`, width: 4, height: 4, patternUnits: 'userSpaceOnUse' },
        svg('rect', { width: 4, height: 4, class: 'fill-failed' }), svg('circle', { cx: 2, cy: 2, r: 1, class: 'ink' }))));
  for (let i = 0; i < n; i++) {
    let y = height;
    const bar = svg('g', {});
    for (const [kind] of kinds) {
      const value = at(chart[kind], i);
      if (!value) continue;
      const h = Math.max(1.5, value / most * (height - 4));
      y -= h;
      bar.append(svg('rect', { x: i * step + 0.5, y, width: Math.max(1, step - 1.5), height: h, ...(kind === 'ok' ? { class: 'fill-ok' } : { fill: `url(#${id}-${kind})` }) }));
    }
    const start = new Date(Date.parse(chart.start) + i * chart.bucket_seconds * 1000).toISOString();
    bar.append(svg('title', {}, `${utc(start)}: ${at(chart.ok, i)} answered, ${at(chart.refused, i)} refused, ${at(chart.failed, i)} failed`));
    picture.append(bar);
  }
  const sums = Object.fromEntries(kinds.map(([kind]) => [kind, chart[kind].reduce((a, b) => a + b, 0)]));
  const legend = kinds.filter(([kind]) => sums[kind] > 0).map(([kind, word, codes]) =>
    el('span', {}, el('i', { class: `key ${kind}`, 'aria-hidden': 'true' }), `${num(sums[kind])} ${word} `, el('span', { class: 'muted' }, codes)));
  const end = new Date(Date.parse(chart.start) + n * chart.bucket_seconds * 1000).toISOString();
  const text = () => ['start\tanswered\trefused\tfailed', ...totals.map((_, i) =>
    [new Date(Date.parse(chart.start) + i * chart.bucket_seconds * 1000).toISOString(), at(chart.ok, i), at(chart.refused, i), at(chart.failed, i)].join('\t'))].join('\n');
  return el('figure', { class: 'chart' },
    el('div', { role: 'img', 'aria-label': `Requests over ${duration(n * chart.bucket_seconds)}: ${sums.ok} answered, ${sums.refused} refused, ${sums.failed} failed; at most ${most} in ${duration(chart.bucket_seconds)}` },
      el('span', { class: 'peak' }, `${num(most)} per ${duration(chart.bucket_seconds)}`), picture),
    el('div', { class: 'axis muted', 'aria-hidden': 'true' }, el('span', {}, utc(chart.start)), el('span', {}, utc(end).slice(11))),
    el('figcaption', {}, legend, copyButton(text, 'Copy numbers')));
}

/** Counts as bars with the number first, so that they align. */
export function tops(title, items, show) {
  if (!items.length) return null;
  const most = Math.max(...items.map(i => i.count));
  return el('section', { class: 'tops' }, el('h4', {}, title), el('ol', {}, items.map(item => {
    const bar = el('span', { class: 'meter', 'aria-hidden': 'true' });
    bar.style.setProperty('--share', item.count / most);
    return el('li', {}, bar, el('b', { class: 'n' }, num(item.count)), show(item));
  })));
}

