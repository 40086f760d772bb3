// Lists of messages: they stay at their end, and arrow keys move in them.
import { h, keyed } from './dom.js';
import { app } from './app.js';

// scrolls makes box such a list.
export function scrolls(box) {
  box.addEventListener('keydown', roam);
  box.addEventListener('scroll', () => {
    if (box.scrollHeight === box.tall) box.ended = atEnd(box);
    else if (box.ended) scrollEnd(box); // it grew meanwhile: nobody scrolled
    box.tall = box.scrollHeight;
  });
  box.addEventListener('load', () => { if (box.ended) scrollEnd(box); }, true); // of pictures
  box.ended = true;
  new ResizeObserver(() => { if (box.ended) scrollEnd(box); }).observe(box); // what is at its end stays there
}

// roam moves between messages with the arrow keys.
function roam(e) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
  if (!step || e.target.closest('textarea, input, select, [role=menu]')) return;
  const all = [...e.currentTarget.querySelectorAll('[role=listitem]')];
  const at = all.indexOf(e.target.closest('[role=listitem]'));
  const next = all[at + step];
  if (next) { e.preventDefault(); (own(next) || next).focus(); }
}

// own is the button that an item of a list consists of, if it does.
const own = (item) => item.querySelector(':scope > button:only-child');

const atEnd = (el) => el.scrollHeight - el.scrollTop - el.clientHeight < 80;
// scrollEnd goes to a list's end.
export const scrollEnd = (el) => { el.scrollTop = el.scrollHeight; };

// fillList shows items {key, print, render} of a place; another place begins at its end.
export function fillList(box, items, place) {
  const key = `${app.as} ${place}`;
  const stay = box.place === key && !box.ended;
  if (box.place !== key) { box.replaceChildren(); box.place = key; }
  if (!items.length) { box.replaceChildren(); return; }
  box.querySelector('.empty')?.remove();
  keyed(box, items, (m) => m.key, (m) => m.print, (m) => m.render());
  if (![...box.children].some((c) => c.tabIndex === 0 || own(c))) { const last = box.lastElementChild; if (last) last.tabIndex = 0; }
  if (!stay) { scrollEnd(box); box.ended = true; } else if (box.lastElementChild.dataset.key !== box.newest) tellNew(box);
  box.newest = box.lastElementChild.dataset.key;
}

// tellNew offers the way to what came below while somebody reads above.
function tellNew(box) {
  if (box.nextElementSibling?.matches('.newbelow')) return;
  const el = h('button', { type: 'button', class: 'newbelow', onclick: () => { scrollEnd(box); leave(); } }, 'New messages ↓');
  const leave = () => { el.remove(); box.removeEventListener('scroll', seen); };
  const seen = () => { if (atEnd(box) || !box.isConnected) leave(); };
  box.addEventListener('scroll', seen);
  box.after(el);
}
