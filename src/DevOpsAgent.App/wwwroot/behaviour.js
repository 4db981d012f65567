import { button, copyButton, el, replace, svg } from './dom.js';
import { api } from './api.js';
import { duration, hostile, num, time, utc, visibleText } from './format.js';

const titles = { call_rate: 'Calls', deny_rate: 'Denied', unique_tools: 'Different tools', avg_parameter_entropy: 'Entropy of the parameters' };
const words = { unusual: 'far above usual', drop: 'far below usual', growth: 'grows steadily', ceiling: 'above its ceiling' };
const shapes = { critical: '◆', high: '▲', medium: '▲', low: '△', info: '▽' };
const width = 360, height = 96, top = 8, most = 60;

const number = n => n === null ? '—' : num(Math.round(n * 100) / 100);
const value = (metric, n) => n === null ? '—' : metric.metric === 'deny_rate' ? `${number(n * 100)} %` : number(n);
const unit = metric => ({ calls: ' calls', tools: ' tools', 'bits per byte': ' bits per byte' })[metric.unit] ?? '';

/** What is usual for each caller of tools, and what was not. */
export class BehaviourView {
  constructor() {
    this.note = el('p', { class: 'muted small' });
    this.body = el('div', { class: 'behaviour' });
    this.node = el('section', { class: 'page', 'aria-label': 'Behaviour' }, el('div', { class: 'page-head' }, el('h2', {}, 'Behaviour'), this.note), this.body);
  }

  open() { /* route() has loaded it */ }
  reload() { return this.load(); }

  async load() {
    try {
      this.draw(await api.behaviour());
    } catch (error) {
      if (!this.signature) replace(this.body, el('div', { class: 'empty', role: 'alert' }, el('h3', {}, error.title), el('p', {}, `${error.message} ${error.whatToDo}`), button('Try again', () => this.load())));
    }
  }

  draw(view) {
    const signature = JSON.stringify(view.items);
    if (signature === this.signature) return;
    this.signature = signature;
    replace(this.note, `Windows of ${duration(view.window_secs)}; usual is the mean ± ${view.sigma_threshold} deviations. It advises: no call is denied for it unless a rule says so.`,
      view.enabled ? null : ' Switched off: behaviour.enabled.', view.total > view.items.length ? ` ${num(view.items.length)} of ${num(view.total)} callers are shown.` : null);
    replace(this.body, view.items.length ? view.items.map(a => this.agent(a, view))
      : el('div', { class: 'empty' }, el('h3', {}, 'Nothing is known yet'), el('p', {}, 'Each caller of tools (the service, a person, a model) is measured from its first call on.')));
  }

  agent(a, view) {
    return el('section', { class: 'card', 'data-agent': a.agent },
      el('h3', {}, hostile(a.agent, 128), el('span', { class: 'muted seen' }, ' last seen ', time(a.last_seen), a.open_calls ? ` · ${num(a.open_calls)} in the open window` : null)),
      a.signals.length ? el('ul', { class: 'signals' }, a.signals.map(s => el('li', { class: `signal-${s.severity}` }, el('b', {}, el('span', { 'aria-hidden': 'true' }, `${shapes[s.severity] ?? '·'} `), s.severity), ' ', visibleText(s.description)))) : null,
      el('div', { class: 'bands' }, a.metrics.map(m => band(m, view))));
  }

  key() { return false; }
}

/** One metric: the band that was usual at each window, its mean, and the samples; anomalies differ by shape and by colour. */
function band(metric, view) {
  const shown = metric.history.slice(-most);
  const top1 = Math.max(metric.metric === 'deny_rate' ? 0.1 : 1, ...shown.flatMap(w => [w.sample ?? 0, w.high ?? 0]));
  const step = width / most, left = width - shown.length * step;
  const x = i => left + (i + 0.5) * step, y = v => height - 2 - Math.min(1, v / top1) * (height - 2 - top);
  const picture = svg('svg', { viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true', class: 'band' });
  for (const [from, to] of runs(shown, w => w.high !== null)) {
    const steps = [...Array(to - from).keys()].map(i => from + i);
    picture.append(
      svg('path', { class: 'usual', d: `M${steps.map(i => `${x(i) - step / 2},${y(shown[i].high)}H${x(i) + step / 2}`).join('L')}L${steps.reverse().map(i => `${x(i) + step / 2},${y(shown[i].low)}H${x(i) - step / 2}`).join('L')}Z` }),
      svg('path', { class: 'mean', d: `M${steps.reverse().map(i => `${x(i) - step / 2},${y(shown[i].mean)}H${x(i) + step / 2}`).join('L')}` }));
  }
  for (const [from, to] of runs(shown, w => w.sample !== null)) {
    const points = shown.slice(from, to).map((w, i) => `${x(from + i)},${y(w.sample)}`);
    picture.append(svg('polyline', { class: 'samples', points: points.join(' ') }));
  }
  shown.forEach((w, i) => {
    const group = svg('g', {});
    if (w.sample !== null) {
      const [cx, cy] = [x(i), y(w.sample)];
      if (w.flags.length) group.append(svg('path', { class: 'flag', d: w.flags.includes('drop') ? `M${cx - 4},${cy - 7}h8l-4,7z` : `M${cx - 4},${cy + 4}h8l-4,-7z` }));
      else group.append(svg('circle', { class: 'dot', cx, cy, r: 1.6 }));
    }
    group.append(svg('rect', { class: 'hit', x: x(i) - step / 2, y: 0, width: step, height }), svg('title', {}, says(metric, w)));
    picture.append(group);
  });
  const flagged = shown.filter(w => w.flags.length).length, last = shown.at(-1);
  const usual = metric.low === null ? `no baseline yet (${metric.windows} of ${Math.max(2, view.baseline_min_windows)})` : `usual ${value(metric, metric.low)} to ${value(metric, metric.high)}`;
  const text = () => ['window\tsample\tmean\tlow\thigh\tz\tflags', ...metric.history.map(w => [w.start, w.sample, w.mean, w.low, w.high, w.z, w.flags.join(',')].map(v => v ?? '').join('\t'))].join('\n');
  return el('figure', { class: 'chart', 'data-metric': metric.metric },
    el('h4', {}, titles[metric.metric] ?? metric.metric, ' ', el('code', { class: 'muted' }, metric.metric)),
    el('div', { role: 'img', 'aria-label': `${titles[metric.metric]} in the last ${shown.length} windows: last ${value(metric, last?.sample ?? null)}${unit(metric)}, ${usual}; ${flagged} not usual` },
      el('span', { class: 'peak' }, value(metric, top1)), picture),
    el('div', { class: 'axis muted', 'aria-hidden': 'true' }, el('span', {}, shown.length ? utc(shown[0].start).slice(11) : ''), el('span', {}, last ? utc(last.start).slice(11) : '')),
    el('figcaption', {}, el('b', {}, value(metric, last?.sample ?? null)), el('span', {}, usual),
      flagged ? el('span', { class: 'flagged' }, `▲ ${num(flagged)} not usual`) : null,
      metric.held ? el('span', { class: 'muted', title: 'Anomalous windows teach nothing until there were so many of them.' }, `${metric.held} of ${view.relearn_windows} until it is the new usual`) : null,
      copyButton(text, 'Copy numbers')));
}

function says(metric, w) {
  if (w.sample === null) return `${utc(w.start)}: no calls`;
  const usual = w.high === null ? 'no baseline yet' : `usual ${value(metric, w.low)} to ${value(metric, w.high)}, z ${number(w.z)}`;
  return `${utc(w.start)}: ${value(metric, w.sample)} (${usual})${w.flags.map(f => `, ${words[f] ?? f}`).join('')}${w.adopted ? '; the new usual from here' : ''}`;
}

/** [from, to) of each unbroken run. */
function runs(list, test) {
  const found = [];
  list.forEach((item, i) => {
    if (!test(item)) return;
    if (found.length && found.at(-1)[1] === i) found.at(-1)[1] = i + 1;
    else found.push([i, i + 1]);
  });
  return found;
}
