import { button, el } from './dom.js';
import { ApiError } from './api.js';

/**
 * A modal with a form. fields: [{name, label, value, type, hint, required}]. submit(values) may throw an ApiError, shown at its field.
 * Esc closes; focus returns to where it was (the dialog element does both).
 */
export function ask({ title, body = [], fields = [], ok = 'OK', danger = false, submit }) {
  return new Promise(resolve => {
    const errors = el('p', { class: 'error', role: 'alert', hidden: true });
    const inputs = new Map();
    const rows = fields.map(f => {
      const input = f.options
        ? el('select', { name: f.name }, f.options.map(([value, label]) => el('option', { value, selected: value === f.value }, label)))
        : el('input', { name: f.name, type: f.type ?? 'text', value: f.value ?? '', placeholder: f.placeholder, required: f.required, maxlength: 500, autocomplete: 'off', spellcheck: 'false' });
      inputs.set(f.name, input);
      return el('label', {}, el('span', {}, f.label), input, f.hint && el('small', {}, f.hint));
    });
    const go = el('button', { type: 'submit', class: danger ? 'danger' : 'primary' }, ok);
    const form = el('form', { novalidate: true }, el('h2', {}, title), body, rows, errors,
      el('div', { class: 'buttons' }, button('Cancel', () => done(null), { class: 'quiet' }), go));
    const dialog = el('dialog', { 'aria-label': title }, form);
    const done = value => { dialog.close(); dialog.remove(); resolve(value); };
    dialog.addEventListener('cancel', e => { e.preventDefault(); done(null); });
    dialog.addEventListener('click', e => { if (e.target === dialog) done(null); });
    form.addEventListener('submit', async e => {
      e.preventDefault();
      const values = Object.fromEntries([...inputs].map(([name, input]) => [name, input.value.trim()]));
      for (const input of inputs.values()) input.removeAttribute('aria-invalid');
      go.disabled = true;
      go.textContent = 'Working…';
      try {
        done((await submit?.(values)) ?? values);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        const input = inputs.get(error.field);
        input?.setAttribute('aria-invalid', 'true');
        input?.focus();
        errors.hidden = false;
        errors.textContent = `${error.message} ${error.whatToDo}`;
        go.disabled = false;
        go.textContent = ok;
      }
    });
    document.body.append(dialog);
    dialog.showModal();
    (inputs.values().next().value ?? go).focus();
  });
}

export const dialogOpen = () => document.querySelector('dialog[open]') !== null;
