import { copy, copyButton, el } from './dom.js';
import { count, duration, hostile, num, severity, status, subject, threat, time, visibleText } from './format.js';
import { tops } from './chart.js';

/** The evidence: rules and what they counted, then what was asked for, then the raw lines. */
export function evidence(detail) {
  const e = detail.evidence;
  return el('section', { class: 'evidence', 'aria-label': 'Evidence' }, el('h3', {}, 'Evidence'), facts(e), caution(e), rules(e.rules), el('div', { class: 'tops-grid' },
    tops('Paths', e.paths, i => [hostile(i.value, 160), i.status ? el('span', { class: 'muted code' }, ` ${i.status}`) : null]),
    tops('User agents', e.agents, i => hostile(i.value || '(none)', 160)),
    tops('Answers', e.statuses, i => hostile(i.value, 40)),
    tops('Hosts', e.hosts, i => hostile(i.value || '(none)', 120)),
    tops('Entry points', e.entry_points, i => hostile(i.value, 60))), samples(e));
}

function facts(e) {
  const seconds = (Date.parse(e.last_seen) - Date.parse(e.first_seen)) / 1000;
  const pair = (term, ...value) => el('div', {}, el('dt', {}, term), el('dd', {}, value));
  return el('dl', { class: 'facts' },
    pair('Requests', num(e.requests)), pair('Suspicious', num(e.matched)), pair('Distinct paths', `${num(e.distinct_paths)}${e.distinct_paths >= 1000 ? '+' : ''}`),
    pair('Over', duration(seconds)), pair('First seen', time(e.first_seen)), pair('Last seen', time(e.last_seen)));
}

function caution(e) {
  const notes = [];
  if (e.forgeable) notes.push('All of this evidence is CLF, which any client can forge line by line. Check the raw lines before you approve, and log JSON.');
  if (e.suspect_lines > 0) notes.push(`${count(e.suspect_lines, 'line')} out of step in Traefik’s request counter: possibly forged.`);
  if (e.forwarded_lines > 0) notes.push(`${count(e.forwarded_lines, 'line')} name the client by X-Forwarded-For through a trusted proxy.`);
  return notes.map(n => el('p', { class: 'note-warn' }, el('span', { 'aria-hidden': 'true' }, '▲ '), n));
}

const within = span => {
  const m = /^(?:(\d+)\.)?(\d+):(\d+):(\d+)/.exec(span ?? '');
  return m ? duration((Number(m[1] ?? 0) * 24 + Number(m[2])) * 3600 + Number(m[3]) * 60 + Number(m[4])) : '';
};
const value = (what, n) => /ratio|share/.test(what) ? `${Math.round(n * 100)} %` : num(Math.round(n * 100) / 100);

function rules(list) {
  if (!list.length) return null;
  return el('table', { class: 'rules' }, el('caption', { class: 'off' }, 'Rules and what they counted'),
    el('thead', {}, el('tr', {}, ['Rule', 'Fired', 'Counted'].map(t => el('th', { scope: 'col' }, t)))),
    el('tbody', {}, list.map(r => el('tr', {},
      el('th', { scope: 'row' }, hostile(r.title, 80), el('br'), el('code', { class: 'muted' }, r.rule_id)),
      el('td', {}, r.fired ? [el('span', { class: 'fired' }, '● fired'), el('br'), el('span', { class: 'muted' }, `at request ${num(r.fired_at_request)}`)] : el('span', { class: 'muted' }, '○ not yet')),
      el('td', {}, r.conditions.map(c => el('div', { class: 'condition' }, el('b', { class: 'n' }, value(c.what, c.value)), ` of ${value(c.what, c.at_least)} `, el('span', { class: 'muted' }, `${c.what.replaceAll('_', ' ')}${within(c.within) ? ` within ${within(c.within)}` : ''}`))))))));
}

function samples(e) {
  if (!e.samples.length) return null;
  return el('details', { class: 'samples' }, el('summary', {}, `Raw lines (${e.samples.length})`),
    el('p', { class: 'muted' }, 'As logged, oldest first. Characters that can’t be seen are shown by their code.'),
    el('ol', {}, e.samples.map(line => el('li', {}, hostile(line, 400)))), copyButton(() => e.samples.map(visibleText).join('\n'), 'Copy lines'));
}

export function history(detail) {
  const table = el('table', { class: 'history' }, el('caption', { class: 'off' }, 'History'),
    el('tbody', {}, [...detail.history].reverse().map(h => el('tr', {}, el('td', {}, time(h.at)), el('td', {}, status(h.to)), el('td', {}, hostile(h.by, 64)), el('td', { class: 'muted' }, hostile(h.origin, 64)), el('td', {}, h.note ? hostile(h.note, 200) : '')))));
  return el('section', { 'aria-label': 'History' }, el('h3', {}, 'History'), table,
    el('button', { type: 'button', class: 'quiet small', onclick: ev => copy(detail.history.map(h => [h.at, h.to, h.by, h.origin, h.note ?? ''].map(visibleText).join('\t')).join('\n'), ev.currentTarget) }, 'Copy'));
}

export function similar(detail) {
  if (!detail.similar.length) return null;
  return el('section', { class: 'similar', 'aria-label': 'Similar' }, el('h3', {}, `Similar (${detail.similar.length})`), el('ul', {}, detail.similar.map(s =>
    el('li', {}, severity(s.severity), ' ', el('a', { href: `#/incidents/${s.id}` }, s.ip_address), ' ', threat(s.threat_type), ' · ', status(s.status), el('span', { class: 'muted' }, ` · ${s.why}`)))));
}

export function clients(incident) {
  if (!incident.is_campaign) return null;
  return el('details', { class: 'clients' }, el('summary', {}, `${num(incident.clients.length)} clients of the ${subject(incident)}`), el('p', { class: 'mono' }, incident.clients.join(' ')), copyButton(() => incident.clients.join('\n')));
}
