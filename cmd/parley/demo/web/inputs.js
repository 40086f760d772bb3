// The inputs of Block Kit, in modals and in messages.
import { h } from './dom.js';
import { names, textObject, withEmoji } from './mrkdwn.js';

let serial = 0;

// input shows an input block, or with type "bare" only its element. In a modal the value
// is kept in on.values under "block_id/action_id" as a list of strings; on.before has what was
// typed before the view was updated.
export function input(b, on) {
  const e = b.element, ref = `${b.block_id}/${e.action_id}`, id = `in${++serial}`;
  const bare = b.type === 'bare';
  const ctx = { e, ref, id, on, label: b.label?.text || e.placeholder?.text || 'Value', hint: `${id}-hint`,
    set: (values) => {
      if (on.values) on.values[ref] = values;
      if (bare || b.dispatch_action) on.click(ref, values);
    } };
  if (on.values && !(ref in on.values)) on.values[ref] = on.before?.[ref] ?? initial(e);
  const group = ['checkboxes', 'radio_buttons'].includes(e.type) || isMulti(e.type);
  const control = make(ctx);
  if (bare) return control;
  const label = [textObject(b.label), b.optional && h('small', { class: 'muted' }, ' (optional)')];
  return h('div', { class: 'field', dataset: { block: b.block_id } },
    group ? h('fieldset', { 'aria-describedby': ctx.hint }, h('legend', {}, label), control) : [h('label', { for: id }, label), control],
    b.hint && h('p', { class: 'hint' }, textObject(b.hint)),
    h('p', { class: 'error', id: ctx.hint, role: 'alert' }));
}

const isMulti = (type) => type.startsWith('multi_');

function initial(e) {
  const many = e.initial_options || e.initial_users || e.initial_channels || e.initial_conversations;
  if (many) return many.map((o) => o.value || o);
  const one = e.initial_option?.value ?? e.initial_value ?? e.initial_date ?? e.initial_time ?? e.initial_user ??
    e.initial_channel ?? e.initial_conversation ?? e.initial_date_time;
  return one === undefined || one === null ? [] : [String(one)];
}

function current({ e, ref, on }) { return on.values ? on.values[ref] || [] : initial(e); }

function make(ctx) {
  const type = ctx.e.type;
  if (type === 'plain_text_input' || type === 'rich_text_input') return textInput(ctx);
  if (['number_input', 'email_text_input', 'url_text_input'].includes(type)) return lineInput(ctx, { number_input: 'number', email_text_input: 'email', url_text_input: 'url' }[type]);
  if (type === 'datepicker') return lineInput(ctx, 'date');
  if (type === 'timepicker') return lineInput(ctx, 'time');
  if (type === 'datetimepicker') return dateTime(ctx);
  if (type === 'checkboxes' || type === 'radio_buttons') return choices(ctx, type === 'checkboxes' ? 'checkbox' : 'radio');
  if (isMulti(type)) return multi(ctx);
  return select(ctx);
}

const attrs = ({ id, e, label, hint, ref }, bare) => ({ id, placeholder: e.placeholder?.text, 'aria-describedby': hint, dataset: { focus: ref },
  'aria-label': bare ? label : undefined, autofocus: e.focus_on_load || undefined });

function textInput(ctx) {
  const { e } = ctx;
  const props = { ...attrs(ctx), maxlength: e.max_length ? String(e.max_length) : undefined, oninput: (ev) => ctx.set([ev.target.value]) };
  const el = e.multiline || e.type === 'rich_text_input' ? h('textarea', { ...props, rows: '4' }) : h('input', { ...props, type: 'text', autocomplete: 'off' });
  el.value = current(ctx)[0] || '';
  return el;
}

function lineInput(ctx, type) {
  const el = h('input', { ...attrs(ctx), type, onchange: (ev) => ctx.set(ev.target.value ? [ev.target.value] : []) });
  el.value = current(ctx)[0] || '';
  return el;
}

function dateTime(ctx) {
  const el = h('input', { ...attrs(ctx), type: 'datetime-local', onchange: (ev) => ctx.set(ev.target.value ? [String(new Date(ev.target.value) / 1000)] : []) });
  const unix = Number(current(ctx)[0]);
  if (unix) el.value = new Date(unix * 1000 - new Date().getTimezoneOffset() * 6e4).toISOString().slice(0, 16);
  return el;
}

// options gives [{value, text, group}] of any select.
function options(e) {
  const flat = (list, group) => list.map((o) => ({ value: o.value, text: withEmoji(o.text.text), hint: o.description?.text, group }));
  if (e.option_groups) return e.option_groups.flatMap((g) => flat(g.options, g.label.text));
  if (e.options) return flat(e.options);
  if (e.type.includes('users_select')) return names.users().map((u) => ({ value: u.id, text: names.user(u.id) }));
  if (e.type.includes('channels_select') || e.type.includes('conversations_select')) return names.channels().map((c) => ({ value: c.id, text: `#${c.name}` }));
  return [];
}

function select(ctx) {
  const { e } = ctx;
  if (e.type === 'external_select') return external(ctx, false);
  const el = h('select', { ...attrs(ctx, true), onchange: (ev) => ctx.set(ev.target.value ? [ev.target.value] : []) },
    h('option', { value: '' }, e.placeholder?.text || '—'));
  let group = null;
  for (const o of options(e)) {
    if (o.group && group?.label !== o.group) el.append(group = h('optgroup', { label: o.group }));
    (o.group ? group : el).append(h('option', { value: o.value }, o.text));
  }
  el.value = current(ctx)[0] || '';
  return el;
}

function multi(ctx) {
  if (ctx.e.type === 'multi_external_select') return external(ctx, true);
  return checks(ctx, options(ctx.e), 'checkbox');
}

function choices(ctx, kind) { return checks(ctx, options(ctx.e), kind); }

// checks keep the order in which things were ticked, as Slack's multi selects do.
function checks(ctx, list, kind) {
  const box = h('div', { class: 'checks' });
  for (const o of list) {
    const el = h('input', { type: kind, name: ctx.id, value: o.value, dataset: { focus: `${ctx.ref}/${o.value}` }, onchange: () => {
      const rest = kind === 'radio' ? [] : current(ctx).filter((v) => v !== o.value);
      ctx.set(el.checked ? [...rest, o.value] : rest);
    } });
    el.checked = current(ctx).includes(o.value);
    box.append(h('label', {}, el, h('span', {}, o.text, o.hint && h('small', { class: 'muted' }, ` ${o.hint}`))));
  }
  return box;
}

// external asks the app for options while one types.
function external(ctx, many) {
  const list = h('datalist', { id: `${ctx.id}-list` });
  const el = h('input', { ...attrs(ctx, true), type: 'text', list: list.id, autocomplete: 'off', oninput: async () => {
    if (el.value.length >= (ctx.e.min_query_length ?? 3)) list.replaceChildren(...(await ctx.on.suggest(ctx.ref, el.value)).map((v) => h('option', { value: v })));
    const values = (many ? el.value.split(/,\s*/) : [el.value]).filter(Boolean);
    ctx.set(values);
  } });
  el.value = current(ctx).join(', ');
  return h('div', {}, el, list);
}
