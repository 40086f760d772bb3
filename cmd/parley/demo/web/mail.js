// The customer's mail program, and the way to the phone.
import { afterwards, avatar, fileData, fill, h, keyed, menu, replace, size, toast } from './dom.js';
import { app, boot, call, refresh, tellElsewhere } from './app.js';
import { programs, showChat } from './chat.js';

let parts = null;

function build() {
  parts = {
    rail: h('nav', { class: 'rail', 'aria-label': 'Customers' }),
    head: h('header', { class: 'mailhead' }),
    tabs: h('div', { class: 'chattabs' }),
    chat: h('div', { class: 'chat', hidden: true }),
    list: h('div', { class: 'maillist', role: 'list', 'aria-label': 'Mails' }),
    reader: h('div', { class: 'reader', hidden: true }),
  };
  document.getElementById('mail').append(parts.rail, h('div', { class: 'mailbody' }, h('p', { class: 'panetitle' }, 'Your customers: you play them'), parts.head, parts.tabs, parts.list, parts.reader, parts.chat));
}

const me = () => app.state.mail.customers.find((c) => c.address === app.customer) || app.state.mail.customers[0];

// showMail draws the mailbox of the chosen customer.
export function showMail() {
  if (!parts) build();
  const m = app.state.mail;
  replace(parts.rail, JSON.stringify([m.customers, app.customer]), rail);
  replace(parts.head, JSON.stringify([me(), app.customer, app.chat]), head);
  replace(parts.tabs, JSON.stringify([app.state.phone.tabs, app.chat, app.customer, me().unread]), tabs);
  parts.tabs.hidden = !app.state.phone.on;
  parts.chat.hidden = !app.chat || app.state.phone.chat?.customer !== app.customer || app.state.phone.chat.kind !== app.chat; // the answer may be about another one yet
  document.getElementById('mail').classList.toggle('chatting', !parts.chat.hidden);
  if (!parts.chat.hidden) showChat(parts.chat);
  if (parts.list.owner !== app.customer) { parts.list.replaceChildren(); parts.list.owner = app.customer; }
  const open = app.mail && `${app.mail.folder}/${app.mail.uid}`;
  if (m.mails.length) {
    parts.list.querySelector('.empty')?.remove();
    keyed(parts.list, m.mails, (r) => `${app.customer}/${r.folder}/${r.uid}`, (r) => JSON.stringify([r, `${r.folder}/${r.uid}` === open]), row);
  } else {
    parts.list.replaceChildren(h('div', { class: 'empty', role: 'listitem' }, h('span', { class: 'big', 'aria-hidden': 'true' }, '📭'), h('strong', {}, 'An empty mailbox'), h('p', {}, `Write to ${boot.help}, and answer as its team on the right.`)));
  }
  document.getElementById('mail').classList.toggle('reading', !parts.reader.hidden);
  document.getElementById('mail').classList.toggle('writing', Boolean(app.writing));
}

function rail() {
  return [...app.state.mail.customers.map((c) => h('button', { type: 'button', title: c.name, 'aria-pressed': String(c.address === app.customer), dataset: { focus: c.address },
    onclick: () => openCustomer(c.address, c.unread ? '' : c.waiting) }, avatar(c.name), h('span', { class: 'sr' }, `${c.name}${c.unread + c.chats ? `, ${c.unread + c.chats} unread` : ''}`), c.unread + c.chats > 0 && h('span', { class: 'badge', 'aria-hidden': 'true' }, String(c.unread + c.chats)))),
  h('button', { type: 'button', class: 'add', title: 'Somebody new', 'aria-label': 'Be somebody new', dataset: { focus: 'add' }, onclick: somebodyNew }, '+')];
}

function head() {
  const c = me();
  return [h('div', { class: 'who' }, h('h2', {}, c.name), h('p', { class: 'muted' }, c.address), c.about && h('p', { class: 'about' }, c.about)),
    !app.chat && h('button', { type: 'button', class: 'primary', dataset: { focus: 'write' }, onclick: () => write(null) }, 'Write')];
}

// tabs are mail, the chats in which something was said, and a way to begin another.
function tabs() {
  const t = app.state.phone.tabs;
  const one = (kind, label, mark, unread) => h('button', { type: 'button', role: 'tab', 'aria-selected': String(app.chat === kind), tabindex: app.chat === kind ? '0' : '-1', dataset: { focus: `tab-${kind}` },
    onclick: () => openChat(kind) }, h('span', { 'aria-hidden': 'true' }, mark), label, unread > 0 && h('span', { class: 'badge' }, String(unread), h('span', { class: 'sr' }, ' unread')));
  const rest = t.filter((c) => !c.used && c.kind !== app.chat);
  return [h('div', { class: 'chattabs', role: 'tablist', 'aria-label': 'Mail and phone', onkeydown: alongTabs },
    one('', 'Mail', '✉️', me().unread), t.filter((c) => c.used || c.kind === app.chat).map((c) => one(c.kind, programs[c.kind].name, programs[c.kind].mark, c.unread))),
    rest.length > 0 && h('button', { type: 'button', 'aria-label': 'Write in another way', title: 'Write in another way', 'aria-haspopup': 'menu', dataset: { focus: 'tab-more' },
      onclick: (e) => menu(e.currentTarget, rest.map((c) => ({ label: `${programs[c.kind].mark} ${programs[c.kind].name}`, act: () => openChat(c.kind, true) })), 'Write by') }, '+')];
}

function alongTabs(e) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
  const all = [...parts.tabs.querySelectorAll('button')];
  if (step) { e.preventDefault(); all[(all.indexOf(document.activeElement) + step + all.length) % all.length].focus(); }
}

function openChat(kind, write) {
  app.chat = kind;
  closeReader();
  afterwards(refresh(), () => (write ? parts.chat.querySelector('textarea') : null));
}

// openCustomer shows another customer's mailbox, or a chat on the phone.
export function openCustomer(address, chat = '') {
  app.customer = address;
  app.chat = chat;
  closeReader();
  refresh();
}

function row(r) {
  const at = new Date(r.at);
  const day = at.toDateString() === new Date().toDateString() ? at.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' }) : at.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
  const open = app.mail && app.mail.folder === r.folder && app.mail.uid === r.uid;
  return h('div', { role: 'listitem' }, h('button', { type: 'button', class: `mailrow ${r.unread ? 'unread' : ''}`, 'aria-current': open ? 'true' : undefined,
    dataset: { focus: `${r.folder}/${r.uid}` }, onclick: () => read(r) },
  h('span', { class: 'top' }, h('b', {}, r.sent ? `To: ${r.with}` : r.with), r.files > 0 && h('span', { title: 'has attachments' }, '📎'), h('time', {}, day)),
  h('span', { class: 'subject' }, r.subject || '(no subject)'), h('span', { class: 'preview' }, r.preview)));
}

const query = (r) => new URLSearchParams({ address: app.customer, folder: r.folder, uid: String(r.uid) }).toString();
const full = (a) => (a.name ? `${a.name} <${a.address}>` : a.address);

async function read(r) {
  const answer = await fetch(`/mail/open?${query(r)}`);
  if (!answer.ok) { toast('This mail is gone.', null, 'bad'); return; }
  const m = await answer.json();
  app.mail = r;
  app.writing = null;
  const q = query(r);
  fill(parts.reader,
    h('header', {}, h('button', { type: 'button', class: 'plainbutton', onclick: leave, 'aria-label': 'Back to the list' }, '←'),
      h('h3', { tabindex: '-1' }, m.subject || '(no subject)'), !r.sent && h('button', { type: 'button', class: 'primary', onclick: () => write(m) }, 'Reply')),
    h('dl', {}, line('From', [m.from]), line('To', m.to), line('Cc', m.cc), h('dt', {}, 'Date'), h('dd', {}, new Date(m.at).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' }))),
    m.html ? h('iframe', { class: 'html', sandbox: '', src: `/mail/html?${q}`, title: 'The mail' }) : h('pre', { class: 'plaintext', tabindex: '0' }, m.text),
    m.files.length > 0 && h('ul', { class: 'mailfiles', 'aria-label': 'Attachments' }, m.files.map((f) => h('li', {}, h('a', { href: `/mail/file?${q}&n=${f.n}`, download: f.name }, `📎 ${f.name}`), h('small', { class: 'muted' }, ` ${size(f.bytes)}`)))));
  parts.reader.hidden = false;
  showMail();
  parts.reader.querySelector('h3').focus();
}

function line(label, people) {
  if (!people?.length) return null;
  return [h('dt', {}, label), h('dd', {}, people.map(full).join(', '))];
}

function closeReader() {
  app.mail = null;
  app.writing = null;
  if (parts) { parts.reader.hidden = true; parts.reader.replaceChildren(); }
}

function leave() {
  const r = app.mail;
  closeReader();
  showMail();
  if (r) parts.list.querySelector(`[data-focus="${CSS.escape(`${r.folder}/${r.uid}`)}"]`)?.focus();
}

// write opens a new mail, or an answer to one.
function write(to) {
  app.mail = null;
  app.writing = true;
  let files = [];
  const field = (name, label, value, attrs) => { const el = h('input', { name, id: `w-${name}`, ...attrs }); el.value = value; return [h('label', { for: `w-${name}` }, label), el]; };
  const text = h('textarea', { id: 'w-text', name: 'text', rows: '8', required: true });
  const pick = h('input', { type: 'file', multiple: true, id: 'w-files', onchange: () => { files = [...pick.files]; } });
  const form = h('form', { class: 'write', onsubmit: async (e) => {
    e.preventDefault();
    const d = new FormData(form);
    const attachments = (await fileData(files)).map((f) => ({ name: f.name, type: f.type, content: f.data }));
    const cc = d.get('cc').split(',').map((s) => s.trim()).filter(Boolean);
    const from = full(me());
    const sent = to ? await call('/_fake/mail/reply', { from, message_id_of: to.message_id, text: d.get('text'), cc, attachments }) :
      await call('/_fake/mail/send', { from, to: d.get('to').split(',').map((s) => s.trim()).filter(Boolean), cc, subject: d.get('subject'), text: d.get('text'), attachments });
    if (!sent) return;
    toast(`✉️ Sent. Watch it arrive in ${app.surface === 'teams' ? 'Teams' : 'Slack'}.`);
    if (to) setTimeout(tellElsewhere, 1500); // once Parley has shown it
    closeReader();
    refresh();
  } },
  h('header', {}, h('button', { type: 'button', class: 'plainbutton', onclick: leave, 'aria-label': 'Discard' }, '←'), h('h3', { tabindex: '-1' }, to ? 'Reply' : 'New mail'), h('button', { class: 'primary' }, 'Send')),
  to ? h('p', { class: 'muted' }, `To ${full(to.from)}: ${/^re:/i.test(to.subject) ? '' : 'Re: '}${to.subject}`) : [...field('to', 'To', boot.help, { required: true }), ...field('subject', 'Subject', '', { required: true, autocomplete: 'off' })],
  field('cc', 'Cc', '', { placeholder: 'a colleague, if any', autocomplete: 'off' }),
  h('label', { for: 'w-text' }, 'Text'), text, h('label', { for: 'w-files' }, 'Attachments'), pick);
  parts.reader.replaceChildren(form);
  parts.reader.hidden = false;
  showMail();
  (to ? text : form.querySelector('[name=subject]')).focus();
}

function somebodyNew() {
  const d = h('dialog', { class: 'modal small', 'aria-labelledby': 'newtitle' });
  const end = () => { d.close(); d.remove(); };
  const form = h('form', { onsubmit: async (e) => {
    e.preventDefault();
    const out = await call('/mail/customer', new URLSearchParams(new FormData(form)));
    if (out) { end(); openCustomer(out.address); }
  } }, h('header', {}, h('h2', { id: 'newtitle' }, 'Be somebody new'), h('button', { type: 'button', class: 'close', 'aria-label': 'Close', onclick: end }, '×')),
  h('div', { class: 'modalbody' }, h('div', { class: 'field' }, h('label', { for: 'n-name' }, 'Name'), h('input', { id: 'n-name', name: 'name', required: true, autocomplete: 'off' })),
    h('div', { class: 'field' }, h('label', { for: 'n-address' }, 'Address'), h('input', { id: 'n-address', name: 'address', type: 'email', required: true, placeholder: 'kim@example.test', autocomplete: 'off' }))),
  h('footer', {}, h('button', { type: 'button', class: 'plainbutton', onclick: end }, 'Cancel'), h('button', { class: 'primary' }, 'Open mailbox')));
  d.append(form);
  d.addEventListener('close', () => d.remove());
  document.body.append(d);
  d.showModal();
}
