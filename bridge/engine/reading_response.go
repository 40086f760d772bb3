package engine

import (
	"context"
	"encoding/json"
	"fmt"

	"parley/bridge"
	"parley/store"
)

// addResponses adds to messages of a conversation which message each of them answers, and the emoji that customers put on
// them. rows are the rows of the messages in list, in the same order.
func addResponses(ctx context.Context, q store.Querier, c *store.Conversation, rows []store.Message, list []bridge.SpokenMessage) error {
	if err := addAnswered(ctx, q, c, rows, list); err != nil {
		return err
	}
	return addReactions(ctx, q, c, rows, list)
}

// addAnswered adds which message each message answers. What a customer's message answers was read when it was posted in
// the thread. A reply names what it answers by the provider's id.
func addAnswered(ctx context.Context, q store.Querier, c *store.Conversation, rows []store.Message, list []bridge.SpokenMessage) error {
	var ids []store.MessageID
	var named []string
	for i := range rows {
		ids = append(ids, rows[i].ID)
		if rows[i].ReplyTo != "" {
			named = append(named, rows[i].ReplyTo)
		}
	}

	posted, err := store.AnsweredBy(ctx, q, ids)
	if err != nil {
		return err
	}
	known, err := store.MessagesByExternalID(ctx, q, c, named)
	if err != nil {
		return err
	}

	for i := range rows {
		m := &rows[i]
		if post, isPosted := posted[m.ID]; isPosted {
			list[i].Answers = &bridge.Answered{}
			if err := json.Unmarshal(post, list[i].Answers); err != nil {
				return fmt.Errorf("reading: what message %d answers: %w", m.ID, err)
			}
		}
		if m.ReplyTo != "" {
			list[i].Answers = answeredOf(known, m.ReplyTo)
		}
	}
	return nil
}

// answeredOf returns the message with a provider's id. If it isn't known, it has no text.
func answeredOf(known map[string]store.Message, externalID string) *bridge.Answered {
	m, isKnown := known[externalID]
	if !isKnown {
		return &bridge.Answered{}
	}
	return &bridge.Answered{Text: Excerpt(&Message{Message: m}), ByUs: m.Direction == store.DirectionOut}
}

// addReactions adds the emoji that customers put on messages.
func addReactions(ctx context.Context, q store.Querier, c *store.Conversation, rows []store.Message, list []bridge.SpokenMessage) error {
	at := make(map[store.MessageID]*bridge.SpokenMessage, len(rows))
	var ids []store.MessageID
	for i := range rows {
		at[rows[i].ID] = &list[i]
		ids = append(ids, rows[i].ID)
	}

	reactions, err := store.ShownReactions(ctx, q, c.AccountID, ids)
	if err != nil || len(reactions) == 0 {
		return err
	}
	var customers []store.IdentityID
	for _, r := range reactions {
		customers = append(customers, r.IdentityID)
	}
	people, err := store.Identities(ctx, q, customers)
	if err != nil {
		return err
	}

	byID := identitiesByID(people)
	for _, r := range reactions {
		shown := bridge.SpokenReaction{Emoji: r.Emoji}
		if customer := byID[r.IdentityID]; customer != nil {
			shown.Customer = writerName(c, customer)
		}
		at[r.MessageID].Reactions = append(at[r.MessageID].Reactions, shown)
	}
	return nil
}
