// Where messages are typed: channel and thread each have a box, with a draft for each place and person.
import { fileData, toast } from './dom.js';
import { typebox } from './typebox.js';
import { act, app, boot } from './app.js';
import { names, unescape } from './mrkdwn.js';

const handles = () => [...names.users().map((u) => [u.name, u.id]), ['parley', app.state.slack.bot]];

// chips turns @names into Slack's mentions.
export function chips(text) {
  for (const u of names.users()) text = text.replaceAll(`@${names.user(u.id)}`, `<@${u.id}>`);
  return text.replace(/(^|[\s(])@([a-z0-9._-]+)/gi, (all, before, name) => {
    const hit = handles().find(([n]) => n === name.toLowerCase());
    return hit ? `${before}<@${hit[1]}>` : all;
  });
}

// typed turns Slack's form back into what one types.
export function typed(text) {
  return unescape(text.replace(/<@([UW]\w+)(?:\|[^>]*)?>/g, (all, id) => `@${handles().find(([, i]) => i === id)?.[0] || id}`).replace(/<(https?:[^|>]+)(?:\|[^>]*)?>/g, '$1'));
}

// composer makes one; update follows the page's state.
export function composer({ thread }) {
  async function send(text, files) {
    const slash = /^\/(\w+)\s*([\s\S]*)$/.exec(text);
    if (slash && !files.length) {
      const known = boot.commands.some((c) => c.command === `/${slash[1]}`);
      if (thread) { toast(`/${slash[1]} does not work in threads. (In Slack too: type !${slash[1] === 'parley' ? 'help' : slash[1]} instead.)`, null, 'bad'); return false; }
      if (!known) { toast(`/${slash[1]} is not a command here. Try /parley help.`, null, 'bad'); return false; }
      await act('command', { channel: app.channel, command: `/${slash[1]}`, text: slash[2] });
      return true;
    }
    const post = { channel: app.channel, thread: thread ? app.thread : '', text: chips(text) };
    post.files = (await fileData(files)).map((f) => ({ name: f.name, mimetype: f.type, data: f.data }));
    return Boolean(await act('post', { post }));
  }

  // Names after @ and commands after / are offered while one types.
  function offer(before) {
    const at = /(?:^|[\s(])@(\w*)$/.exec(before), slash = /^\/(\w*)$/.exec(before);
    if (at) return handles().filter(([n]) => n.startsWith(at[1].toLowerCase())).map(([n, i]) => ({ text: `@${n}`, hint: names.user(i), from: before.length - at[1].length - 1 }));
    if (slash && !thread) return boot.commands.filter((c) => c.command.startsWith(`/${slash[1]}`)).map((c) => ({ text: c.command, hint: c.usage_hint || c.description, from: 0 }));
    return [];
  }

  const box = typebox({ id: thread ? 'reply' : 'post', label: thread ? 'Reply in the thread' : 'Message the channel', offer, send,
    editLast: thread && (() => import('./message.js').then((m) => m.editLast())),
    hint: thread ? 'note: stays inside · Enter sends' : '/parley for lists and help' });
  return { ...box, update: () => box.move(`${app.as} ${app.channel} ${thread ? app.thread : ''}`, thread ? 'Reply…' : `Message #${names.channel(app.channel)}`) };
}
