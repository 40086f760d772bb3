package engine

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/channels"
	"parley/store"
)

// cutRepeated removes from a mail what its sender's conversations have said or received before: quotes and signatures. It
// returns what it removed. A mail that says nothing else stays as it is.
func (w *work) cutRepeated(
	ctx context.Context, tx pgx.Tx, c *Conversation, a *store.Account, in *channels.Inbound,
) (before string, err error) {
	if !w.Caps(a.ID).Threads {
		return "", nil
	}
	mail := Read(in.Text)
	if !mail.MayRepeat() {
		return "", nil
	}
	said, err := w.saidBefore(ctx, tx, c, a, *in)
	if err != nil {
		return "", err
	}
	now, before := mail.Split(said, in.Subject)
	isAllRepeated := now == "" && len(in.Attachments) == 0
	if before == "" || isAllRepeated {
		return "", nil
	}
	in.Text = now
	return before, nil
}

// hide keeps with a message what cutRepeated has removed. The whole mail can be opened from its thread.
func hide(m *Message, before string) {
	m.Quoted = before
	m.HasHTML = m.HasHTML || before != ""
}

// saidBefore returns what was said in a conversation, in the one that it continues, and in the others of a mail's sender,
// the newest first.
func (w *work) saidBefore(
	ctx context.Context, tx pgx.Tx, c *Conversation, a *store.Account, in channels.Inbound,
) ([]Said, error) {
	conversations := []store.ConversationID{c.ID}
	if c.PreviousID != nil {
		conversations = append(conversations, *c.PreviousID)
	}
	var customers []store.IdentityID
	for _, i := range []*store.Identity{c.Identity, w.People.ByAddress[NameKey{Account: a.ID, Name: in.From.Key}]} {
		if i != nil {
			customers = append(customers, i.ID)
			if i.SameAs != nil {
				customers = append(customers, *i.SameAs)
			}
		}
	}

	stored, err := store.SaidBefore(ctx, tx, conversations, customers)
	if err != nil {
		return nil, err
	}
	var fresh []*store.Message // of this batch, which aren't stored yet
	for _, m := range w.Messages.Rows {
		if m.Fresh && m.Direction != store.DirectionNote && slices.Contains(conversations, m.ConversationID) {
			fresh = append(fresh, &m.Message)
		}
	}
	slices.SortFunc(fresh, CompareSaid)
	for _, m := range fresh {
		one := store.SaidMessage{
			Direction: m.Direction, Reason: m.Reason, AgentID: m.AgentID, Author: m.AuthorUser, Text: m.Text, Quoted: m.Quoted,
		}
		stored = slices.Insert(stored, 0, one)
	}
	return w.sourcesOf(c, a, in, stored), nil
}

// sourcesOf returns messages, the newest first, as they were sent or received. Replies that follow each other may have left
// as one mail.
func (w *work) sourcesOf(
	c *Conversation, a *store.Account, in channels.Inbound, messages []store.SaidMessage,
) []Said {
	us := []string{a.Name}
	for _, address := range []string{in.Envelope.Via, c.Via} {
		if address != "" {
			us = append(us, address)
		}
	}
	var them []string
	for _, p := range c.Participants {
		them = append(them, p.Key, p.Name)
	}
	them = append(them, in.From.Key, in.From.Name)

	var said []Said
	wasByUs := false
	for i := range messages {
		m := &messages[i]
		text := m.Text
		isByUs := m.Direction == store.DirectionOut
		isSentHere := isByUs && m.Reason != store.ReasonElsewhere && m.Reason != store.ReasonMachine
		if !isSentHere {
			said = append(said, Said{Text: text + "\n\n" + m.Quoted, By: them})
			if isByUs {
				said[len(said)-1].By = append(slices.Clone(us), string(m.Author))
			}
			wasByUs = false
			continue
		}

		var author *store.Agent
		by := us
		if m.AgentID != nil {
			author = w.Dir.Agent(*m.AgentID)
			by = append(slices.Clone(us), w.Dir.Ref(0, *m.AgentID).Name)
		}
		if wasByUs {
			last := &said[len(said)-1]
			last.Text = text + Signature + last.Text
			last.By = append(slices.Clone(last.By), by...)
			continue
		}
		signature, _ := SignatureOf(a, c.Via, author, true)
		said = append(said, Said{Text: text + Signature + signature, By: by})
		wasByUs = true
	}
	return said
}
