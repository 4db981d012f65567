import { el } from './dom.js';
import { count, hostile, num, time, visibleText } from './format.js';

const verdicts = { confirmed: ['▲', 'an attack'], false_positive: ['○', 'a false positive'], unclear: ['?', 'unclear'] };

const ends = {
  stopped_by_turns: 'stopped: too many answers', stopped_by_tokens: 'stopped: too many tokens', stopped_by_time: 'stopped: took too long', stopped_by_cost: 'stopped: cost too much',
  stopped_by_rows: 'stopped: read too many rows', refused: 'would not answer', withheld: 'withheld by a guardrail', provider_down: 'could not be reached', garbled: 'gave no readable answer',
  cut_off: 'broke off', cancelled: 'given up', not_recorded: 'not recorded, so not used',
};

const phases = ['', 'Initial query', 'Analysis', 'Refinement', 'Rates', 'Confirmation'];

const pair = (term, ...value) => el('div', {}, el('dt', {}, term), el('dd', {}, value));

/** What the language model made of it. Every part is labelled as the model's: what it says is no evidence, and decides nothing. */
export function model(detail) {
  const runs = detail.investigations ?? [];
  if (!runs.length) return null;
  return el('section', { class: 'box model', 'aria-label': 'Language model' },
    el('h3', {}, 'What the language model says'),
    el('p', { class: 'muted small' }, 'An opinion. The rules above found this without it, and it can change nothing.'),
    newest(runs[0]),
    runs.length > 1 ? el('details', { class: 'model-older' }, el('summary', {}, `Earlier looks (${runs.length - 1})`), runs.slice(1).map(r => el('p', {}, result(r), ' · ', time(r.started_at)))) : null);
}

function result(run) {
  if (run.end !== 'answered') return el('span', { class: 'muted' }, `The model ${ends[run.end] ?? visibleText(run.end)}. The rules’ result stands.`);
  const [shape, word] = verdicts[run.verdict] ?? ['?', String(run.verdict)];
  return el('span', {}, el('span', { 'aria-hidden': 'true' }, shape + ' '), 'The model takes it for ', el('b', {}, word), `, ${num(run.confidence)} % sure`);
}

function newest(run) {
  return [
    el('p', { class: 'what' }, result(run), el('span', { class: 'muted' }, ' · ', hostile(run.model, 60), ' · ', time(run.started_at))),
    run.end_text ? el('p', { class: 'muted' }, hostile(run.end_text, 300)) : null,
    run.disagreement ? el('p', { class: 'note-warn' }, el('span', { 'aria-hidden': 'true' }, '▲ '), 'The model and the rules disagree. ', hostile(run.disagreement, 300)) : null,
    run.summary ? el('blockquote', { class: 'model-says' }, hostile(run.summary, 800)) : null,
    el('dl', { class: 'pairs' },
      run.evidence.length ? pair('It cites', el('ul', { class: 'cites' }, run.evidence.map(c => el('li', {}, el('code', {}, visibleText(c.id)), c.holds ? ' ' : ' does not count: ', hostile(c.text, 120))))) : null,
      run.proposed_action?.kind === 'block' ? pair('It would', 'deny ', el('span', { class: 'mono' }, run.proposed_action.ranges.join(' ')), ' (nothing was done for that)') : null,
      run.corrections.length ? pair('Corrected', el('ul', { class: 'cites' }, run.corrections.map(c => el('li', {}, hostile(c, 200))))) : null,
      run.guardrails.length ? pair('Guardrails', hostile(run.guardrails.join('; '), 200)) : null,
      pair('Used', `${count(run.turns, 'answer')}, ${num(run.tokens_in)} tokens in, ${num(run.tokens_out)} out, ${count(run.rows, 'row')}`)),
    run.steps.length ? el('details', { class: 'model-steps' }, el('summary', {}, `Steps and queries of the model (${run.steps.length})`), el('ol', {}, run.steps.map(step))) : null,
  ];
}

function step(s) {
  const who = s.by === 'program' ? 'program' : 'model';
  const head = [s.phase ? el('span', { class: 'muted' }, `${s.phase} ${phases[s.phase]} · `) : null, el('b', {}, who), ' '];
  if (s.kind !== 'called') return el('li', {}, head, { said: 'says: ', thought: 'thinks: ', note: 'notes: ' }[s.kind] ?? '', hostile(s.text, 400));
  return el('li', {}, head, 'asks ', el('code', {}, visibleText(s.tool)), s.cite ? [' as ', el('code', {}, visibleText(s.cite))] : null, ` · ${visibleText(s.decision)}`,
    s.parameters ? el('pre', { class: 'model-query', tabindex: '0', 'aria-label': 'Query' }, pretty(s.parameters).split('\n').map(visibleText).join('\n')) : null,
    el('p', { class: 'small' }, hostile(s.text, 300)));
}

/** The query inside the parameters, readable; whatever can't be read stays as it is. */
function pretty(parameters) {
  try {
    const read = JSON.parse(parameters);
    return typeof read.query === 'string' ? JSON.stringify(JSON.parse(read.query), null, 1) : JSON.stringify(read);
  } catch {
    return parameters;
  }
}
