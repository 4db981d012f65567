import { copyButton, el } from './dom.js';
import { hostile, time, visibleText } from './format.js';

const decisions = {
  allow: ['✓', 'allowed'], deny: ['✕', 'denied'], cancelled: ['◌', 'given up'], incomplete: ['◔', 'not completed'], open: ['○', 'no receipt yet'], unreadable: ['!', 'changed'],
};

function decision(name) {
  const [shape, word] = decisions[name] ?? ['·', name];
  return el('span', { class: `decision decision-${name}` }, el('span', { 'aria-hidden': 'true' }, shape + ' '), word);
}

const pair = (term, ...value) => el('div', {}, el('dt', {}, term), el('dd', {}, value));

/** What was called about this incident, who judged it and what proves it: one line each, all of it below. */
export function receipts(page) {
  if (!page?.items.length) return null;
  return el('section', { class: 'receipts', 'aria-label': 'Receipts' },
    el('h3', {}, `Receipts (${page.total})`),
    page.items.map(one),
    page.total > page.items.length ? el('p', { class: 'muted small' }, `The newest ${page.items.length}; all: `, el('code', {}, `devops-agent receipts list --incident ${page.items[0].incident_id}`)) : null);
}

function one(r) {
  return el('details', { class: `receipt receipt-${r.seq}` },
    el('summary', {}, decision(r.decision), ' ', el('code', {}, visibleText(r.tool)), el('span', { class: 'muted' }, ' by ', hostile(r.by, 40), ' · ', time(r.at), r.signed ? '' : ' · not yet signed')),
    el('dl', { class: 'pairs' },
      r.reason ? pair('Decided by', el('code', {}, visibleText(r.reason))) : null,
      r.text ? pair('Result', hostile(r.text, 300)) : null,
      pair('Called by', hostile(r.agent, 64), el('span', { class: 'muted' }, ' from ', hostile(r.origin, 64))),
      pair('Parameters', el('span', { class: 'mono small' }, hostile(JSON.stringify(r.parameters), 300))),
      pair('Receipt', el('span', { class: 'mono small' }, `${r.seq} · ${visibleText(r.id).slice(0, 16)}… `), copyButton(r.id, 'Copy id')),
      pair('Signature', r.signed ? ['signed; check it with ', el('code', {}, 'devops-agent receipts verify')] : 'follows within moments, or at the next start')),
    guards(r), signals(r));
}

function guards(r) {
  if (!r.evidence.length) return null;
  return el('table', { class: 'rules' }, el('caption', { class: 'off' }, 'What each guard looked at'),
    el('thead', {}, el('tr', {}, ['Guard', 'Looked at', 'Found'].map(t => el('th', { scope: 'col' }, t)))),
    el('tbody', {}, r.evidence.map(e => el('tr', {}, el('th', { scope: 'row' }, visibleText(e.guard).replaceAll('_', ' ')), el('td', {}, visibleText(e.name).replaceAll('_', ' ')), el('td', {}, hostile(e.value, 200))))));
}

function signals(r) {
  return r.signals.map(s => el('p', { class: 'note-warn' }, el('span', { 'aria-hidden': 'true' }, '▲ '), `${visibleText(s.guard)}, ${s.severity}: `, hostile(s.description, 200), s.promoted ? ' (denies, by configuration)' : ''));
}
