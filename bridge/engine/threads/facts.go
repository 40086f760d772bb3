package threads

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/reading"
	"parley/store"
)

// questions answers what use cases ask about conversations, as the batch has changed them so far.
type questions struct {
	book    *book.Book
	Reading *reading.Reader
}

// Authorize says why an agent may not use a verb on a conversation, or may not even read it. It returns nil if the agent may do
// both.
func (qs *questions) Authorize(r book.Request, verb bridge.Verb) *bridge.Problem {
	if problem := qs.AuthorizeReading(r); problem != nil {
		return problem
	}
	return qs.book.Verbs.Authorize(r.Agent, verb)
}

// AuthorizeReading says that an agent may not read a conversation. It returns nil if the agent may, for people who are no agents, and
// for agents who take back their own replies, even if the conversation has gone on where they may not read it.
func (qs *questions) AuthorizeReading(r book.Request) *bridge.Problem {
	if r.Agent == nil || qs.wasDoneAtHome(r) || qs.takesOwnBack(r) || qs.Reading.As(r.Agent).May(r.Conversation.Conversation) {
		return nil
	}
	return reading.NotReadable(r.Conversation.ID)
}

// takesOwnBack reports whether an agent takes back a reply of the agent's own, by an emoji on it or by the buttons of its line.
func (qs *questions) takesOwnBack(r book.Request) bool {
	if !qs.book.Verbs.Of(r.Verb).TakesBack || r.Typed() {
		return false
	}
	m := qs.book.MessageOfAction(r)
	return m != nil && m.ConversationID == r.Conversation.ID && m.AgentID != nil && *m.AgentID == r.Agent.ID
}

// wasDoneAtHome reports whether somebody typed, or put an emoji, in the channel in which the conversation is worked on now. That proves
// that the person can read the thread. Nothing else does: not the place that a button or a form names, not a thread that the
// conversation has left, and not a command with its number that was typed elsewhere.
func (qs *questions) wasDoneAtHome(r book.Request) bool {
	if !r.Typed() && !r.IsEmoji() {
		return false
	}
	home := r.Conversation.Home(qs.book.Dir)
	if home == nil || home.AccountID != r.Surface || r.Place.Channel == "" {
		return false
	}
	return r.Place.Channel == home.Channel || r.Place.Channel == qs.book.Dir.ChannelNow(r.Surface, home.Channel)
}

// Facts returns the facts of a request's conversation, for whoever asks, as the batch has changed it so far, also where that isn't
// stored yet.
func (qs *questions) Facts(ctx context.Context, tx pgx.Tx, r book.Request) (bridge.Facts, error) {
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

// Refer names a conversation to a surface, with the place of its thread.
func (qs *questions) Refer(c *book.Conversation, surface store.AccountID) bridge.Facts {
	f := bridge.Facts{ID: c.ID, Subject: c.Subject, Status: c.BridgeStatus()}
	f.Thread.Root, f.Thread.Elsewhere = qs.Reading.RootOf(qs.book.Dir, surface, c.Places(), c.Conversation)
	return f
}
