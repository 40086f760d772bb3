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

// Authorize says why an agent may not do something to a conversation, or may not even read it;
// nil = both are allowed.
func (th *Writer) Authorize(r book.Request, verb bridge.Verb) *bridge.Problem {
	if r.Agent != nil && !th.Posts.IsInThread(r) && !th.Reading.As(r.Agent).May(r.Conversation.Conversation) {
		return reading.NotReadable(r.Conversation.ID)
	}
	return permission.Authorize(r.Agent, verb)
}

// Facts gives the facts of a conversation as the batch has changed it so far, which no row says yet.
func (th *Writer) Facts(ctx context.Context, tx pgx.Tx, c *book.Conversation, agent *store.Agent, surface int64) (bridge.Facts, error) {
	places := c.Places()
	if c.PreviousID != nil {
		threads, err := store.Threads(ctx, tx, []int64{*c.PreviousID})
		if err != nil {
			return bridge.Facts{}, err
		}
		places.Add(threads)
	}
	f := th.Reading.FactsOf(th.Dir, surface, agent, c.Conversation, th.People.Identities, places, th.Now)
	if next := th.Conversations.Next(c); next != nil {
		f.Next = next.ID
		f.NextAt, _ = th.Reading.RootOf(th.Dir, surface, next.Places(), next.ID)
	}
	return f, nil
}

// Refer names a conversation to a surface, with the place of its thread.
func (th *Writer) Refer(c *book.Conversation, surface int64) bridge.Facts {
	f := bridge.Facts{ID: c.ID, Subject: c.Subject, Status: c.BridgeStatus()}
	f.Root, f.Elsewhere = th.Reading.RootOf(th.Dir, surface, c.Places(), c.ID)
	return f
}
