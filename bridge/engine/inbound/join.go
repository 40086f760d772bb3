package inbound

import (
	"regexp"
	"slices"
	"strings"

	"parley/bridge/engine/book"
	"parley/bridge/engine/clean"
	"parley/channels"
	"parley/store"
)

// A mail that answers no mail that we know begins a conversation, or joins the open one of its sender, if the account's setting
// email_new_thread says so. It never joins somebody else's.

// MayJoin reports whether a mail may join an open conversation of its sender, because a person wrote it in their own name. A
// mail that names another address for answers (from a web form, or a shared address) is about somebody else, and so is a mail
// that a colleague passes on.
func (it *UseCases) MayJoin(a *store.Account, in channels.Inbound) bool {
	if !isByPerson(in) || !it.Caps(a.ID).Threads {
		return false
	}
	if hasOtherReplyTo(in) || it.isAgent(in.From) {
		return false
	}
	return it.Dir.SettingsOf(a, it.Caps(a.ID).Threads).JoinOpen
}

// isByPerson reports whether an inbound is a message that a person has written just now.
func isByPerson(in channels.Inbound) bool {
	isNewMessage := in.Kind == channels.InboundMessage && !in.Historical
	if !isNewMessage || in.Automatic != "" {
		return false
	}
	return in.From.Key != ""
}

// hasOtherReplyTo reports whether a mail names another address for answers than its sender's.
func hasOtherReplyTo(in channels.Inbound) bool {
	return slices.ContainsFunc(in.Envelope.ReplyTo, func(p channels.Party) bool { return p.Key != in.From.Key })
}

// isAgent reports whether a sender's address is that of an agent.
func (it *UseCases) isAgent(sender channels.Party) bool {
	return slices.ContainsFunc(it.Dir.Agents, func(agent store.Agent) bool { return strings.EqualFold(agent.Email, sender.Key) })
}

// conversationToJoin returns the conversation that a mail joins: the newest open one of its sender, or nil if there is
// none. If the mail's subject differs from the conversation's, a notice shows it.
func (it *UseCases) conversationToJoin(a *store.Account, in *channels.Inbound) *book.Conversation {
	sender := it.People.ByAddress[book.NameKey{Account: a.ID, Name: in.From.Key}]
	if sender == nil || !it.MayJoin(a, *in) {
		return nil
	}

	for _, id := range slices.Backward(book.SortedKeys(it.Conversations.Rows)) {
		c := it.Conversations.Rows[id]
		if c.AccountID != a.ID || c.Kind != store.KindCustomer {
			continue
		}

		isSenders := c.BridgeStatus().Open() && it.People.RootOf(c) == sender
		if isSenders && hasParticipantNamed(c, in.From) {
			noteSubject(c, in)
			return c
		}
	}

	return nil
}

// hasParticipantNamed reports whether a conversation has the sender of a mail among its participants, under the name
// that the mail gives. People who share an address are told apart by name, and each has a conversation of their own.
func hasParticipantNamed(c *book.Conversation, p channels.Party) bool {
	i := slices.IndexFunc(c.Participants, func(q store.Participant) bool { return q.Key == p.Key })
	if i < 0 {
		return false
	}
	known := c.Participants[i].Name
	if p.Name == "" || known == "" {
		return true
	}
	return strings.EqualFold(known, p.Name)
}

// answerMark finds what mail programs put before the subject of an answer.
var answerMark = regexp.MustCompile(`(?i)^(\s*(re|aw|fwd?|wg)\s*:)+`)

// noteSubject adds a notice with a mail's subject, if the conversation that it joins has another one.
func noteSubject(c *book.Conversation, in *channels.Inbound) {
	plain := func(subject string) string { return strings.TrimSpace(answerMark.ReplaceAllString(subject, "")) }
	now := plain(in.Subject)
	if now != "" && !strings.EqualFold(now, plain(c.Subject)) {
		in.Notices = append(slices.Clone(in.Notices), "A new mail, no answer. Its subject: “"+clean.Preview(now)+"”")
	}
}
