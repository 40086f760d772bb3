// What a person does in Teams.
import { toast } from './dom.js';
import { call, refresh } from './app.js';
import { me } from './teamsnames.js';

// faults explains what keeps a client of Teams from going on.
const faults = { timeout: 'Parley did not answer in time. Try again.', connection_failed: 'Parley cannot be reached. Try again in a moment.', bad_answer: 'Teams does not understand the answer of the app.' };

// outcomeFault says what went wrong with a click or a form; '' = nothing.
export function outcomeFault(o) {
  if (!o?.error) return '';
  return faults[o.error] || (o.error.startsWith('http_') ? `Parley failed (${o.error.slice(5)}). Try again.` : o.message || o.error);
}

// act does something as the chosen person, and gives the emulator's answer; null = refused,
// which was said unless quiet.
export async function act(verb, body, quiet) {
  const theme = getComputedStyle(document.documentElement).colorScheme === 'dark' ? 'dark' : 'default';
  const out = await call(`/teams/_fake/person/${encodeURIComponent(me())}/${verb}`, { ...body, theme }, quiet);
  refresh();
  return out;
}

// told shows what the app answered to a click in passing.
export function told(out) {
  const fault = outcomeFault(out?.outcome);
  if (fault) toast(fault, null, 'bad');
  else if (out?.outcome?.message) toast(out.outcome.message);
  return out;
}
