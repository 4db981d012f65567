// The live connection. It closes while the tab is hidden: a browser allows few connections to one host.

const handlers = new Map();
let source = null;
// At the first connection too: what changed between the first load and it would be missed else.
let lost = true;

/** Names: incident, blocks, status, reload, and of our own: state ('live', 'lost'). */
export function on(name, handler) {
  if (!handlers.has(name)) handlers.set(name, []);
  handlers.get(name).push(handler);
}

function emit(name, data) {
  for (const handler of handlers.get(name) ?? []) handler(data);
}

function open() {
  if (source) return;
  source = new EventSource('/api/events');
  source.addEventListener('open', () => {
    emit('state', 'live');
    if (lost) emit('reload', {});
    lost = false;
  });
  source.addEventListener('error', () => {
    lost = true;
    emit('state', 'lost');
    // A refusal ends an EventSource for good: begin again ourselves.
    if (source.readyState === EventSource.CLOSED) {
      source = null;
      setTimeout(open, 3000);
    }
  });
  for (const name of ['incident', 'blocks', 'status', 'reload']) {
    source.addEventListener(name, e => emit(name, JSON.parse(e.data)));
  }
}

export function connect() {
  open();
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) {
      source?.close();
      source = null;
      lost = true;
    } else {
      open();
    }
  });
}
