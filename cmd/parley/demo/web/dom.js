// Small helpers to build the page. Text always becomes text nodes: nothing that people
// write is ever parsed as HTML.

// h makes an element: h('p', {class: 'x', onclick: f, 'aria-label': 'y'}, child, …).
export function h(tag, props, ...children) {
  const el = document.createElement(tag);
  for (const [name, value] of Object.entries(props || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) el.addEventListener(name.slice(2), value);
    else if (name === 'class') el.className = value;
    else if (name === 'dataset') Object.assign(el.dataset, value);
    else if (name in el && typeof value !== 'string') el[name] = value;
    else el.setAttribute(name, value === true ? '' : value);
  }
  el.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
  return el;
}

// keyed makes box show items, keeping the nodes of those that did not change.
// print gives all that an item's looks depend on.
export function keyed(box, items, key, print, render) {
  const old = new Map();
  for (const el of [...box.children]) if (el.dataset.key) old.set(el.dataset.key, el);
  const first = old.size === 0; // all is new: nothing to point at
  let at = box.firstElementChild;
  for (const item of items) {
    const k = key(item), p = print(item);
    let el = old.get(k);
    if (!el || el.print !== p) {
      const fresh = render(item);
      fresh.dataset.key = k;
      fresh.print = p;
      if (el) {
        const focused = el.contains(document.activeElement);
        const path = focused && (document.activeElement.dataset.focus || '');
        if (at === el) at = el.nextElementSibling;
        el.replaceWith(fresh);
        if (focused) ((path && fresh.querySelector(`[data-focus="${CSS.escape(path)}"]`)) || fresh).focus?.({ preventScroll: true });
      } else if (!first) {
        fresh.classList.add('fresh');
      }
      el = fresh;
    }
    old.delete(k);
    if (el.parentNode !== box || el !== at) box.insertBefore(el, at);
    at = el.nextElementSibling;
  }
  for (const el of old.values()) el.remove();
}

// replace gives box new children unless nothing changed since the last time.
export function replace(box, print, make) {
  if (box.print === print) return false;
  box.print = print;
  const id = box.contains(document.activeElement) && document.activeElement.dataset.focus;
  box.replaceChildren(...[make()].flat(Infinity).filter(Boolean));
  if (id) box.querySelector(`[data-focus="${CSS.escape(id)}"]`)?.focus();
  return true;
}

// fill gives box new children; nested lists and nothing are allowed.
export const fill = (box, ...children) => box.replaceChildren(...children.flat(Infinity).filter(Boolean));

// afterwards waits for work and puts the cursor where choose says, unless its user has gone on to write
// elsewhere meanwhile.
export async function afterwards(work, choose) {
  const before = document.activeElement;
  await work;
  const now = document.activeElement; // what was drawn anew is another element than before
  if (now === before || !now.matches('input, textarea, select')) choose()?.focus();
}

// initials are what a picture shows of a name.
export function initials(name) {
  const words = name.replace(/\(.*\)/, '').trim().split(/[\s-]+/).filter(Boolean);
  if (!words.length) return '?';
  const last = words.length > 1 ? [...words[words.length - 1]][0] : '';
  return ([...words[0]][0] + last).toUpperCase();
}

// avatar is a coloured square with a name's initials.
export function avatar(name, cls) {
  let hue = 0;
  for (const c of name.replace(/ \(.*\)$/, '')) hue = (hue * 31 + c.codePointAt(0)) % 8;
  return h('span', { class: `avatar hue${hue} ${cls || ''}`, 'aria-hidden': 'true', 'data-initials': initials(name) });
}

// menu opens a menu at a button; items are {label, hint, act, danger} or '-'.
export function menu(anchor, items, label) {
  closeMenu();
  const list = h('div', { class: 'menu', role: 'menu', 'aria-label': label });
  for (const item of items) {
    if (item === '-') { list.append(h('hr', { role: 'separator' })); continue; }
    list.append(h('button', { type: 'button', role: 'menuitem', tabindex: '-1', class: item.danger ? 'danger' : '',
      onclick: () => { closeMenu(true); item.act(); } }, h('span', {}, item.label), item.hint && h('small', {}, item.hint)));
  }
  openPopup(anchor, list);
  const buttons = [...list.querySelectorAll('button')];
  list.addEventListener('keydown', (e) => {
    const at = buttons.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (step) { e.preventDefault(); buttons[(at + step + buttons.length) % buttons.length].focus(); }
    if (e.key === 'Home') { e.preventDefault(); buttons[0].focus(); }
    if (e.key === 'End') { e.preventDefault(); buttons.at(-1).focus(); }
  });
  buttons[0]?.focus();
}

let popup = null;

// openPopup shows el beside anchor until it is left.
export function openPopup(anchor, el) {
  closeMenu();
  popup = { el, anchor };
  el.classList.add('popup');
  if (anchor.closest('.teams, .t-dialog')) el.classList.add('t-look');
  (anchor.closest('dialog') || document.body).append(el);
  const a = anchor.getBoundingClientRect(), b = el.getBoundingClientRect();
  const top = a.bottom + 4 + b.height > innerHeight ? Math.max(8, a.top - b.height - 4) : a.bottom + 4;
  el.style.top = `${top}px`;
  el.style.left = `${Math.max(8, Math.min(a.right - b.width, innerWidth - b.width - 8))}px`;
  anchor.setAttribute('aria-expanded', 'true');
  el.addEventListener('keydown', (e) => {
    if (e.key === 'Escape') { e.preventDefault(); e.stopPropagation(); closeMenu(true); }
    if (e.key === 'Tab' && el.getAttribute('role') === 'menu') closeMenu(true);
  });
}

// closeMenu closes what is open; back puts the focus where it came from.
export function closeMenu(back) {
  if (!popup) return;
  const { el, anchor } = popup;
  popup = null;
  el.remove();
  anchor.removeAttribute('aria-expanded');
  if (back) anchor.focus?.();
}

document.addEventListener('pointerdown', (e) => {
  if (popup && !popup.el.contains(e.target) && !popup.anchor.contains(e.target)) closeMenu();
});

// toast says something for a while; act makes it a button.
export function toast(text, act, kind) {
  const box = document.getElementById('toasts');
  const el = h(act ? 'button' : 'div', { class: `toast ${kind || ''}`, type: act ? 'button' : undefined,
    onclick: () => { el.remove(); act?.(); } }, text);
  box.append(el);
  while (box.children.length > 2) box.firstElementChild.remove();
  setTimeout(() => el.remove(), kind === 'bad' ? 9000 : 6000);
}

// fileData reads files for a JSON body. Shape: [{name, type, data}], data in base64.
export async function fileData(files) {
  return Promise.all([...files].map((f) => new Promise((done, fail) => {
    const r = new FileReader();
    r.onload = () => done({ name: f.name, type: f.type || 'application/octet-stream', data: r.result.slice(r.result.indexOf(',') + 1) });
    r.onerror = () => fail(r.error);
    r.readAsDataURL(f);
  })));
}

// size says bytes in words.
export function size(n) {
  return n < 1000 ? `${n} B` : n < 1e6 ? `${Math.round(n / 1000)} kB` : `${(n / 1e6).toFixed(1)} MB`;
}
