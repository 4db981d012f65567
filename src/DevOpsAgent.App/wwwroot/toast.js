import { $, button, el } from './dom.js';

/** A message below. With undo: a button and the key u, for ten seconds. */
let latestUndo = null;

export function toast(text, { kind = 'info', undo = null, seconds = undo ? 10 : kind === 'error' ? 12 : 5 } = {}) {
  const node = el('div', { class: `toast toast-${kind}`, role: kind === 'error' ? 'alert' : null });
  const close = () => {
    clearTimeout(timer);
    node.remove();
    if (latestUndo === run) latestUndo = null;
  };
  const run = undo && (() => { close(); undo(); });
  node.append(el('span', {}, text));
  if (run) {
    latestUndo = run;
    for (const key of document.querySelectorAll('.toast kbd')) key.remove();
    node.append(el('button', { type: 'button', class: 'small', onclick: run }, 'Undo', el('kbd', { 'aria-hidden': 'true' }, 'u')), el('span', { class: 'fuse', 'aria-hidden': 'true' }));
  }
  node.append(button('×', close, { class: 'quiet icon', 'aria-label': 'Dismiss' }));
  const timer = setTimeout(close, seconds * 1000);
  const all = $('#toasts');
  all.append(node);
  while (all.children.length > 3) all.firstChild.remove();
}

export function undoLatest() { latestUndo?.(); }

export function report(error) {
  toast([error.title, error.message, error.whatToDo].filter(Boolean).join(' — '), { kind: 'error' });
}
