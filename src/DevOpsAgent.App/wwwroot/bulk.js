import { button, el, replace } from './dom.js';
import { api } from './api.js';
import { ask } from './dialog.js';
import { count, num, visibleText } from './format.js';
import { report, toast } from './toast.js';

/** The bar that appears while incidents are selected: the union of the changes and what the caps say, then one decision. */
export class BulkBar {
  constructor(list, changed) {
    this.list = list;
    this.changed = changed;
    this.node = el('div', { class: 'bulk', role: 'region', 'aria-label': 'Selected incidents', hidden: true });
  }

  update() {
    const n = this.list.selected.size;
    this.node.hidden = n === 0;
    if (n === 0) return;
    replace(this.node, el('b', {}, `${num(n)} selected`),
      button('Approve…', () => this.run('approve'), { class: 'primary', 'data-act': 'bulk-approve' }),
      button('Reject…', () => this.run('reject'), { 'data-act': 'bulk-reject' }),
      button('Clear', () => this.list.selectAll(false), { class: 'quiet' }));
  }

  async run(action) {
    const ids = [...this.list.selected];
    try {
      const plan = await api.bulk(ids, action, true);
      const result = await ask({ title: `${action === 'approve' ? 'Approve' : 'Reject'} ${count(plan.succeeded, 'incident')}`, body: body(plan), ok: action === 'approve' ? `Approve ${num(plan.succeeded)}` : `Reject ${num(plan.succeeded)}`, submit: () => api.bulk(ids, action, false, plan.items.map(i => i.version ?? 0)) });
      if (!result) return;
      const failed = result.items.filter(i => i.result !== 'done' && i.result !== 'already');
      const done = result.items.filter(i => i.result === 'done').map(i => i.id);
      this.list.selectAll(false);
      toast(`${action === 'approve' ? 'Approved' : 'Rejected'} ${num(result.succeeded)}.${failed.length ? ` ${num(failed.length)} not: ${visibleText(failed[0].message)}` : ''}`, {
        kind: failed.length ? 'error' : 'info',
        undo: done.length ? async () => { const back = await api.bulk(done, 'undo', false); toast(`Taken back ${num(back.succeeded)}.`); this.changed(); } : null,
      });
      this.changed();
    } catch (error) {
      report(error);
    }
  }
}

function body(plan) {
  const left = plan.items.filter(i => i.result !== 'done');
  const out = [];
  if (plan.action === 'approve') {
    out.push(el('p', {}, 'Denies ', el('b', {}, count(plan.new_ranges.length, 'new address or range', 'new addresses and ranges')), plan.where ? ` at ${visibleText(plan.where)}` : '', '.'));
    if (plan.new_ranges.length) out.push(el('pre', { class: 'union', tabindex: '0', 'aria-label': 'All that will be denied' }, plan.new_ranges.join('\n')));
    out.push(el('p', { class: 'muted' }, `${num(plan.live_blocks)} of ${num(plan.max_blocks)} blocks are live, ${num(plan.recent_blocks)} new in the last ${num(plan.interval_seconds / 60)} min.`));
    if (plan.caps) out.push(el('p', { class: 'note-warn' }, el('span', { 'aria-hidden': 'true' }, '▲ '), plan.caps));
  } else {
    out.push(el('p', {}, 'Nothing is blocked for them. Each stays in the history and can be decided again.'));
  }
  if (left.length) out.push(el('p', { class: 'note-warn' }, el('span', { 'aria-hidden': 'true' }, '▲ '), `${count(left.length, 'incident')} left out: ${visibleText(left[0].message)}`));
  return out;
}
