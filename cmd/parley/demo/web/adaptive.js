// Adaptive Cards as nodes, as far as Teams shows them; what is not known here is shown as
// such. on is what buttons lead to: on.press({button, inputs}), where button is the place
// of the action in the card as a JSON pointer.
// Source: adaptivecards.io/explorer, schema 1.5, read 2026-11.
import { h, menu, toast } from './dom.js';
import { input } from './cardform.js';
import { cardMarkdown, chip, follow, link, localised } from './cardtext.js';
import { me } from './teamsnames.js';

// mostShown is how many buttons stand in a row; those of mode secondary are in its menu.
const mostShown = 6;

// card shows one.
export function card(c, on) {
  const ctx = { on, form: { inputs: [] }, root: null, entities: c.msteams?.entities || [] };
  ctx.root = h('div', { class: 'ac', lang: c.lang });
  ctx.root.append(...elements(c.body, '/body', ctx), ...actions(c.actions, '/actions', ctx));
  if (!ctx.root.childNodes.length) ctx.root.append(h('p', { class: 'muted' }, c.fallbackText || '(an empty card)'));
  return ctx.root;
}

function elements(list, at, ctx) {
  return (list || []).map((e, i) => element(e, `${at}/${i}`, ctx)).filter(Boolean);
}

function element(e, at, ctx) {
  const kind = e.type || '';
  const make = kind.startsWith('Input.') ? (x) => input(x, ctx.form) : kinds[kind];
  if (!make) {
    if (e.fallback === 'drop') return null;
    return typeof e.fallback === 'object' && e.fallback ? element(e.fallback, `${at}/fallback`, ctx) : h('p', { class: 'muted' }, `(${kind || 'something'} is not shown here)`);
  }
  let el = make(e, at, ctx);
  if (e.selectAction) el = pressable(el, e.selectAction, `${at}/selectAction`, ctx);
  el.classList.add('ac-el', `gap-${(e.spacing || 'default').toLowerCase()}`);
  if (e.separator) el.classList.add('ruled');
  if (e.id) el.dataset.id = e.id;
  if (e.isVisible === false) el.hidden = true;
  return el;
}

const word = (s) => (s || '').toLowerCase();

// looks are the classes of a text.
function looks(e) {
  return ['size', 'weight', 'color', 'fontType', 'horizontalAlignment'].filter((k) => e[k]).map((k) => `ac-${k.toLowerCase()}-${word(e[k])}`)
    .concat(e.isSubtle ? 'subtle' : [], e.italic ? 'italic' : [], e.strikethrough ? 'struck' : [], e.underline ? 'lined' : [], e.highlight ? 'marked' : []).join(' ');
}

function mentionIn(ctx) {
  return (text) => {
    const who = ctx.entities.find((e) => e.text === text);
    return who ? chip(who.mentioned.name, who.mentioned.id === me()) : text.replace(/<\/?at>/g, '');
  };
}

const kinds = {
  TextBlock: (e, at, ctx) => {
    const el = h(e.style === 'heading' ? 'h4' : 'div', { class: `ac-text ${looks(e)} ${e.wrap ? '' : 'nowrap'}` }, cardMarkdown(e.text || '', mentionIn(ctx)));
    if (e.maxLines) { el.classList.add('clamped'); el.style.webkitLineClamp = String(e.maxLines); }
    return el;
  },
  RichTextBlock: (e, at, ctx) => h('div', { class: `ac-text ${looks({ horizontalAlignment: e.horizontalAlignment })}` }, (e.inlines || []).map((r, i) => run(r, `${at}/inlines/${i}`, ctx))),
  Container: (e, at, ctx) => h('div', { class: `ac-box style-${word(e.style) || 'none'}` }, elements(e.items, `${at}/items`, ctx)),
  ColumnSet: (e, at, ctx) => h('div', { class: `ac-columns style-${word(e.style) || 'none'}` }, (e.columns || []).map((c, i) => column(c, `${at}/columns/${i}`, ctx))),
  FactSet: (e, at, ctx) => h('dl', { class: 'ac-facts' }, (e.facts || []).map((f) => [h('dt', {}, cardMarkdown(f.title || '', mentionIn(ctx))), h('dd', {}, cardMarkdown(f.value || '', mentionIn(ctx)))])),
  Image: (e) => picture(e.url, e.altText, word(e.size)),
  ImageSet: (e) => h('div', { class: 'ac-images' }, (e.images || []).map((i) => picture(i.url, i.altText, word(e.imageSize) || 'medium'))),
  ActionSet: (e, at, ctx) => h('div', {}, actions(e.actions, `${at}/actions`, ctx)),
  Table: (e, at, ctx) => h('div', { class: 'ac-table' }, h('table', {}, (e.rows || []).map((r, i) => h('tr', {}, (r.cells || []).map((c, j) => h('td', {}, elements(c.items, `${at}/rows/${i}/cells/${j}/items`, ctx))))))),
};

function column(c, at, ctx) {
  const el = h('div', { class: `ac-column style-${word(c.style) || 'none'} mid-${word(c.verticalContentAlignment) || 'top'}` }, elements(c.items, `${at}/items`, ctx));
  const width = String(c.width ?? 'stretch');
  if (width === 'auto') el.classList.add('auto');
  else if (/^\d+px$/.test(width)) { el.style.flex = `0 0 ${width}`; } else el.style.flex = `${Number(width) || 1} 1 0`;
  return el;
}

// picture is shown when it comes with the card; the page fetches nothing from elsewhere.
function picture(url, alt, size) {
  if (/^data:image\/(png|jpeg|gif);base64,/.test(url || '')) return h('img', { class: `ac-image ${size || ''}`, src: url, alt: alt || '' });
  return h('p', { class: 'muted' }, `🖼 ${alt || 'picture'}`);
}

function run(r, at, ctx) {
  if (typeof r === 'string') return localised(r);
  if (r.type !== 'TextRun') return h('span', { class: 'muted' }, `(${r.type} is not shown here)`);
  const text = localised(r.text || '');
  const a = r.selectAction;
  if (a?.type === 'Action.OpenUrl') return h('span', { class: looks({ ...r, color: '' }) }, link(a.url, text));
  const el = h('span', { class: looks(r) }, text);
  return a ? pressable(el, a, `${at}/selectAction`, ctx) : el;
}

// pressable makes something a button for its selectAction.
function pressable(el, action, at, ctx) {
  const go = (ev) => { if (!ev.target.closest('a, button, input, select, textarea') || ev.target === el) press(action, at, el, ctx); };
  el.classList.add('pressable');
  el.tabIndex = 0;
  el.setAttribute('role', 'button');
  el.addEventListener('click', go);
  el.addEventListener('keydown', (ev) => { if (ev.key === 'Enter' || ev.key === ' ') { ev.preventDefault(); go(ev); } });
  return el;
}

// actions gives a row of buttons, and under it the cards that they show.
function actions(list, at, ctx) {
  const all = (list || []).map((a, i) => ({ a, at: `${at}/${i}` })).filter(({ a }) => known.has(a.type) || a.fallback !== 'drop');
  if (!all.length) return [];
  const first = all.filter(({ a }) => a.mode !== 'secondary').slice(0, mostShown);
  const rest = all.filter((x) => !first.includes(x));
  const panels = h('div', { class: 'ac-panels' });
  const row = h('div', { class: 'ac-actions' }, first.map((x) => button(x.a, x.at, panels, ctx)),
    rest.length > 0 && h('button', { type: 'button', class: 'ac-button', 'aria-label': 'More options', 'aria-haspopup': 'menu', dataset: { focus: `${at}/more`, label: 'More options' },
      onclick: (ev) => menu(ev.currentTarget, rest.map((x) => ({ label: x.a.title, act: () => act(x.a, x.at, null, panels, ctx) })), 'More options') }, '⋯'));
  return [row, panels];
}

const known = new Set(['Action.OpenUrl', 'Action.ShowCard', 'Action.Submit', 'Action.Execute', 'Action.ToggleVisibility']);

function button(a, at, panels, ctx) {
  if (!known.has(a.type)) return h('span', { class: 'muted' }, `(${a.type} is not shown here)`);
  return h('button', { type: 'button', class: `ac-button ${word(a.style)}`, disabled: a.isEnabled === false, title: a.tooltip, dataset: { focus: at, label: a.title },
    'aria-expanded': a.type === 'Action.ShowCard' ? 'false' : undefined, onclick: (ev) => act(a, at, ev.currentTarget, panels, ctx) }, a.title);
}

function act(a, at, el, panels, ctx) {
  if (a.type === 'Action.ShowCard') return unfold(a, at, el, panels, ctx);
  return press(a, at, el, ctx);
}

// unfold shows a button's card under the row, or hides it.
function unfold(a, at, el, panels, ctx) {
  const was = panels.at === at;
  panels.replaceChildren();
  panels.at = was ? '' : at;
  for (const b of panels.previousSibling?.querySelectorAll('[aria-expanded]') || []) b.setAttribute('aria-expanded', String(b === el && !was));
  if (was) return;
  panels.append(h('div', { class: 'ac-box style-emphasis' }, elements(a.card?.body, `${at}/card/body`, ctx), actions(a.card?.actions, `${at}/card/actions`, ctx)));
  panels.querySelector('button, input, select, textarea')?.focus();
}

async function press(a, at, el, ctx) {
  switch (a.type) {
    case 'Action.OpenUrl': {
      follow(a.url);
      return;
    }
    case 'Action.ToggleVisibility':
      for (const t of a.targetElements || []) {
        const target = ctx.root.querySelector(`[data-id="${CSS.escape(t.elementId ?? t)}"]`);
        if (target) target.hidden = t.isVisible === undefined ? !target.hidden : !t.isVisible;
      }
      return;
    case 'Action.Submit': case 'Action.Execute': {
      const inputs = gather(a, ctx);
      if (!inputs || el?.getAttribute('aria-busy')) return;
      el?.setAttribute('aria-busy', 'true');
      try { await ctx.on.press({ button: at, inputs, el }); } finally { el?.removeAttribute('aria-busy'); }
      return;
    }
    default: toast(`${a.type} does nothing here.`, null, 'bad');
  }
}

// gather reads the inputs, unless something is wrong with them: then the first such one has
// the focus.
function gather(a, ctx) {
  if (word(a.associatedInputs) === 'none') return {};
  const shown = ctx.form.inputs.filter((i) => i.el.isConnected); // a button's card may have gone
  const wrong = shown.filter((i) => !i.check());
  if (wrong.length) { wrong[0].focus(); return null; }
  return Object.fromEntries(shown.map((i) => [i.id, i.read()]));
}
