// Who and what is meant by ids of Teams.
import { app, boot } from './app.js';

// me is the Entra id of who one is.
export const me = () => boot.teams.agents[boot.agents.indexOf(app.as)];

const users = () => app.state?.teams.users || [];

// userName gives a person's name, or the app's for no id.
export const userName = (id) => (id ? users().find((u) => u.id === id)?.name || id : 'Parley');

// people lists who can be mentioned.
export const people = () => users().filter((u) => !u.bot);

// channelName gives a channel's name.
export const channelName = (id) => (app.state?.teams.channels || []).find((c) => c.id === id)?.name || id;

// place reads a link to a message; null = it leads elsewhere.
// Shape: https://teams.microsoft.com/l/message/19:…@thread.tacv2/1700000000000?parentMessageId=1699999999999
export function place(url) {
  const u = new URL(url);
  const m = /^\/l\/message\/([^/]+)\/(\d+)$/.exec(u.pathname);
  if (!m || !['teams.microsoft.com', location.host].includes(u.host)) return null;
  const channel = decodeURIComponent(m[1]);
  if (!(app.state?.teams.channels || []).some((c) => c.id === channel)) return null;
  return { channel, message: m[2], thread: u.searchParams.get('parentMessageId') || m[2] };
}

const points = (hex) => String.fromCodePoint(...hex.split('-').map((x) => parseInt(x, 16)));
const first = { like: '👍', heart: '❤️', laugh: '😆', surprised: '😮', sad: '😢', angry: '😡' };

// face is the emoji of a reaction such as like or 1f440_eyes.
export function face(type) {
  const code = /^([0-9a-f-]+)_/.exec(type);
  try { return first[type] || (code && points(code[1])) || `:${type}:`; } catch { return `:${type}:`; }
}

// reactionName says a reaction in words.
export const reactionName = (type) => ({ '2705_whiteheavycheckmark': 'check mark' }[type] || type.replace(/^[0-9a-f-]+_/, ''));

// markName says what Parley means by a reaction.
export const markName = (type) => ({ '231b_hourglassdone': 'waits', '2753_blackquestionmarkornament': 'asked about', '2714_heavycheckmark': 'sent', '2611_ballotboxwithcheck': 'delivered',
  '1f453_glasses': 'read', '1f512_locked': 'stays inside', '26a0_warningsign': 'may not have arrived' }[type] || reactionName(type));
