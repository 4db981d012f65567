import { copyButton, el } from './dom.js';
import { count, duration, hostile, num, severity, time, visibleText } from './format.js';

/** Evidence of the runtime guard: what a process did against its policy, where it stands among others, what was done about it. */
export function violations(detail) {
  const e = detail.evidence, p = e.process;
  return [acts(p), el('section', { class: 'evidence', 'aria-label': 'Evidence' }, el('h3', {}, 'What it did'), facts(e, p), kinds(p)), tree(p)];
}

const pair = (term, ...value) => el('div', {}, el('dt', {}, term), el('dd', {}, value));

function facts(e, p) {
  const seconds = (Date.parse(e.last_seen) - Date.parse(e.first_seen)) / 1000;
  return el('dl', { class: 'facts' }, pair('Violations', num(e.matched)), pair('Ways', num(p.violations.length)), pair('Mode', p.mode), pair('Seen by', hostile(p.backend, 30)),
    seconds >= 1 ? pair('Over', duration(seconds)) : null, pair('First seen', time(e.first_seen)), pair('Last seen', time(e.last_seen)));
}

const actions = { alerted: ['○', 'seen, not stopped'], blocked: ['■', 'blocked'], killed: ['✕', 'killed'], logged: ['○', 'recorded'] };

function kinds(p) {
  return el('div', {}, el('ol', { class: 'violations' }, p.violations.map(v => {
    const [shape, word] = actions[v.action] ?? ['·', v.action];
    return el('li', {}, severity(v.severity.toLowerCase()),
      el('div', { class: 'did' }, hostile(v.detail, 300), el('p', { class: 'muted' },
        v.rule ? ['denied by ', el('code', {}, hostile(v.rule, 120)), v.line ? `, line ${num(v.line)} of the policy` : ''] : 'nothing in the policy allows it',
        v.pid ? ` · process ${v.pid}` : '', ' · ', time(v.last_seen), v.method ? [' · ', hostile(v.method, 120)] : null)),
      el('b', { class: 'n' }, num(v.count), '×'),
      el('span', { class: `act act-${v.action}` }, el('span', { 'aria-hidden': 'true' }, shape + ' '), word));
  })),
  p.others ? el('p', { class: 'note-warn' }, el('span', { 'aria-hidden': 'true' }, '▲ '), `${count(p.others, 'violation')} more: too many at once to list them one by one.`) : null,
  copyButton(() => p.violations.map(v => [v.count, v.severity, v.action, v.detail, v.rule ?? '', v.line, v.pid, v.first_seen, v.last_seen].map(visibleText).join('\t')).join('\n'), 'Copy rows'));
}

/** Ancestors from the top down, then the one that did it, then its children. */
function tree(p) {
  if (!p.tree.length) return el('section', { 'aria-label': 'Process tree' }, el('h3', {}, 'Process tree'), el('p', { class: 'muted' }, 'The process was gone before it could be looked at.'));
  let depth = 0;
  const lines = p.tree.map(node => [node.role === 'child' ? depth : depth++, node]);
  return el('section', { 'aria-label': 'Process tree' }, el('h3', {}, 'Process tree'),
    el('ol', { class: 'tree' }, lines.map(([level, node]) => {
      const item = el('li', { class: `node node-${node.role}` }, el('span', { class: 'pid' }, String(node.pid)), hostile(node.exe || '(not to be seen)', 200),
        node.uid >= 0 ? el('span', { class: 'muted uid' }, node.uid === 0 ? 'root' : `uid ${node.uid}`) : null, node.role === 'violator' ? el('b', { class: 'culprit' }, '◂ did it') : null);
      item.style.setProperty('--level', level);
      return item;
    })),
    copyButton(() => lines.map(([level, node]) => `${'  '.repeat(level)}${node.pid} ${visibleText(node.exe)}${node.uid >= 0 ? ` uid ${node.uid}` : ''}${node.role === 'violator' ? ' <- did it' : ''}`).join('\n'), 'Copy tree'));
}

const verbs = { kill_process: 'Kill the process', isolate_network: 'Take its network', increment_circuit_breaker: 'Count for the breaker' };

function acts(p) {
  const outcome = p.violations.every(v => v.action === 'blocked') ? 'Each of these calls failed: the kernel refused it.'
    : p.violations.some(v => v.action === 'killed') ? 'The process was killed; what it did just before may have happened.'
    : p.mode === 'enforce' ? 'The guard could see it and not prevent it.' : 'Mode alert: it is told, and nothing is stopped.';
  return el('section', { class: 'box outcome', 'aria-label': 'What the guard did' }, el('h3', {}, 'What the guard did'), el('p', {}, outcome),
    p.acts.length ? el('ul', { class: 'acts' }, [...p.acts].reverse().map(a => el('li', {},
      el('span', { class: `done done-${a.done}` }, el('span', { 'aria-hidden': 'true' }, a.done ? '✓ ' : '✕ '), a.done ? 'done' : 'not done'),
      el('div', {}, el('b', {}, verbs[a.action] ?? a.action), ' ', hostile(a.text, 300),
        el('p', { class: 'muted' }, time(a.at), a.receipt ? ` · receipt ${num(a.receipt)} of the guard` : ''))))) : null);
}
