import { button, el, setText } from './dom.js';
import { num, threat } from './format.js';

const tabs = [
  ['waiting', 'Waiting', 'open,recommended,failed'],
  ['blocked', 'Blocked', 'approved,blocked'],
  ['closed', 'Closed', 'rejected,allowed,expired'],
  ['all', 'All', ''],
];
const known = ['secrets-scan', 'vulnerability-scan', 'directory-scan', 'credential-stuffing'];

/** What is listed. change() is called after each change by the person. */
export class Filters {
  constructor(change) {
    this.tab = 'waiting';
    this.severity = 'medium';
    this.threat = '';
    this.search = '';
    this.sort = 'severity';
    this.change = change;
    this.buttons = new Map(tabs.map(([name, label]) => [name, el('button', { type: 'button', 'aria-pressed': name === this.tab, onclick: () => this.set({ tab: name }) }, label + ' ', el('span', { class: 'count' }))]));
    this.input = el('input', { type: 'search', placeholder: 'Search', title: 'Address, path, threat or sentence', 'aria-label': 'Search incidents', 'aria-keyshortcuts': '/', autocomplete: 'off', spellcheck: 'false', maxlength: 200 });
    let wait;
    this.input.addEventListener('input', () => { clearTimeout(wait); wait = setTimeout(() => this.set({ search: this.input.value.trim() }), 200); });
    this.input.addEventListener('keydown', e => { if (e.key === 'Escape') { this.input.value = ''; this.set({ search: '' }); this.input.blur(); } });
    this.severitySelect = this.select('Severity', 'severity', [['low', 'all severities'], ['medium', 'from medium'], ['high', 'from high'], ['critical', 'only critical']]);
    this.threatSelect = this.select('Threat', 'threat', [['', 'all threats'], ...known.map(t => [t, threat(t)])]);
    this.sortSelect = this.select('Order', 'sort', [['severity', 'worst first'], ['newest', 'newest first']]);
    this.node = el('div', { class: 'filters' },
      el('div', { class: 'seg', role: 'group', 'aria-label': 'Status' }, [...this.buttons.values()]),
      el('span', { class: 'search' }, this.input, el('kbd', { 'aria-hidden': 'true' }, '/')),
      this.severitySelect, this.threatSelect, this.sortSelect);
    this.node.children[0].after(el('button', { type: 'button', class: 'more-filters', 'aria-expanded': 'false', onclick: e => this.showAll(e.currentTarget) }, 'Filters'));
  }

  select(label, name, options) {
    const node = el('select', { 'aria-label': label, onchange: e => this.set({ [name]: e.target.value }) }, options.map(([value, text]) => el('option', { value }, text)));
    node.value = this[name];
    return node;
  }

  set(changes) {
    if (Object.entries(changes).every(([name, value]) => this[name] === value)) return;
    Object.assign(this, changes);
    for (const [name, b] of this.buttons) b.setAttribute('aria-pressed', name === this.tab);
    this.severitySelect.value = this.severity;
    this.threatSelect.value = this.threat;
    this.sortSelect.value = this.sort;
    this.change();
  }

  /** On a phone search and selects are folded away: the list comes first. */
  showAll(b) {
    const open = this.node.classList.toggle('all');
    b.setAttribute('aria-expanded', open);
    if (open) this.input.focus();
  }

  reset() {
    this.input.value = '';
    this.set({ severity: 'low', threat: '', search: '' });
  }

  get narrowed() { return this.threat !== '' || this.search !== '' || this.severity === 'high' || this.severity === 'critical'; }

  get params() {
    return { status: tabs.find(([name]) => name === this.tab)[2], severity: this.severity === 'low' ? '' : this.severity, threat: this.threat, q: this.search, sort: this.sort };
  }

  showCounts(stats) {
    const sum = text => text ? text.split(',').reduce((n, s) => n + (stats.by_status[s] ?? 0), 0) : Object.values(stats.by_status).reduce((a, b) => a + b, 0);
    for (const [name, , statuses] of tabs) setText(this.buttons.get(name).lastChild, num(sum(statuses)));
  }

  /** A user's own rules bring own threats: offered once they were seen. */
  offerThreats(items) {
    for (const { threat_type: t } of items) {
      if (![...this.threatSelect.options].some(o => o.value === t)) this.threatSelect.append(el('option', { value: t }, threat(t)));
    }
  }

  hiddenNote(hidden) {
    if (!hidden) return null;
    return el('p', { class: 'hidden-note muted' }, `${num(hidden)} ${this.severity === 'medium' ? 'low' : 'less severe'} hidden `, button('show', () => this.set({ severity: 'low' }), { class: 'link' }));
  }
}
