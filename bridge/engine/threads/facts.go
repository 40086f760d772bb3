package threads

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/permission"
	"parley/bridge/engine/reading"
	"parley/store"
)

// asked answers questions about conversations as the batch has changed them so far.
type asked struct {
	book    *book.Book
	Reading *reading.Reader
}

// Authorize says why an agent may not do something to a conversation, or may not even read it;
// nil = both are allowed.
func (as *asked) Authorize(r book.Request, verb bridge.Verb) *bridge.Problem {
	if r.Agent != nil && !as.book.Posts.IsInThread(r) && !as.Reading.As(r.Agent).May(r.Conversation.Conversation) {
		return reading.NotReadable(r.Conversation.ID)
	}
	return permission.Authorize(r.Agent, verb)
}

// Facts gives the facts of a conversation as the batch has changed it so far, which no row says yet.
func (as *asked) Facts(ctx context.Context, tx pgx.Tx, c *book.Conversation, agent *store.Agent, surface int64) (bridge.Facts, error) {
	places := c.Places()
	if c.PreviousID != nil {
		threads, err := store.Threads(ctx, tx, []int64{*c.PreviousID})
		if err != nil {
			return bridge.Facts{}, err
		}
		places.Add(threads)
	}
	f := as.Reading.FactsOf(as.book.Dir, surface, agent, c.Conversation, as.book.People.Identities, places, as.book.Now)
	if next := as.book.Conversations.Next(c); next != nil {
		f.Next = next.ID
		f.NextAt, _ = as.Reading.RootOf(as.book.Dir, surface, next.Places(), next.ID)
	}
	return f, nil
}

// Refer names a conversation to a surface, with the place of its thread.
func (as *asked) Refer(c *book.Conversation, surface int64) bridge.Facts {
	f := bridge.Facts{ID: c.ID, Subject: c.Subject, Status: c.BridgeStatus()}
	f.Root, f.Elsewhere = as.Reading.RootOf(as.book.Dir, surface, c.Places(), c.ID)
	return f
}
