import { button, el } from './dom.js';
import { dialogOpen } from './dialog.js';
import { undoLatest } from './toast.js';
import { switchTheme } from './header.js';

const help = [
  ['Move', [['j ↓', 'next incident'], ['k ↑', 'previous incident'], ['[ ]', 'previous, next page'], ['Esc', 'back, clear the selection']]],
  ['Decide', [['a', 'approve (the selection, if any)'], ['r', 'reject'], ['w', 'add to the allowlist'], ['u', 'undo, while it is offered'], ['x', 'select or not']]],
  ['Find', [['/', 'search'], ['n', 'show new ones'], ['1 2 3 4 5', 'Incidents, Blocks, Allowlist, Health, Behaviour'], ['b', 'add a block or entry'], ['t', 'light or dark'], ['?', 'this list']]],
];

/** One listener for all keys. Keys act only while nothing is typed into and no dialog is open. */
export function startKeys(view) {
  document.addEventListener('keydown', e => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented || dialogOpen()) return;
    const target = e.target;
    if (target.matches('input:not([type=checkbox]), select, textarea')) return;
    if ((e.key === 'ArrowDown' || e.key === 'ArrowUp') && target.closest('.detail, pre')) return;
    const tabs = ['incidents', 'blocks', 'allowlist', 'health', 'behaviour'];
    let used = true;
    if (e.key === '?') showHelp();
    else if (e.key === 'u') undoLatest();
    else if (e.key === 't') switchTheme();
    else if (e.key >= '1' && e.key <= '5') location.hash = `#/${tabs[e.key - 1]}`;
    else used = view().key?.(e.key) ?? false;
    if (used) e.preventDefault();
  });
}

export function showHelp() {
  const dialog = el('dialog', { class: 'help', 'aria-label': 'Keys' }, el('h2', {}, 'Keys'),
    el('div', { class: 'help-grid' }, help.map(([title, keys]) => el('section', {}, el('h3', {}, title), el('dl', {}, keys.map(([key, text]) => el('div', {}, el('dt', {}, key.split(' ').map(k => el('kbd', {}, k))), el('dd', {}, text))))))),
    el('p', { class: 'muted' }, 'Decisions about blocks can be taken back at any time, in the incident or under Blocks.'), el('div', { class: 'buttons' }, button('Close', () => close(), { class: 'primary' })));
  const close = () => { dialog.close(); dialog.remove(); };
  dialog.addEventListener('cancel', e => { e.preventDefault(); close(); });
  dialog.addEventListener('click', e => { if (e.target === dialog) close(); });
  document.body.append(dialog);
  dialog.showModal();
}
