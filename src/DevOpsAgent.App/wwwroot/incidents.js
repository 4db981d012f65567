import { el, replace } from './dom.js';
import { api } from './api.js';
import { BulkBar } from './bulk.js';
import { Detail } from './detail.js';
import { Filters } from './filters.js';
import { IncidentList } from './list.js';
import { showStats } from './header.js';
import { sparkline } from './chart.js';
import { report } from './toast.js';

/** The first view: the last hour, the list, and one incident beside it. */
export class IncidentsView {
  constructor() {
    const go = id => { location.hash = id ? `#/incidents/${id}` : '#/incidents'; };
    this.filters = new Filters(() => { this.list.offset = 0; this.list.selected.clear(); this.reload(); });
    this.list = new IncidentList(this.filters, { open: go, selectionChanged: () => this.bulk.update() });
    this.bulk = new BulkBar(this.list, () => this.reload());
    this.list.node.append(this.bulk.node);
    this.detail = new Detail({ changed: item => { if (item) this.list.update(item); this.stats(); }, close: () => go(null) });
    this.traffic = el('div', { class: 'traffic-slot' }, sparkline([]));
    this.node = el('div', { class: 'incidents' }, el('div', { class: 'strip' }, this.traffic, this.filters.node), el('div', { class: 'panes' }, this.list.node, this.detail.node));
  }

  open(id) {
    this.node.classList.toggle('one', id !== null);
    if (id === null) this.detail.none();
    else if (id !== this.detail.id) this.detail.show(id);
    this.list.setCurrent(id);
  }

  reload() {
    this.list.load().catch(report);
    this.stats();
    if (this.detail.id) this.detail.show(this.detail.id);
  }

  async stats() {
    try {
      const stats = await api.stats();
      this.filters.showCounts(stats);
      showStats(stats);
      this.detail.overview(stats);
      replace(this.traffic, sparkline(stats.traffic));
    } catch { /* the connection's state is shown in the header */ }
  }

  incident(item) {
    this.list.update(item);
    if (item.id === this.detail.id) this.refresh();
    this.statsSoon ??= setTimeout(() => { this.statsSoon = null; this.stats(); }, 500);
  }

  blocks() {
    if (this.detail.id) this.refresh();
  }

  /** The shown incident again: at once, then at most once a second, however fast the log is. */
  refresh() {
    if (this.resting) { this.again = true; return; }
    if (this.detail.id && !this.detail.working) this.detail.show(this.detail.id);
    this.resting = setTimeout(() => {
      this.resting = null;
      if (this.again) { this.again = false; this.refresh(); }
    }, 1000);
  }

  key(key) {
    const id = this.detail.id;
    if (key === 'j' || key === 'ArrowDown') this.list.move(1);
    else if (key === 'k' || key === 'ArrowUp') this.list.move(-1);
    else if (key === 'x' && id) this.list.select(id, !this.list.selected.has(id));
    else if (key === 'a' && this.list.selected.size) this.bulk.run('approve');
    else if (key === 'r' && this.list.selected.size) this.bulk.run('reject');
    else if (key === 'a') this.detail.decide('approve');
    else if (key === 'r') this.detail.decide('reject');
    else if (key === 'w') this.detail.allow();
    else if (key === '/') this.filters.input.focus();
    else if (key === 'n') this.list.load().catch(report);
    else if (key === '[' && !this.list.previous.disabled) this.list.page(-1);
    else if (key === ']' && !this.list.next.disabled) this.list.page(1);
    else if (key === 'Escape' && this.list.selected.size) this.list.selectAll(false);
    else if (key === 'Escape') location.hash = '#/incidents';
    else return false;
    return true;
  }
}
