// Every call to the agent. A failure is an ApiError with a title, a detail and what to do.

export class ApiError extends Error {
  constructor(problem) {
    super(problem.detail ?? problem.title);
    this.title = problem.title;
    this.whatToDo = problem.what_to_do ?? '';
    this.status = problem.status ?? 0;
    this.field = problem.field ?? null;
  }
}

async function call(method, path, body, type = 'application/json') {
  const headers = { Accept: 'application/json' };
  if (method !== 'GET') headers['X-Devops-Agent'] = '1';
  if (body !== undefined) headers['Content-Type'] = type;
  let response;
  try {
    response = await fetch(path, { method, headers, body: body === undefined ? undefined : type === 'application/json' ? JSON.stringify(body) : body, cache: 'no-store' });
  } catch {
    throw new ApiError({ title: 'The agent does not answer', detail: 'No connection to the agent.', what_to_do: 'The page tries again by itself. Is the service running?' });
  }
  if (response.ok) return response.json();
  let problem = { title: `Status ${response.status}`, detail: `The agent answered ${response.status}.`, status: response.status };
  try { problem = await response.json(); } catch { /* not ours: a proxy's page */ }
  throw new ApiError(problem);
}

export const query = params => {
  const used = Object.entries(params).filter(([, v]) => v !== null && v !== undefined && v !== '');
  return used.length ? '?' + new URLSearchParams(used) : '';
};

export const operator = {
  get name() { try { return localStorage.getItem('operator') || null; } catch { return null; } },
  set name(value) { try { value ? localStorage.setItem('operator', value) : localStorage.removeItem('operator'); } catch { /* storage is off */ } },
};
const by = () => operator.name ?? undefined;

export const api = {
  incidents: params => call('GET', '/api/incidents' + query(params)),
  incident: id => call('GET', `/api/incidents/${id}`),
  receipts: id => call('GET', `/api/incidents/${id}/receipts` + query({ limit: 20 })),
  decide: (id, action, version) => call('POST', `/api/incidents/${id}/${action}`, { by: by(), version }),
  bulk: (ids, action, dryRun, versions) => call('POST', '/api/incidents/bulk', { ids, versions, action, by: by(), dry_run: dryRun }),
  blocks: params => call('GET', '/api/blocks' + query(params)),
  addBlock: body => call('POST', '/api/blocks', { ...body, by: by() }),
  removeBlock: id => call('DELETE', `/api/blocks/${id}` + query({ by: by() })),
  allowlist: () => call('GET', '/api/allowlist'),
  addAllowed: body => call('POST', '/api/allowlist', { ...body, by: by() }),
  changeAllowed: (id, body) => call('PUT', `/api/allowlist/${id}`, { ...body, by: by() }),
  removeAllowed: id => call('DELETE', `/api/allowlist/${id}` + query({ by: by() })),
  importAllowed: csv => call('POST', '/api/allowlist/import' + query({ by: by() }), csv, 'text/csv'),
  checkAllowed: ip => call('GET', '/api/allowlist/check' + query({ ip })),
  behaviour: () => call('GET', '/api/behaviour'),
  stats: () => call('GET', '/api/stats'),
  status: () => call('GET', '/api/status'),
  setMode: mode => call('PUT', '/api/mode', { mode, by: by() }),
};
