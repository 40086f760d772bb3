package engine

import (
	"context"
	"slices"

	"parley/bridge"
	"parley/bridge/relay"
	"parley/store"
)

// Attempts returns an attempt for each claim. It reads the rows for all of them together.
func (e *Sender) Attempts(ctx context.Context, claims []store.ClaimedDelivery) []relay.Attempt {
	m := e.loadMaterial(ctx, claims)
	list := make([]relay.Attempt, len(claims))
	for i, c := range claims {
		common := attempt{sender: e, engine: e.Engine, claim: c, material: m}
		if c.Kind == KindReply {
			list[i] = &replyAttempt{attempt: common}
		} else {
			list[i] = &postAttempt{attempt: common}
		}
	}
	return list
}

// loadMaterial reads the rows that claims need. On failure it sets material.err.
func (e *Sender) loadMaterial(ctx context.Context, claims []store.ClaimedDelivery) *material {
	m := &material{
		conversations: map[store.ConversationID]*store.Conversation{},
		messages:      map[store.MessageID]*store.Message{},
		identities:    map[store.IdentityID]*store.Identity{},
		threads:       Threads{},
	}
	needed := neededBy(claims)
	if len(needed.Conversations) == 0 {
		return m
	}

	o, err := store.LoadOutgoing(ctx, e.Pool, needed)
	if err != nil {
		m.err = Retry(err)
		return m
	}

	for i := range o.Conversations {
		m.conversations[o.Conversations[i].ID] = &o.Conversations[i]
	}
	for i := range o.Messages {
		m.messages[o.Messages[i].ID] = &o.Messages[i]
	}
	for i := range o.Identities {
		m.identities[o.Identities[i].ID] = &o.Identities[i]
	}
	m.threads.Add(o.Threads)

	m.now = o.Now
	m.related = o.Related
	m.subjects = o.Subjects
	m.keys = o.Keys
	m.changes = o.Places
	m.behind = o.Behind
	m.missedAgo = o.MissedAgo
	m.err = e.readTemplates(ctx, m)
	return m
}

// neededBy lists the rows that claims need.
func neededBy(claims []store.ClaimedDelivery) store.Leaving {
	var n store.Leaving // what is leaving
	for _, c := range claims {
		n.Conversations = append(n.Conversations, c.ConversationID)
		for _, d := range c.With {
			n.Messages = append(n.Messages, d.MessageID)
		}

		switch c.Kind {
		case KindReply:
			n.Messages = append(n.Messages, c.MessageID)
			for _, line := range append([]store.Delivery{c.Delivery}, c.With...) {
				n.Replies = append(n.Replies, store.LeavingReply{
					Conversation: c.ConversationID,
					Message:      line.MessageID,
					Began:        *c.FirstAt,
				})
			}
		case string(bridge.PostSaid), string(bridge.PostFiles):
			n.Messages = append(n.Messages, c.MessageID)
			n.Posted = append(n.Posted, PayloadOf(&c.Delivery).Below)
		case string(bridge.PostMark): // it shows nothing of its conversation
		case string(bridge.PostLine):
			p := PayloadOf(&c.Delivery)
			n.Posted = append(n.Posted, p.Changes, p.Below)
			n.Cards = append(n.Cards, c.ConversationID)
		default:
			n.Cards = append(n.Cards, c.ConversationID)
		}
	}

	n.Conversations = outboundSortedUnique(n.Conversations)
	n.Cards = outboundSortedUnique(n.Cards)
	n.Messages = outboundSortedUnique(n.Messages)
	n.Posted = outboundSortedUnique(n.Posted)
	return n
}

// sortedUnique returns the ids in ascending order, without duplicates and without 0. It modifies list.
func outboundSortedUnique[T ~int64](list []T) []T {
	slices.Sort(list)
	return slices.DeleteFunc(slices.Compact(list), func(id T) bool { return id == 0 })
}
