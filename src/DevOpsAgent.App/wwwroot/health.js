import { button, copyButton, el, replace } from './dom.js';
import { api } from './api.js';
import { bytes, num, time, visibleText } from './format.js';
import { show, uptime } from './header.js';

const shapes = { following: '● following', waiting: '○ waiting', ended: '◌ ended', error: '✕ error' };
const why = {
  'empty': 'empty lines', 'too-long': 'longer than 64 KiB', 'binary': 'binary', 'not-a-log-line': 'no access-log line', 'truncated': 'cut off', 'invalid-json': 'broken JSON', 'too-deep': 'nested too deep',
  'duplicate-key': 'a key twice', 'missing-field': 'a field is missing', 'bad-time': 'time not readable', 'bad-status': 'status not readable', 'bad-client': 'client not readable', 'bad-clf': 'broken CLF',
};

/** Is the agent itself well. */
export class HealthView {
  constructor() {
    this.body = el('div', { class: 'health' });
    this.node = el('section', { class: 'page', 'aria-label': 'Health' }, el('div', { class: 'page-head' }, el('h2', {}, 'Health'), el('span', { class: 'grow' }), el('a', { class: 'button', href: '/metrics' }, 'Metrics'), el('a', { class: 'button', href: '/openapi.json' }, 'API')), this.body);
  }

  open() { /* route() has loaded it */ }
  reload() { return this.load(); }
  status(s) { this.draw(s); }

  async load() {
    try {
      const status = await api.status();
      show(status);
      this.draw(status);
    } catch (error) {
      if (!this.drawn) replace(this.body, el('div', { class: 'empty', role: 'alert' }, el('h3', {}, error.title), el('p', {}, `${error.message} ${error.whatToDo}`), button('Try again', () => this.load())));
    }
  }

  draw(s) {
    this.drawn = true;
    const unparsed = Object.entries(s.unparsed).filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]);
    const lost = unparsed.reduce((sum, [, n]) => sum + n, 0);
    const pair = (term, ...value) => el('div', {}, el('dt', {}, term), el('dd', {}, value));
    replace(this.body,
      el('section', { class: 'card' }, el('h3', {}, 'Sources'), s.sources.length ? el('table', { class: 'wide stack' },
        el('thead', {}, el('tr', {}, ['Log', 'State', 'Not read yet', 'Last read'].map(t => el('th', { scope: 'col' }, t)))),
        el('tbody', {}, s.sources.map(x => el('tr', {}, el('th', { scope: 'row', class: 'mono' }, visibleText(x.name)), el('td', { 'data-label': 'State' }, shapes[x.state] ?? x.state, x.message ? el('p', { class: 'note-warn' }, visibleText(x.message)) : null), el('td', { 'data-label': 'Not read yet' }, bytes(x.lag_bytes)), el('td', { 'data-label': 'Last read' }, x.last_read_at ? time(x.last_read_at) : 'never')))))
        : el('p', {}, 'No log is configured. Start with ', el('code', {}, '--log FILE'), '.')),
      el('section', { class: 'card' }, el('h3', {}, 'Target'), el('dl', { class: 'pairs' }, pair('Where', visibleText(s.target.description)), pair('State', !s.target.configured ? '○ not configured: shown, not written' : s.target.reachable ? '● reachable' : '✕ not reachable'),
        pair('Content', s.target.drift ? el('span', { class: 'note-warn' }, '▲ ', visibleText(s.target.drift)) : '● as it should be'), pair('Blocks', num(s.live_blocks)), s.target.checked_at ? pair('Checked', time(s.target.checked_at)) : null)),
      el('section', { class: 'card' }, el('h3', {}, 'Lines'), el('dl', { class: 'pairs' }, pair('Read', num(s.lines)), Object.entries(s.parsed).filter(([, n]) => n > 0).map(([f, n]) => pair(f, num(n))), pair('Not readable', num(lost))),
        unparsed.length ? el('table', { class: 'narrow' }, el('caption', {}, 'Why lines gave nothing'), el('tbody', {}, unparsed.map(([reason, n]) => el('tr', {}, el('td', { class: 'n' }, num(n)), el('th', { scope: 'row' }, why[reason] ?? reason, el('code', { class: 'muted' }, ` ${reason}`)))))) : el('p', { class: 'muted' }, 'Every line was readable.')),
      el('section', { class: 'card' }, el('h3', {}, 'Agent'), el('dl', { class: 'pairs' }, pair('Version', s.version), pair('Running', uptime(s)), pair('Mode', s.mode), pair('Store', s.store_healthy ? '● writable' : el('span', { class: 'note-warn' }, '✕ ', s.store_message ?? 'not writable')),
        pair('Clients remembered', num(s.tracked_clients)), pair('Forgotten at the cap', num(s.evictions))), copyButton(() => JSON.stringify(s, null, 2), 'Copy all as JSON')),
      s.guard ? el('section', { class: 'card' }, el('h3', {}, 'Runtime guard'), el('dl', { class: 'pairs' }, pair('State', s.guard.reachable ? '● answers' : '○ no guard answers'),
        s.guard.problem ? pair('Why', visibleText(s.guard.problem)) : null, pair('Last violation', s.guard.last_at ? time(s.guard.last_at) : 'none since the agent started'),
        s.guard.lost ? pair('Lost', el('span', { class: 'note-warn' }, '▲ ', num(s.guard.lost))) : null)) : null);
  }

  key() { return false; }
}
