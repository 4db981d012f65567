import { button, copy, el, replace, setText } from './dom.js';
import { api } from './api.js';
import { hostile, num, severity, severityRank, status, subject, threat, time, visibleText, waiting } from './format.js';

const pageSize = 50;

/** The list of incidents: one row per client, in pages. Rows are kept by id, so what is under the pointer or has the focus stays. */
export class IncidentList {
  constructor(filters, { open, selectionChanged }) {
    this.filters = filters;
    this.openIncident = open;
    this.selectionChanged = selectionChanged;
    this.offset = 0;
    this.items = [];
    this.total = 0;
    this.rows = new Map();
    this.selected = new Set();
    this.expanded = new Set();
    this.current = null;
    this.unseen = new Set();
    this.loads = 0;
    this.all = el('input', { type: 'checkbox', 'aria-label': 'Select all on this page', onchange: () => this.selectAll(this.all.checked) });
    this.summary = el('span', { class: 'summary', role: 'status' });
    this.fresh = button('', () => this.load(), { class: 'fresh', hidden: true });
    this.rowsNode = el('ul', { class: 'rows', 'aria-label': 'Incidents' });
    this.note = el('div', { class: 'list-note' });
    this.scroll = el('div', { class: 'scroll' }, this.rowsNode, this.note);
    this.previous = button('‹', () => this.page(-1), { 'aria-label': 'Previous page', disabled: true });
    this.next = button('›', () => this.page(1), { 'aria-label': 'Next page', disabled: true });
    this.range = el('span', { class: 'range' });
    this.node = el('section', { class: 'list', 'aria-label': 'Incident list' },
      el('div', { class: 'list-head' }, this.all, this.summary, this.fresh, el('button', { type: 'button', class: 'quiet small', title: 'Copy the rows as text', onclick: e => copy(this.text(), e.currentTarget) }, 'Copy')),
      this.scroll,
      el('div', { class: 'pager' }, this.previous, this.range, this.next));
    this.skeleton();
  }

  skeleton() {
    replace(this.rowsNode, [...Array(9)].map(() => el('li', { class: 'row skeleton', 'aria-hidden': 'true' })));
    setText(this.summary, 'Loading…');
  }

  async load() {
    const mine = ++this.loads;
    this.node.setAttribute('aria-busy', 'true');
    try {
      const page = await api.incidents({ ...this.filters.params, limit: pageSize, offset: this.offset });
      if (mine !== this.loads) return;
      if (page.items.length === 0 && this.offset > 0) {
        this.offset = Math.max(0, Math.floor((page.total - 1) / pageSize) * pageSize);
        return await this.load();
      }
      this.show(page);
    } catch (error) {
      if (mine !== this.loads) return;
      if (this.items.length === 0) {
        this.rowsNode.replaceChildren();
        setText(this.summary, 'Not loaded');
        replace(this.note, el('div', { class: 'empty', role: 'alert' }, el('h3', {}, error.title ?? 'Something failed'), el('p', {}, `${error.message} ${error.whatToDo ?? ''}`), button('Try again', () => this.load())));
      } else {
        throw error;
      }
    } finally {
      if (mine === this.loads) this.node.removeAttribute('aria-busy');
    }
  }

  show(page) {
    this.items = page.items;
    this.total = page.total;
    this.hidden = page.hidden_low;
    this.unseen.clear();
    this.fresh.hidden = true;
    this.filters.offerThreats(page.items);
    for (const id of [...this.selected]) if (!page.items.some(i => i.id === id)) this.selected.delete(id);
    this.draw();
    this.selectionChanged();
  }

  groups() {
    const bySubject = new Map();
    for (const item of this.items) {
      if (!bySubject.has(item.ip_address)) bySubject.set(item.ip_address, []);
      bySubject.get(item.ip_address).push(item);
    }
    return [...bySubject.values()];
  }

  draw() {
    const wanted = [];
    for (const group of this.groups()) {
      const head = group.reduce((a, b) => severityRank(b.severity) > severityRank(a.severity) ? b : a);
      wanted.push(this.row(head, group));
      if (group.length > 1 && this.expanded.has(head.ip_address)) {
        for (const item of group) if (item !== head) wanted.push(this.row(item, null));
      }
    }
    const nodes = wanted.map(r => r.node);
    const keep = new Set(nodes);
    for (const child of [...this.rowsNode.children]) if (!keep.has(child)) child.remove();
    nodes.forEach((node, i) => { if (this.rowsNode.children[i] !== node) this.rowsNode.insertBefore(node, this.rowsNode.children[i] ?? null); });
    for (const [id, r] of this.rows) if (!keep.has(r.node)) this.rows.delete(id);
    const n = this.items.length;
    setText(this.range, this.total ? `${num(this.offset + 1)}–${num(this.offset + n)} of ${num(this.total)}` : '0 of 0');
    this.previous.disabled = this.offset === 0;
    this.next.disabled = this.offset + n >= this.total;
    this.drawSummary();
    replace(this.note, n === 0 && this.empty(), this.filters.hiddenNote(this.hidden));
    this.mark();
  }

  drawSummary() {
    setText(this.summary, this.selected.size ? `${num(this.selected.size)} selected` : `${num(this.total)} ${this.total === 1 ? 'incident' : 'incidents'}`);
    this.all.checked = this.items.length > 0 && this.selected.size === this.items.length;
    this.all.indeterminate = this.selected.size > 0 && this.selected.size < this.items.length;
  }

  empty() {
    const { tab, narrowed } = this.filters;
    if (narrowed) return el('div', { class: 'empty' }, el('h3', {}, 'Nothing matches'), el('p', {}, 'No incident fits the search and filters.'), button('Clear them', () => this.filters.reset()));
    if (tab === 'waiting') return el('div', { class: 'empty' }, el('h3', {}, 'Nothing waits for you'), el('p', {}, 'The agent reads on. What it finds appears here at once.'));
    return el('div', { class: 'empty' }, el('h3', {}, 'None yet'), el('p', {}, tab === 'blocked' ? 'Nothing is blocked.' : 'No incident has this status.'));
  }

  row(item, group) {
    let r = this.rows.get(item.id);
    if (!r) {
      const box = el('input', { type: 'checkbox', onchange: () => this.select(item.id, box.checked) });
      const link = el('a', { class: 'open', href: `#/incidents/${item.id}` });
      const more = button('', () => this.toggle(r.item.ip_address), { class: 'quiet small expand', hidden: true });
      r = { box, link, more, node: el('li', { class: 'row', 'data-id': item.id }, box, link, more) };
      this.rows.set(item.id, r);
    }
    r.item = item;
    r.node.classList.toggle('child', group === null);
    const others = group && group.length > 1 ? group.length - 1 : 0;
    r.more.hidden = !others;
    if (others) {
      const isOpen = this.expanded.has(item.ip_address);
      setText(r.more, `${isOpen ? '▾' : '▸'} +${others}`);
      r.more.title = `${others} more ${others === 1 ? 'threat' : 'threats'} of this client`;
      r.more.setAttribute('aria-expanded', isOpen);
      r.more.setAttribute('aria-label', `${others} more threats of ${subject(item)}`);
    }
    r.box.checked = this.selected.has(item.id);
    r.box.setAttribute('aria-label', `Select ${subject(item)}, ${threat(item.threat_type)}`);
    const signature = JSON.stringify(item);
    if (r.signature !== signature) {
      r.signature = signature;
      replace(r.link,
        el('span', { class: 'line' }, severity(item.severity), el('b', { class: 'subject' }, subject(item)), el('span', { class: 'threat' }, hostile(threat(item.threat_type), 40)), time(item.last_seen, 'short')),
        el('span', { class: 'line second' }, waiting(item.status) && item.status !== 'failed' ? null : status(item.status, item.clients.length === 0), el('span', { class: 'sentence' }, visibleText(item.summary).slice(0, 200))));
    }
    return r;
  }

  toggle(key) {
    if (!this.expanded.delete(key)) this.expanded.add(key);
    this.draw();
  }

  mark() {
    for (const [id, r] of this.rows) {
      if (id === this.current) r.link.setAttribute('aria-current', 'true');
      else r.link.removeAttribute('aria-current');
      r.node.classList.toggle('selected', this.selected.has(id));
    }
  }

  setCurrent(id) {
    this.current = id;
    this.mark();
    this.rows.get(id)?.node.scrollIntoView({ block: 'nearest' });
  }

  /** A changed incident: its row is updated where it stands. A new one waits behind a button while the person is busy here. */
  update(item) {
    const index = this.items.findIndex(i => i.id === item.id);
    if (index >= 0) {
      this.items[index] = item;
      this.frame ??= requestAnimationFrame(() => { this.frame = null; this.draw(); });
      return;
    }
    const wanted = this.filters.params.status;
    if (wanted && !wanted.split(',').includes(item.status)) return;
    if (severityRank(item.severity) < severityRank(this.filters.severity)) return;
    this.unseen.add(item.id);
    setText(this.fresh, `${num(this.unseen.size)} new · show`);
    this.fresh.hidden = false;
    if (!this.busy()) this.loadSoon();
  }

  busy() {
    return this.node.matches(':hover') || this.node.contains(document.activeElement) || this.selected.size > 0 || this.scroll.scrollTop > 0 || this.offset > 0;
  }

  loadSoon() {
    this.soon ??= setTimeout(() => { this.soon = null; if (!this.busy()) this.load().catch(() => {}); }, 300);
  }

  page(by) {
    this.offset = Math.max(0, this.offset + by * pageSize);
    this.selected.clear();
    this.scroll.scrollTop = 0;
    return this.load();
  }

  select(id, on) {
    if (on) this.selected.add(id);
    else this.selected.delete(id);
    this.drawSummary();
    this.mark();
    const r = this.rows.get(id);
    if (r) r.box.checked = on;
    this.selectionChanged();
  }

  selectAll(on) {
    this.selected = new Set(on ? this.items.map(i => i.id) : []);
    this.draw();
    this.selectionChanged();
  }

  /** By key: the next (1) or previous (-1) row. */
  move(by) {
    const ids = [...this.rowsNode.children].map(n => Number(n.dataset.id));
    if (ids.length === 0) return;
    const at = ids.indexOf(this.current);
    const id = ids[at < 0 ? (by > 0 ? 0 : ids.length - 1) : Math.min(ids.length - 1, Math.max(0, at + by))];
    this.openIncident(id);
  }

  text() {
    return ['severity\tclient\tthreat\tstatus\tlast seen\trequests\tsummary', ...this.items.map(i =>
      [i.severity, i.is_campaign ? i.clients.join(' ') : i.ip_address, i.threat_type, i.status, i.last_seen, i.requests, i.summary].map(visibleText).join('\t'))].join('\n');
  }
}
