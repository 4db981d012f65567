import { $, button, copyButton, el, keyButton, replace, setText } from './dom.js';
import { api, operator } from './api.js';
import { ask } from './dialog.js';
import { count, duration, hostile, num, severity, status, subject, threat, time, utc, visibleText, waiting } from './format.js';
import { requestChart } from './chart.js';
import { clients, evidence, history, similar } from './evidence.js';
import { model } from './model.js';
import { receipts } from './receipts.js';
import { violations } from './guard.js';
import { report, toast } from './toast.js';
import { currentMode } from './header.js';

/** One incident: is it an attacker, what happens if approved, and the way back. */
export class Detail {
  constructor({ changed, close }) {
    this.changed = changed;
    this.closed = close;
    this.id = null;
    this.detail = null;
    this.node = el('section', { class: 'detail', 'aria-label': 'Incident', tabindex: '-1' });
    this.none();
  }

  none() {
    this.id = null;
    this.detail = null;
    this.waiting = el('p', {});
    replace(this.node, el('div', { class: 'empty' }, el('h3', {}, 'Pick an incident'), this.waiting, el('p', {}, 'Press ', el('kbd', {}, 'j'), ' for the first one, ', el('kbd', {}, '?'), ' for all keys.')));
    if (this.stats) this.overview(this.stats);
  }

  /** While nothing is picked: what waits, in one line. */
  overview(stats) {
    this.stats = stats;
    if (this.id !== null) return;
    const parts = ['critical', 'high', 'medium', 'low'].filter(s => stats.waiting_by_severity[s]).map(s => `${num(stats.waiting_by_severity[s])} ${s}`);
    setText(this.waiting, parts.length ? `${parts.join(', ')} ${stats.waiting === 1 ? 'waits' : 'wait'} for a decision.` : 'Nothing waits for a decision.');
  }

  async show(id) {
    this.id = id;
    if (this.detail?.incident.id !== id) {
      this.detail = null;
      replace(this.node, this.back(), el('div', { class: 'empty' }, 'Loading…'));
    }
    try {
      const [detail, called] = await Promise.all([api.incident(id), api.receipts(id).catch(() => null)]);
      detail.receipts = called;
      if (this.id === id) this.draw(detail);
    } catch (error) {
      if (this.id !== id) return;
      if (this.detail) report(error);
      else replace(this.node, this.back(), el('div', { class: 'empty', role: 'alert' }, el('h3', {}, error.title), el('p', {}, `${error.message} ${error.whatToDo}`), button('Try again', () => this.show(id))));
    }
  }

  back() {
    return button('‹ Incidents', this.closed, { class: 'quiet back' });
  }

  draw(detail) {
    const same = this.detail?.incident.id === detail.incident.id;
    if (same) detail.receipts ??= this.detail.receipts; // an answer to a decision comes without
    const signature = JSON.stringify(detail);
    if (same && this.signature === signature) return;
    this.signature = signature;
    this.detail = detail;
    const opened = new Set([...this.node.querySelectorAll('details[open]')].map(d => d.className));
    const focused = this.node.contains(document.activeElement) ? document.activeElement.dataset.act ?? null : null;
    const scroll = same ? $('.detail-body', this.node)?.scrollTop ?? 0 : 0;
    const i = detail.incident;
    replace(this.node,
      el('header', { class: 'detail-head' }, this.back(),
        el('h2', {}, severity(i.severity), ' ', el('span', { class: 'subject' }, subject(i)), i.is_campaign ? null : copyButton(i.ip_address)),
        el('p', { class: 'meta' }, hostile(threat(i.threat_type), 60), ' · ', status(i.status, detail.evidence.process), ' · ', time(i.last_seen), el('span', { class: 'muted' }, ` · no. ${i.id}`))),
      el('div', { class: 'detail-body' },
        el('p', { class: 'lead' }, hostile(i.summary, 400)),
        detail.evidence.process ? violations(detail) : [requestChart(detail.evidence.chart), this.outcome(detail), this.recommendation(detail), clients(i), evidence(detail)], model(detail), similar(detail), receipts(detail.receipts), history(detail)),
      this.actions(detail));
    for (const d of this.node.querySelectorAll('details')) if (same && opened.has(d.className)) d.open = true;
    const body = $('.detail-body', this.node);
    body.scrollTop = scroll;
    if (focused) this.node.querySelector(`[data-act="${focused}"]`)?.focus();
  }

  recommendation(detail) {
    const r = detail.recommendation, state = detail.incident.status;
    if (!r) return el('section', { class: 'box' }, el('p', {}, 'No block is recommended: the rules only record this.'));
    if (state === 'blocked' || state === 'approved') return null;
    const what = r.ranges.length === 1 ? r.ranges[0] : `${count(r.ranges.length, 'address', 'addresses')}`;
    return el('section', { class: 'box recommendation', 'aria-label': 'Recommendation' },
      el('h3', {}, waiting(state) ? 'If approved' : 'Was recommended'),
      el('p', { class: 'what' }, 'Deny ', el('b', { class: 'mono' }, what), ' for ', el('b', {}, duration(r.ttl_seconds)), r.action === 'review' ? ' (the rules ask for your judgement)' : ''),
      r.ranges.length > 1 ? el('p', { class: 'mono small' }, r.ranges.join(' ')) : null,
      el('dl', { class: 'pairs' }, pair('Where', hostile(r.where, 300)), pair('Why', hostile(r.why, 400)), pair('Proposed by', hostile(r.proposed_by, 80)),
        r.forbidden ? pair('Not to be approved', hostile(r.forbidden, 400)) : null,
        r.held && r.held !== r.forbidden && currentMode() !== 'disabled' ? pair('Left to you', hostile(r.held, 300)) : null),
      r.change ? el('details', { class: 'change' }, el('summary', {}, 'Exact change'), diff(r.change), copyButton(r.change, 'Copy change')) : null);
  }

  outcome(detail) {
    const state = detail.incident.status, blocks = detail.blocks;
    if (!['approved', 'blocked', 'failed', 'expired'].includes(state) && !blocks.length) return null;
    const live = blocks.filter(b => ['pending', 'active', 'unconfirmed'].includes(b.status));
    const shown = live.length ? live : blocks;
    if (!shown.length) {
      return state === 'approved' ? el('section', { class: 'box outcome', role: 'status' }, el('h3', {}, 'Approved'), el('p', {}, 'The agent is writing the change. This takes up to two seconds.')) : null;
    }
    const first = shown[0];
    const head = { pending: 'Being written', active: 'Blocked, confirmed by Traefik', unconfirmed: 'Blocked, not confirmed', failed: 'The block failed', expired: 'The block has ended', lifted: 'The block was lifted' }[first.status];
    const undo = detail.actions.find(a => a.undo && a.action_type === 'block')?.undo ?? `devops-agent blocks remove ${first.id}`;
    return el('section', { class: `box outcome outcome-${first.status}`, role: 'status', 'aria-label': 'Outcome' }, el('h3', {}, head), el('dl', { class: 'pairs' },
      pair('Denied', el('span', { class: 'mono' }, shown.length > 6 ? `${shown.slice(0, 6).map(b => b.range).join(' ')} and ${shown.length - 6} more` : shown.map(b => b.range).join(' '))),
      first.result ? pair(first.status === 'failed' ? 'Reason' : 'Written', hostile(first.result, 400)) : null,
      first.status === 'unconfirmed' && !first.result ? pair('Confirmed', 'The file was read back; Traefik itself was not asked or did not answer.') : null,
      live.length ? pair('Until', el('span', {}, utc(first.expires_at), ' (', time(first.expires_at, 'left'), ')')) : null,
      pair('Approved by', hostile(first.approved_by, 64)),
      first.offence > 1 ? pair('Offence', `number ${first.offence}: the time is longer`) : null,
      live.length ? pair('Undo by', el('code', {}, undo), ' ', copyButton(undo)) : null));
  }

  actions(detail) {
    const i = detail.incident, list = [];
    if (waiting(i.status)) {
      if (approvable(detail)) list.push(keyButton(i.status === 'failed' ? 'Try again' : 'Approve', 'a', () => this.decide('approve'), { class: 'primary', 'data-act': 'approve' }));
      list.push(keyButton(detail.evidence.process ? 'Close' : 'Reject', 'r', () => this.decide('reject'), { 'data-act': 'reject' }));
    } else if (i.status === 'blocked' || i.status === 'approved') {
      list.push(button('Lift the block', () => this.decide('undo'), { 'data-act': 'undo' }));
    } else if (i.status === 'rejected') {
      list.push(button('Decide again', () => this.decide('undo'), { 'data-act': 'undo' }));
    }
    if (i.status !== 'allowed' && !detail.evidence.process) list.push(keyButton('Allowlist…', 'w', () => this.allow(), { 'data-act': 'allow' }));
    return el('footer', { class: 'actions' }, list, el('button', { type: 'button', class: 'link as', title: 'The name that stands in the history', onclick: () => this.rename() }, `as ${operator.name ?? 'operator'}`));
  }

  /** Runs an action on the shown incident: approve, reject or undo. */
  async decide(action) {
    const detail = this.detail;
    if (!detail || this.working) return;
    const i = detail.incident;
    if (action !== 'undo' && !waiting(i.status)) return;
    if (action === 'approve' && !approvable(detail)) return;
    this.working = true;
    try {
      const answer = await api.decide(i.id, action, i.version);
      if (answer.incident && this.id === i.id) this.draw(answer.incident);
      const text = { approve: `Approved ${subject(i)}: the agent writes the block now.`, reject: detail.evidence.process ? `Closed: ${subject(i)}.` : `Rejected ${subject(i)}: nothing is blocked.`, undo: `Taken back: ${subject(i)} waits for a decision again.` }[action];
      toast(answer.result === 'already' ? visibleText(answer.message) : text, action === 'undo' ? {} : { undo: () => this.undo(i.id) });
      this.changed(answer.incident?.incident);
    } catch (error) {
      report(error);
      if (this.id === i.id) this.show(i.id);
    } finally {
      this.working = false;
    }
  }

  async undo(id) {
    try {
      const answer = await api.decide(id, 'undo');
      if (this.id === id && answer.incident) this.draw(answer.incident);
      toast(visibleText(answer.message));
      this.changed(answer.incident?.incident);
    } catch (error) {
      report(error);
    }
  }

  async allow() {
    const i = this.detail?.incident;
    if (!i || this.detail.evidence.process) return;
    const first = i.clients[0] ?? i.ip_address;
    const done = await ask({
      title: 'Never block this client', ok: 'Add to the allowlist',
      body: el('p', { class: 'muted' }, 'Its live blocks are lifted at once. Detection goes on and is recorded as allowlisted.'),
      fields: [
        { name: 'ip_or_cidr', label: 'Address, range or DNS name', value: first, required: true },
        { name: 'description', label: 'Why', placeholder: 'uptime monitor of the web team' },
        { name: 'hours', label: 'For', options: [['', 'always'], ['24', '1 day'], ['168', '1 week'], ['720', '30 days']], value: '' },
      ],
      submit: async v => {
        const expires = v.hours ? new Date(Date.now() + Number(v.hours) * 3600e3).toISOString() : undefined;
        return await api.addAllowed({ ip_or_cidr: v.ip_or_cidr, description: v.description, expires_at: expires });
      },
    });
    if (!done) return;
    toast(`${visibleText(done.message)}`, done.id ? { undo: () => api.removeAllowed(done.id).then(() => toast('The entry is gone again.'), report) } : {});
    this.show(i.id);
    this.changed();
  }

  async rename() {
    await ask({ title: 'Your name', fields: [{ name: 'name', label: 'Shown in the history of what you decide', value: operator.name ?? '', placeholder: 'operator' }], ok: 'Use it', submit: v => { operator.name = v.name.slice(0, 64); return true; } });
    if (this.detail) { this.signature = null; this.draw(this.detail); }
  }
}

const approvable = detail => Boolean(detail.recommendation?.ranges.length) && !detail.recommendation.forbidden;

const pair = (term, ...value) => el('div', {}, el('dt', {}, term), el('dd', {}, value));

function diff(text) {
  return el('pre', { class: 'diff', tabindex: '0', 'aria-label': 'Change as a diff' }, text.split('\n').map(line =>
    el('span', { class: /^(---|\+\+\+) /.test(line) ? 'at' : line.startsWith('+') ? 'plus' : line.startsWith('-') ? 'minus' : line.startsWith('@') ? 'at' : 'same' }, visibleText(line) + '\n')));
}
