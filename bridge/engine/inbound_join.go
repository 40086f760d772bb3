package engine

import (
	"slices"
	"strings"

	"parley/channels"
	"parley/store"
)

// A mail that answers no known mail begins a conversation. If the account's setting email_new_thread says so,
// it joins the sender's open conversation instead: Ann writes a second mail with a new subject while the first
// is still unresolved. It never joins another customer's conversation.

// MayJoin reports whether a mail may join an open conversation of its sender: a person must have written it in
// their own name. A mail with another Reply-To (from a web form or a shared address) and one that a colleague
// forwards are about somebody else.
func (w *work) MayJoin(a *store.Account, in channels.Inbound) bool {
	if !isByPerson(in) || !w.Caps(a.ID).Threads || in.Forwarded != nil {
		return false
	}
	if hasOtherReplyTo(in) || w.agentOf(in.From) != nil {
		return false
	}
	return w.Dir.SettingsOf(a, w.Caps(a.ID).Threads).JoinOpen
}

// isByPerson reports whether an inbound is a new message by a person, and not an automatic or imported one.
func isByPerson(in channels.Inbound) bool {
	isNewMessage := in.Kind == channels.InboundMessage && !in.Historical
	if !isNewMessage || in.Automatic != "" {
		return false
	}
	return in.From.Key != ""
}

// hasOtherReplyTo reports whether a mail has another Reply-To address than its sender's.
func hasOtherReplyTo(in channels.Inbound) bool {
	return slices.ContainsFunc(in.Envelope.ReplyTo, func(p channels.Party) bool { return p.Key != in.From.Key })
}

// agentOf returns the agent whose address a mail comes from, or nil.
func (w *work) agentOf(sender channels.Party) *store.Agent {
	i := slices.IndexFunc(w.Dir.Agents, func(agent store.Agent) bool { return strings.EqualFold(agent.Email, sender.Key) })
	if i < 0 {
		return nil
	}
	return &w.Dir.Agents[i]
}

// conversationToJoin returns the newest open conversation of a mail's sender if the mail may join it, or nil.
func (w *work) conversationToJoin(a *store.Account, in channels.Inbound) *Conversation {
	sender := w.People.At(NameKey{Account: a.ID, Name: in.From.Key})
	if sender == nil || !w.MayJoin(a, in) {
		return nil
	}

	for _, id := range slices.Backward(SortedKeys(w.Conversations.Rows)) {
		c := w.Conversations.Get(id)
		if c.AccountID != a.ID || c.Kind != store.KindCustomer {
			continue
		}

		isSenders := c.BridgeStatus().Open() && w.People.RootOf(c) == sender
		if isSenders && hasParticipantNamed(c, in.From) {
			return c
		}
	}

	return nil
}

// hasParticipantNamed reports whether the sender of a mail is a participant of a conversation under the same
// name. People who share an address are distinguished by name, and each has a conversation of their own.
func hasParticipantNamed(c *Conversation, p channels.Party) bool {
	i := slices.IndexFunc(c.Participants, func(known store.Participant) bool { return known.Key == p.Key })
	if i < 0 {
		return false
	}
	knownName := c.Participants[i].Name
	if p.Name == "" || knownName == "" {
		return true
	}
	return strings.EqualFold(knownName, p.Name)
}
