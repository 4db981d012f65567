// The only way elements are made here: text always goes in as text, so nothing from a log becomes markup.

/** el('div', {class: 'a', onclick: f, 'aria-label': 'x'}, child, 'text', [more]) */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name === 'class') node.className = value;
    else if (name === 'value' || name === 'checked' || name === 'open' || name === 'disabled') node[name] = value;
    else node.setAttribute(name, value === true ? '' : value);
  }
  add(node, children);
  return node;
}

export function svg(tag, props = {}, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(props)) node.setAttribute(name, value);
  add(node, children);
  return node;
}

function add(node, children) {
  for (const child of children.flat(4)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child);
  }
}

export const $ = (selector, root = document) => root.querySelector(selector);

export function replace(node, ...children) {
  node.replaceChildren();
  add(node, children);
  return node;
}

/** Sets text only where it differs: a screen reader isn't told again, a selection isn't lost. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function button(label, onclick, props = {}) {
  return el('button', { type: 'button', onclick, ...props }, label);
}

/** A button with the key that does the same, shown small. */
export function keyButton(label, key, onclick, props = {}) {
  return el('button', { type: 'button', onclick, 'aria-keyshortcuts': key, ...props }, label, el('kbd', { 'aria-hidden': 'true' }, key));
}

export async function copy(text, from) {
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = el('textarea', { class: 'off', 'aria-hidden': 'true' });
    area.value = text;
    document.body.append(area);
    area.select();
    done = document.execCommand('copy');
    area.remove();
  }
  if (from) {
    const before = from.textContent;
    from.textContent = done ? 'Copied' : 'Select and copy by hand';
    setTimeout(() => { from.textContent = before; }, 1500);
  }
}

export const copyButton = (text, label = 'Copy') =>
  el('button', { type: 'button', class: 'quiet small', onclick: e => copy(typeof text === 'function' ? text() : text, e.currentTarget) }, label);

/** A table as tab-separated text, as seen, with exact times. */
export function tableText(table) {
  return [...table.rows].map(row => [...row.cells].filter(c => !c.classList.contains('no-copy'))
    .map(c => c.querySelector('time')?.dateTime || c.textContent.trim().replace(/\s+/g, ' ')).join('\t')).join('\n');
}
