package engine

import (
	"regexp"
	"slices"
	"strings"

	"parley/channels"
	"parley/store"
)

// A mail that answers nothing we know joins the conversation that its sender has open, where
// email_new_thread says so. It never joins somebody else's.

// mayJoin says that a mail may join an open conversation of its sender: a person wrote it, in their
// own name. What is to be answered elsewhere (a form on a web site, an address of many people) and
// what colleagues pass on is about somebody else.
func (w *work) mayJoin(a *store.Account, in channels.Inbound) bool {
	if in.Kind != channels.InboundMessage || in.Automatic != "" || in.Historical || in.From.Key == "" || !w.e.caps(a.ID).Threads {
		return false
	}
	if slices.ContainsFunc(in.ReplyTo, func(p channels.Party) bool { return p.Key != in.From.Key }) ||
		slices.ContainsFunc(w.dir.Agents, func(agent store.Agent) bool { return strings.EqualFold(agent.Email, in.From.Key) }) {
		return false
	}
	return w.dir.SettingsOf(a, true).JoinOpen
}

// joinedBy gives the conversation that a mail joins: the one that its sender opened last of those
// that are open; nil if there is none. The mail's subject is shown where it is another one.
func (w *work) joinedBy(a *store.Account, in *channels.Inbound) *conv {
	sender := w.people.byAddress[userKey{a.ID, in.From.Key}]
	if sender == nil || !w.mayJoin(a, *in) {
		return nil
	}
	for _, id := range slices.Backward(keys(w.convs.rows)) {
		c := w.convs.rows[id]
		if c.AccountID == a.ID && c.Kind == "customer" && c.status().Open() && w.people.rootOf(c) == sender && sameName(c, in.From) {
			noteSubject(c, in)
			return c
		}
	}
	return nil
}

// sameName says that replies go to somebody already, under the name that they write with: of an address
// that people share, each has a conversation of their own, and what is answered elsewhere is nobody's.
func sameName(c *conv, p channels.Party) bool {
	i := slices.IndexFunc(c.Participants, func(q store.Participant) bool { return q.Key == p.Key })
	return i >= 0 && (p.Name == "" || c.Participants[i].Name == "" || strings.EqualFold(c.Participants[i].Name, p.Name))
}

var answerMark = regexp.MustCompile(`(?i)^(\s*(re|aw|fwd?|wg)\s*:)+`)

// noteSubject has a mail's subject shown in a conversation that is about another one.
func noteSubject(c *conv, in *channels.Inbound) {
	plain := func(subject string) string { return strings.TrimSpace(answerMark.ReplaceAllString(subject, "")) }
	if now := plain(in.Subject); now != "" && !strings.EqualFold(now, plain(c.Subject)) {
		in.Notices = append(slices.Clone(in.Notices), "A new mail, no answer. Its subject: “"+preview(now)+"”")
	}
}
