package engine

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// questions answers what use cases ask about conversations: whether an agent may read one, and what it looks
// like. Conversations are seen with the changes that the current batch (the events applied in one transaction)
// has made so far, even those not stored yet.
type questions struct {
	book    *Book
	Reading *ReadingReader
}

// Authorize returns the reason why an agent may not use a verb on a conversation or may not read it, or nil.
func (qs *questions) Authorize(r Request, verb bridge.Verb) *bridge.Problem {
	if problem := qs.AuthorizeReading(r); problem != nil {
		return problem
	}
	return qs.Reading.Authorize(qs.book.Dir, r.Agent, verb, r.Conversation.Conversation)
}

// AuthorizeReading returns a problem if an agent may not read a conversation, or if it was deleted, or nil. It also returns nil for
// people who aren't agents. Agents may always take back their own replies, even if the conversation has moved
// to where they may not read it.
func (qs *questions) AuthorizeReading(r Request) *bridge.Problem {
	if r.Agent == nil {
		return nil
	}
	if r.Conversation.CloseReason == bridge.CloseDeleted {
		return &bridge.Problem{
			Code: bridge.CloseDeleted, Text: fmt.Sprintf("#%d was deleted: nobody gets what is said to it.", r.Conversation.ID),
			Hint: "What the customer writes next starts a new one.",
		}
	}
	if qs.takesOwnBack(r) {
		return nil
	}
	if qs.wasDoneAtHome(r) && qs.book.Dir.May(r.Agent, r.Conversation.Account, store.RightHandles) {
		return nil
	}
	if qs.Reading.As(r.Agent).May(r.Conversation.Conversation) {
		return nil
	}
	return NotReadable(r.Conversation.ID)
}

// takesOwnBack reports whether an agent takes back their own reply, with an emoji on it or with a button.
func (qs *questions) takesOwnBack(r Request) bool {
	if !qs.book.Verbs.Of(r.Verb).TakesBack || r.Typed() {
		return false
	}
	m := qs.book.MessageOfAction(r)
	return m != nil && m.ConversationID == r.Conversation.ID && m.AgentID != nil && *m.AgentID == r.Agent.ID
}

// wasDoneAtHome reports whether somebody typed or put an emoji in the chat channel that the conversation's current
// thread is in. That proves that the person can read the thread. Nothing else does: not the channel that a button
// or a form names, not an old thread of the conversation, and not a command with its number typed elsewhere. It isn't enough
// for a conversation that names its readers.
func (qs *questions) wasDoneAtHome(r Request) bool {
	if !r.Typed() && !r.IsEmoji() || r.Conversation.IsRestricted() {
		return false
	}
	home := r.Conversation.Home(qs.book.Dir)
	if home == nil || home.AccountID != r.Surface || r.Place.Channel == "" {
		return false
	}
	return r.Place.Channel == home.Channel || r.Place.Channel == qs.book.Dir.ChannelNow(r.Surface, home.Channel)
}

// Facts returns a summary of the request's conversation as r.Agent may see it.
func (qs *questions) Facts(ctx context.Context, tx pgx.Tx, r Request) (bridge.Facts, error) {
	c := r.Conversation
	places := c.Places()
	if c.PreviousID != nil {
		threads, err := store.Threads(ctx, tx, []store.ConversationID{*c.PreviousID})
		if err != nil {
			return bridge.Facts{}, err
		}
		places.Add(threads)
	}

	f := qs.Reading.FactsOf(qs.book.Dir, r.Surface, r.Agent, c.Conversation, qs.book.People.Identities, places, qs.book.Now)
	if next := qs.book.Conversations.ContinuationOf(c); next != nil {
		f.Next = next.ID
		f.NextAt, _ = qs.Reading.RootOf(qs.book.Dir, r.Surface, next.Places(), next.Conversation)
	}

	return f, nil
}

// ReferFrom is Refer in the surface in which another conversation is worked on.
func (qs *questions) ReferFrom(at, c *Conversation) bridge.Facts {
	if t := at.Home(qs.book.Dir); t != nil {
		return qs.Refer(c, t.AccountID)
	}
	return qs.Refer(c, AnySurface)
}

// Refer returns what a link to a conversation needs: its number, subject and status, and where its thread is in
// a surface.
func (qs *questions) Refer(c *Conversation, surface store.AccountID) bridge.Facts {
	f := bridge.Facts{ID: c.ID, Subject: c.Subject, Status: c.BridgeStatus()}
	f.Thread.Root, f.Thread.Elsewhere = qs.Reading.RootOf(qs.book.Dir, surface, c.Places(), c.Conversation)
	return f
}
