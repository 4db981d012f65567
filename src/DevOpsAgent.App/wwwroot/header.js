import { $, el, replace, setText } from './dom.js';
import { api } from './api.js';
import { ask } from './dialog.js';
import { bytes, duration, now, num, setServerTime, visibleText } from './format.js';
import { on } from './events.js';
import { toast } from './toast.js';

let state = null;
let live = 'connecting';
const words = { auto: 'blocks at once', review: 'a person approves', disabled: 'records only' };

export const currentMode = () => state?.mode ?? 'review';

export function startHeader() {
  on('status', show);
  on('state', s => { live = s; draw(); });
  on('blocks', pulse => { setText($('#count-blocks'), num(pulse.live_blocks)); });
  $('#theme').addEventListener('click', switchTheme);
  drawTheme();
  draw();
}

export function show(status) {
  state = status;
  setServerTime(status.at);
  setText($('#count-blocks'), num(status.live_blocks));
  draw();
}

export function showStats(stats) {
  setServerTime(stats.at);
  setText($('#count-waiting'), num(stats.waiting));
  $('#count-waiting').title = `${stats.waiting} wait for a decision`;
  setText($('#count-blocks'), num(stats.live_blocks));
}

function chip(text, kind, title) {
  const shape = { good: '●', warn: '▲', bad: '✕', none: '○' }[kind];
  return el('span', { class: `chip chip-${kind}${/^(live|lag)/.test(text) ? ` chip-${text.split(' ')[0]}` : ''}`, title }, el('span', { 'aria-hidden': 'true' }, shape), ' ', text);
}

function draw() {
  const chips = $('#chips');
  if (!state) {
    replace(chips, chip(live === 'lost' ? 'no connection' : 'connecting', live === 'lost' ? 'bad' : 'none'));
    return;
  }
  const sources = state.sources, up = sources.filter(s => s.state === 'following' || s.state === 'ended').length;
  const worst = sources.length === 0 ? 'none' : up === 0 ? 'bad' : up < sources.length ? 'warn' : 'good';
  const target = state.target;
  const mode = chips.querySelector('button.mode') ?? el('button', { type: 'button', class: 'mode', onclick: chooseMode, 'aria-haspopup': 'dialog' });
  mode.className = `mode mode-${state.mode}`;
  mode.title = `${words[state.mode]}; press to change`;
  replace(mode, `mode: ${state.mode} `, el('span', { 'aria-hidden': 'true' }, '▾'));
  const hadFocus = document.activeElement === mode;
  replace(chips,
    mode,
    live === 'live' ? chip('live', 'good', 'Changes are shown as they happen') : chip(live === 'lost' ? 'reconnecting' : 'connecting', live === 'lost' ? 'bad' : 'none'),
    chip(sources.length ? `sources ${up} of ${sources.length}` : 'no sources', worst, sources.map(s => `${visibleText(s.name)}: ${s.message ?? s.state}`).join('\n')),
    chip(`lag ${bytes(state.lag_bytes)}`, state.lag_bytes > 16 << 20 ? 'warn' : 'good', 'Bytes of the logs not read yet'),
    chip(target.configured ? 'target' : 'no target', !target.configured ? 'none' : !target.reachable ? 'bad' : target.drift ? 'warn' : 'good', [target.description, target.drift].filter(Boolean).join('\n')));
  if (hadFocus) mode.focus();
  banners();
}

function banners() {
  const list = [];
  if (live === 'lost') list.push(['bad', 'No connection to the agent. What you see is as of the last answer; the page tries again by itself.']);
  if (!state.store_healthy) list.push(['bad', `The store can’t be written, so nothing is blocked meanwhile: ${state.store_message ?? ''}`]);
  if (state.cap_reached) list.push(['warn', state.cap_reached]);
  if (state.target.configured && !state.target.reachable) list.push(['bad', `${state.target.description} can’t be reached. ${state.target.drift ?? ''}`]);
  else if (state.target.drift) list.push(['warn', `${state.target.description}: ${state.target.drift}`]);
  for (const s of state.sources.filter(s => s.state === 'error')) list.push(['warn', `Source ${visibleText(s.name)}: ${s.message ?? 'can’t be read'}`]);
  if (!state.target.configured) list.push(['note', 'No target is set: blocks are recorded and shown (Blocks › Export), not written. Set blocking.directory or blocking.kubernetes.way.']);
  const signature = JSON.stringify(list);
  const box = $('#banners');
  if (box.dataset.signature === signature) return;
  box.dataset.signature = signature;
  replace(box, list.map(([kind, text]) => el('p', { class: `banner banner-${kind}` }, el('span', { 'aria-hidden': 'true' }, { bad: '✕ ', warn: '▲ ', note: 'ℹ ' }[kind]), text)));
}

async function chooseMode() {
  const choice = { value: state.mode };
  const body = el('fieldset', { class: 'choices' }, el('legend', {}, 'How does the agent act?'),
    [['review', 'A person approves each block.'], ['auto', 'Blocks that all checks permit are made at once, within the caps. The rest waits for a person.'], ['disabled', 'Reads and records. Blocks in force end at their time; no new ones are made.']].map(([mode, text]) =>
      el('label', {}, el('input', { type: 'radio', name: 'mode', value: mode, checked: mode === state.mode, onchange: () => { choice.value = mode; } }),
        el('span', {}, el('b', {}, mode), mode === state.mode ? ' (now)' : '', el('br'), el('span', { class: 'muted' }, text)))));
  await ask({
    title: 'Operating mode', body, ok: 'Change mode',
    submit: async () => {
      const before = state.mode;
      if (choice.value === before) return true;
      await api.setMode(choice.value);
      state = { ...state, mode: choice.value };
      draw();
      toast(`Mode is ${choice.value} now: ${words[choice.value]}.`, { undo: async () => { await api.setMode(before); state = { ...state, mode: before }; draw(); } });
      return true;
    },
  });
}

function drawTheme() {
  const dark = isDark();
  setText($('#theme'), dark ? '☀' : '☾');
}

const isDark = () => document.documentElement.dataset.theme === 'dark' || (!document.documentElement.dataset.theme && matchMedia('(prefers-color-scheme: dark)').matches);

export function switchTheme() {
  const next = isDark() ? 'light' : 'dark';
  document.documentElement.dataset.theme = next;
  try { localStorage.setItem('theme', next); } catch { /* storage is off: it lasts until the page is closed */ }
  drawTheme();
}

export const uptime = status => duration((now() - Date.parse(status.started_at)) / 1000);
