import { $, replace } from './dom.js';
import { AllowlistView } from './allowlist.js';
import { BehaviourView } from './behaviour.js';
import { BlocksView } from './blocks.js';
import { HealthView } from './health.js';
import { IncidentsView } from './incidents.js';
import { connect, on } from './events.js';
import { showHelp, startKeys } from './keys.js';
import { startHeader } from './header.js';
import { tick } from './format.js';

const views = { incidents: new IncidentsView(), blocks: new BlocksView(), allowlist: new AllowlistView(), health: new HealthView(), behaviour: new BehaviourView() };
let current = null;

function route() {
  const [, name = 'incidents', id] = location.hash.split('/');
  const view = views[name] ?? views.incidents;
  if (view !== current) {
    current = view;
    view.reload();
    replace($('#main'), view.node);
    for (const link of document.querySelectorAll('.tabs a')) {
      if (views[link.dataset.view] === view) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
  }
  view.open(/^\d+$/.test(id ?? '') ? Number(id) : null);
}

startHeader();
startKeys(() => current);
$('#help').addEventListener('click', showHelp);
for (const name of ['incident', 'blocks', 'status']) on(name, data => current?.[name]?.(data));
on('reload', () => current?.reload());
addEventListener('hashchange', route);
setInterval(tick, 1000);
setInterval(() => {
  if (document.hidden) return;
  views.incidents.stats();
  if (current === views.health || current === views.behaviour) current.load();
}, 10000);
route();
connect();
