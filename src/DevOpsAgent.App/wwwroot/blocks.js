import { button, copy, el, replace, setText, tableText } from './dom.js';
import { api } from './api.js';
import { ask } from './dialog.js';
import { hostile, num, time, visibleText } from './format.js';
import { report, toast } from './toast.js';

const words = { pending: '◑ being written', active: '■ confirmed', unconfirmed: '■ not confirmed', expired: '◌ ended', lifted: '✕ lifted', failed: '! failed' };
const pageSize = 50;

/** What is denied now, for how long, and how to end it. */
export class BlocksView {
  constructor() {
    this.live = true;
    this.offset = 0;
    this.body = el('tbody');
    this.table = el('table', { class: 'wide stack' }, el('caption', { class: 'off' }, 'Blocks'),
      el('thead', {}, el('tr', {}, ['Range', 'Time left', 'State', 'Reason', 'By', 'Since', ''].map((t, i) => el('th', { scope: 'col', class: i === 6 ? 'no-copy' : null }, t || el('span', { class: 'off' }, 'Actions'))))), this.body);
    this.note = el('div');
    this.range = el('span', { class: 'range' });
    this.previous = button('‹', () => this.page(-1), { 'aria-label': 'Previous page' });
    this.next = button('›', () => this.page(1), { 'aria-label': 'Next page' });
    this.ended = el('input', { type: 'checkbox', onchange: () => { this.live = !this.ended.checked; this.offset = 0; this.load(); } });
    this.node = el('section', { class: 'page', 'aria-label': 'Blocks' },
      el('div', { class: 'page-head' }, el('h2', {}, 'Blocks'), el('label', { class: 'inline' }, this.ended, ' also ended ones'), el('span', { class: 'grow' }),
        button('Block by hand…', () => this.add(), { class: 'primary', 'data-act': 'add-block' }),
        el('button', { type: 'button', onclick: e => copy(tableText(this.table), e.currentTarget) }, 'Copy'),
        el('a', { class: 'button', href: '/api/blocks/export', download: 'devops-agent.yaml' }, 'Export file')),
      this.table, this.note, this.pager = el('div', { class: 'pager' }, this.previous, this.range, this.next));
  }

  open() { /* route() has loaded it */ }
  reload() { return this.load(); }
  blocks() { return this.load(); }

  page(by) {
    this.offset = Math.max(0, this.offset + by * pageSize);
    return this.load();
  }

  async load() {
    try {
      const page = await api.blocks({ live: this.live, limit: pageSize, offset: this.offset });
      const signature = JSON.stringify(page);
      if (signature === this.signature) return;
      this.signature = signature;
      const held = this.body.contains(document.activeElement) ? document.activeElement.dataset.block : null;
      replace(this.body, page.items.map(b => this.row(b)));
      if (held) this.body.querySelector(`[data-block="${held}"]`)?.focus();
      this.table.hidden = page.items.length === 0;
      replace(this.note, page.items.length === 0 && el('div', { class: 'empty' }, el('h3', {}, 'Nothing is blocked'), el('p', {}, 'Approve an incident, or block an address by hand. Each block ends by itself.')));
      setText(this.range, page.total ? `${num(this.offset + 1)}–${num(this.offset + page.items.length)} of ${num(page.total)}` : '0 of 0');
      this.pager.hidden = page.total <= pageSize;
      this.previous.disabled = this.offset === 0;
      this.next.disabled = this.offset + page.items.length >= page.total;
    } catch (error) {
      if (this.signature) report(error);
      else replace(this.note, el('div', { class: 'empty', role: 'alert' }, el('h3', {}, error.title), el('p', {}, `${error.message} ${error.whatToDo}`), button('Try again', () => this.load())));
    }
  }

  row(b) {
    const live = ['pending', 'active', 'unconfirmed'].includes(b.status);
    const cell = (label, ...content) => el('td', { 'data-label': label }, content);
    return el('tr', {},
      el('th', { scope: 'row', class: 'mono' }, b.range),
      cell('Ends', live ? time(b.expires_at, 'left') : '—'),
      cell('State', el('span', { title: visibleText(b.result ?? '') }, words[b.status] ?? b.status)),
      cell('Reason', b.incident_id ? el('a', { href: `#/incidents/${b.incident_id}` }, hostile(b.reason, 120)) : hostile(b.reason, 120), b.offence > 1 ? el('span', { class: 'muted' }, ` · offence ${b.offence}`) : null),
      cell('By', hostile(b.approved_by, 64)), cell('Since', time(b.created_at)),
      el('td', { class: 'no-copy end' }, live ? button('Unblock', () => this.remove(b), { class: 'small', 'data-block': b.id, 'aria-label': `Unblock ${b.range}` }) : null));
  }

  async remove(b) {
    try {
      const answer = await api.removeBlock(b.id);
      const left = Math.max(60, Math.round((Date.parse(b.expires_at) - Date.now()) / 1000));
      toast(`${b.range} is open again. ${visibleText(answer.message)}`, { undo: () => api.addBlock({ range: b.range, ttl_seconds: left, reason: visibleText(b.reason).slice(0, 480) }).then(a => { toast(visibleText(a.message)); this.load(); }, report) });
      await this.load();
    } catch (error) {
      report(error);
    }
  }

  async add() {
    const done = await ask({
      title: 'Block by hand', ok: 'Block', danger: true,
      fields: [
        { name: 'range', label: 'Address or range', placeholder: '203.0.113.7 or 203.0.113.0/24', required: true },
        { name: 'ttl_seconds', label: 'For', options: [['3600', '1 hour'], ['14400', '4 hours'], ['86400', '1 day'], ['604800', '7 days']], value: '14400' },
        { name: 'reason', label: 'Reason', placeholder: 'what it does', required: true },
      ],
      submit: v => api.addBlock({ ...v, ttl_seconds: Number(v.ttl_seconds) }),
    });
    if (!done) return;
    toast(visibleText(done.message), done.id ? { undo: () => api.removeBlock(done.id).then(a => { toast(visibleText(a.message)); this.load(); }, report) } : {});
    await this.load();
  }

  key(key) {
    if (key !== 'b') return false;
    this.add();
    return true;
  }
}
