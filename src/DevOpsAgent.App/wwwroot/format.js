import { el } from './dom.js';

let skew = 0;

/** The server's clock, so that times left are right on a machine whose clock is not. */
export const now = () => Date.now() + skew;
export function setServerTime(iso) { skew = Date.parse(iso) - Date.now(); }

const plural = new Intl.NumberFormat('en-US');
export const num = n => plural.format(n);
export const count = (n, one, many = one + 's') => `${num(n)} ${n === 1 ? one : many}`;

export function duration(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return s < 600 && s % 60 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${Math.floor(s / 60)} min`;
  if (s < 86400) return s % 3600 >= 60 ? `${Math.floor(s / 3600)} h ${Math.floor(s % 3600 / 60)} min` : `${Math.floor(s / 3600)} h`;
  return s % 86400 >= 3600 ? `${Math.floor(s / 86400)} d ${Math.floor(s % 86400 / 3600)} h` : `${Math.floor(s / 86400)} d`;
}

export function bytes(n) {
  if (n < 1024) return `${n} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let i = -1;
  do { n /= 1024; i++; } while (n >= 1024 && i < units.length - 1);
  return `${n < 10 ? n.toFixed(1) : Math.round(n)} ${units[i]}`;
}

export const utc = iso => new Date(iso).toISOString().replace('T', ' ').replace(/\.\d+Z$/, ' UTC').replace(/Z$/, ' UTC');

/** Short for rows: "12 s", "4 min", "3 h", "2 d". */
export function shortAgo(iso) {
  const s = Math.max(0, (now() - Date.parse(iso)) / 1000);
  if (s < 5) return 'now';
  if (s < 60) return `${Math.floor(s)} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86400) return `${Math.floor(s / 3600)} h`;
  return `${Math.floor(s / 86400)} d`;
}

const words = {
  short: iso => shortAgo(iso),
  ago: iso => shortAgo(iso) === 'now' ? 'just now' : `${shortAgo(iso)} ago`,
  left: iso => Date.parse(iso) > now() ? `${duration((Date.parse(iso) - now()) / 1000)} left` : 'over',
};

/** A time that keeps itself current; the exact UTC time is on hover, and what copies take. */
export function time(iso, kind = 'ago') {
  return el('time', { datetime: iso, title: utc(iso), 'data-kind': kind }, words[kind](iso));
}

export function tick(root = document) {
  for (const node of root.querySelectorAll('time[data-kind]')) {
    const text = words[node.dataset.kind](node.dateTime);
    if (node.textContent !== text) node.textContent = text;
  }
}

// Control characters, bidi overrides and invisible ones: they could reorder or hide what an operator reads.
const unseen = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202f\u205f-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\uffff]|[\u{e0000}-\u{e0fff}]/gu;

/** Text from a log: what can't be seen is shown by its code; long text is cut with a way to see all. */
export function hostile(text, max = 0) {
  const span = el('span', { class: 'raw', dir: 'ltr' });
  const full = String(text ?? '');
  const cut = max && full.length > max + 40;
  fill(span, cut ? full.slice(0, max) : full);
  if (cut) {
    const more = el('button', { type: 'button', class: 'quiet small more' }, `… all ${num(full.length)} characters`);
    more.addEventListener('click', e => { e.stopPropagation(); span.replaceChildren(); fill(span, full); });
    span.append(more);
  }
  return span;
}

function fill(span, text) {
  let from = 0;
  for (const match of text.matchAll(unseen)) {
    if (match.index > from) span.append(text.slice(from, match.index));
    const code = match[0].codePointAt(0).toString(16).toUpperCase().padStart(4, '0');
    span.append(el('span', { class: 'unseen', title: 'an invisible character' }, `U+${code}`));
    from = match.index + match[0].length;
  }
  if (from < text.length) span.append(text.slice(from));
}

export const visibleText = text => String(text ?? '').replace(unseen, c => `⟨U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`);

const severities = { critical: ['◆', 'CRIT'], high: ['▲', 'HIGH'], medium: ['●', 'MED'], low: ['○', 'LOW'] };
export const severityRank = s => ['low', 'medium', 'high', 'critical'].indexOf(s);

export function severity(name) {
  const [shape, short] = severities[name] ?? ['·', String(name)];
  return el('span', { class: `sev sev-${name}`, title: `severity ${name}` }, el('span', { 'aria-hidden': 'true' }, shape + ' '), short);
}

const statusWords = {
  open: 'open', recommended: 'waiting for approval', approved: 'approved, being written', blocked: 'blocked', rejected: 'rejected',
  allowed: 'allowlisted', expired: 'block expired', failed: 'block failed',
};
const statusShape = { open: '○', recommended: '◔', approved: '◑', blocked: '■', rejected: '✕', allowed: '✓', expired: '◌', failed: '!' };
export const waiting = s => s === 'open' || s === 'recommended' || s === 'failed';

/** Of a process that the guard saw nothing is blocked or expires: it is closed by a person, or by time. */
const processWords = { open: 'to be looked at', rejected: 'closed', expired: 'closed after a week' };

export function status(name, ofProcess) {
  return el('span', { class: `status status-${name}` }, el('span', { 'aria-hidden': 'true' }, (statusShape[name] ?? '·') + ' '), (ofProcess && processWords[name]) || (statusWords[name] ?? name));
}

export const threat = name => String(name).replaceAll('-', ' ');
export const subject = i => i.is_campaign ? `campaign of ${num(i.clients.length)}` : i.ip_address;
