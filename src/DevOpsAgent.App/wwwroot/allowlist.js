import { button, copy, el, replace, tableText } from './dom.js';
import { api } from './api.js';
import { ask } from './dialog.js';
import { count, hostile, num, time, visibleText } from './format.js';
import { report, toast } from './toast.js';

/** Who is never blocked. */
export class AllowlistView {
  constructor() {
    this.body = el('tbody');
    this.table = el('table', { class: 'wide stack' }, el('caption', { class: 'off' }, 'Allowlist'),
      el('thead', {}, el('tr', {}, ['Address, range or name', 'Description', 'Ends', 'Added', ''].map((t, i) => el('th', { scope: 'col', class: i === 4 ? 'no-copy' : null }, t || el('span', { class: 'off' }, 'Actions'))))), this.body);
    this.note = el('div');
    this.file = el('input', { type: 'file', accept: '.csv,text/csv,text/plain', class: 'off', 'aria-label': 'CSV file', tabindex: '-1', onchange: () => this.read() });
    this.answer = el('output', { class: 'check-answer', role: 'status' });
    this.ip = el('input', { type: 'text', placeholder: 'Is this address covered?', 'aria-label': 'Address to check', autocomplete: 'off', spellcheck: 'false', maxlength: 64 });
    this.node = el('section', { class: 'page', 'aria-label': 'Allowlist' },
      el('div', { class: 'page-head' }, el('h2', {}, 'Allowlist'), el('form', { class: 'check', onsubmit: e => { e.preventDefault(); this.check(); } }, this.ip, el('button', { type: 'submit' }, 'Check')), el('span', { class: 'grow' }),
        button('Add…', () => this.edit(null), { class: 'primary', 'data-act': 'add-allowed' }), button('Import CSV', () => this.file.click()),
        el('a', { class: 'button', href: '/api/allowlist/export', download: 'allowlist.csv' }, 'Export CSV'),
        el('button', { type: 'button', onclick: e => copy(tableText(this.table), e.currentTarget) }, 'Copy'), this.file),
      this.answer, this.table, this.note);
  }

  open() { /* route() has loaded it */ }
  reload() { return this.load(); }
  blocks() { return this.load(); }

  async load() {
    try {
      const page = await api.allowlist();
      const signature = JSON.stringify(page);
      if (signature === this.signature) return;
      this.signature = signature;
      replace(this.body, page.items.map(e => this.row(e)));
      this.table.hidden = page.items.length === 0;
      replace(this.note, page.items.length === 0 && el('div', { class: 'empty' }, el('h3', {}, 'The allowlist is empty'), el('p', {}, 'Add your monitors, offices and partners before you use mode auto: what stands here is never blocked.')));
    } catch (error) {
      if (this.signature) report(error);
      else replace(this.note, el('div', { class: 'empty', role: 'alert' }, el('h3', {}, error.title), el('p', {}, `${error.message} ${error.whatToDo}`), button('Try again', () => this.load())));
    }
  }

  row(e) {
    return el('tr', {}, el('th', { scope: 'row', class: 'mono' }, hostile(e.ip_or_cidr, 120), e.resolved.length ? el('small', { class: 'muted block' }, e.resolved.join(' ')) : null),
      el('td', { 'data-label': 'Description' }, hostile(e.description, 200) ), el('td', { 'data-label': 'Ends' }, e.expires_at ? time(e.expires_at, 'left') : 'never'), el('td', { 'data-label': 'Added' }, time(e.created_at)),
      el('td', { class: 'no-copy end' }, button('Edit', () => this.edit(e), { class: 'small', 'aria-label': `Edit ${e.ip_or_cidr}` }), ' ', button('Remove', () => this.remove(e), { class: 'small', 'aria-label': `Remove ${e.ip_or_cidr}` })));
  }

  async edit(entry) {
    const done = await ask({
      title: entry ? 'Change entry' : 'Never block', ok: entry ? 'Save' : 'Add',
      body: entry ? [] : el('p', { class: 'muted' }, 'What it covers is unblocked at once.'),
      fields: [
        { name: 'ip_or_cidr', label: 'Address, range or DNS name', value: entry?.ip_or_cidr, placeholder: '203.0.113.0/24 or monitor.example.org', required: true },
        { name: 'description', label: 'Description', value: entry?.description, placeholder: 'whose it is, and why' },
        { name: 'expires_at', label: 'Ends (UTC)', type: 'datetime-local', value: entry?.expires_at ? new Date(entry.expires_at).toISOString().slice(0, 16) : '', hint: 'empty: it stays' },
      ],
      submit: v => {
        const body = { ip_or_cidr: v.ip_or_cidr, description: v.description, expires_at: v.expires_at ? `${v.expires_at}:00Z`.replace(/(:\d\d:\d\d):00Z$/, '$1Z') : undefined };
        return entry ? api.changeAllowed(entry.id, body) : api.addAllowed(body);
      },
    });
    if (!done) return;
    toast(visibleText(done.message), !entry && done.id ? { undo: () => api.removeAllowed(done.id).then(() => this.load(), report) } : {});
    await this.load();
  }

  async remove(e) {
    try {
      const answer = await api.removeAllowed(e.id);
      toast(visibleText(answer.message), { undo: () => api.addAllowed({ ip_or_cidr: e.ip_or_cidr, description: e.description, expires_at: e.expires_at ?? undefined }).then(() => this.load(), report) });
      await this.load();
    } catch (error) {
      report(error);
    }
  }

  async read() {
    const file = this.file.files[0];
    this.file.value = '';
    if (!file) return;
    try {
      const result = await api.importAllowed(await file.text());
      const problems = result.problems.map(p => el('li', {}, `line ${num(p.line)}: ${visibleText(p.message)}`));
      replace(this.answer, el('p', {}, `Imported: ${count(result.added, 'entry', 'entries')} added, ${num(result.changed)} changed, ${num(result.unchanged)} there before, ${num(result.refused)} refused.`), problems.length ? el('ul', {}, problems) : null);
      await this.load();
    } catch (error) {
      report(error);
    }
  }

  async check() {
    try {
      const result = await api.checkAllowed(this.ip.value.trim());
      this.ip.removeAttribute('aria-invalid');
      replace(this.answer, el('p', {}, el('b', {}, result.ip), result.allowed ? [' is covered by ', el('b', {}, result.entry.ip_or_cidr), ': never blocked.'] : ' is not on the allowlist.',
        result.blocks.length ? ` It is blocked now by ${result.blocks.map(b => b.range).join(', ')}.` : ' It is not blocked.'));
    } catch (error) {
      this.ip.setAttribute('aria-invalid', 'true');
      replace(this.answer, el('p', { class: 'error' }, `${error.message} ${error.whatToDo}`));
    }
  }

  key(key) {
    if (key === 'b') this.edit(null);
    else if (key === '/') this.ip.focus();
    else return false;
    return true;
  }
}
