package store

import (
	"context"
	"encoding/json"

	"parley/store/internal/query"
)

// AnsweredMessage is the message that a customer's message answers, as it was posted in the thread.
type AnsweredMessage struct {
	MessageID MessageID       `db:"message_id"`
	Payload   json.RawMessage `db:"answers"`
}

const answered = `
	SELECT DISTINCT ON (message_id) message_id, payload -> 'answers' AS answers
	FROM deliveries
	WHERE message_id = ANY($1) AND message_id <> 0 AND kind = 'said' AND payload ? 'answers'
	ORDER BY message_id, id DESC`

// AnsweredBy returns the messages that customers' messages answer, as long as their posts are kept.
func AnsweredBy(ctx context.Context, q Querier, messages []MessageID) (map[MessageID]json.RawMessage, error) {
	rows, err := query.Collect[AnsweredMessage](ctx, q, "answered messages", answered, messages)
	if err != nil {
		return nil, err
	}
	found := make(map[MessageID]json.RawMessage, len(rows))
	for _, r := range rows {
		found[r.MessageID] = r.Payload
	}
	return found, nil
}

const quoted = `
	SELECT external_ids.external_id, external_ids.message_id
	FROM external_ids
	JOIN messages ON messages.id = external_ids.message_id
	WHERE external_ids.account_id = $1 AND external_ids.external_id = ANY($2) AND messages.conversation_id = $3`

// MessagesByExternalID returns the messages of a conversation that the account's provider knows by these ids.
func MessagesByExternalID(
	ctx context.Context, q Querier, c *Conversation, externalIDs []string,
) (map[string]Message, error) {
	if len(externalIDs) == 0 {
		return nil, nil
	}
	type link struct {
		ExternalID string    `db:"external_id"`
		MessageID  MessageID `db:"message_id"`
	}
	short, original := query.ShortIDs(externalIDs)
	links, err := query.Collect[link](ctx, q, "messages by provider's id", quoted, c.AccountID, short, c.ID)
	if err != nil || len(links) == 0 {
		return nil, err
	}
	rows, err := Messages(ctx, q, query.Field(links, func(l *link) MessageID { return l.MessageID })...)
	if err != nil {
		return nil, err
	}

	byID := make(map[MessageID]Message, len(rows))
	for _, m := range rows {
		byID[m.ID] = m
	}
	found := make(map[string]Message, len(links))
	for _, l := range links {
		found[original[l.ExternalID]] = byID[l.MessageID]
	}
	return found, nil
}

// ShownReaction is a customer's emoji on a message.
type ShownReaction struct {
	MessageID  MessageID  `db:"message_id"`
	IdentityID IdentityID `db:"identity_id"`
	Emoji      string     `db:"emoji"`
}

// reactions looks for the emoji on messages by their ids at the provider: a message that was sent in several parts has
// several.
const reactions = `
	SELECT known.message_id, reaction.identity_id, reaction.emoji
	FROM (
		SELECT id AS message_id, external_id
		FROM messages
		WHERE id = ANY($2) AND external_id <> ''
		UNION
		SELECT message_id, external_id
		FROM deliveries
		WHERE message_id = ANY($2) AND message_id <> 0 AND kind = 'reply' AND external_id <> ''
	) AS known
	JOIN reactions AS reaction ON reaction.account_id = $1 AND reaction.target = known.external_id
	WHERE reaction.emoji <> ''
	ORDER BY known.message_id, reaction.delivery_id`

// ShownReactions returns the emoji that customers of an account have on messages, in the order in which they were added.
func ShownReactions(ctx context.Context, q Querier, account AccountID, messages []MessageID) ([]ShownReaction, error) {
	return query.Collect[ShownReaction](ctx, q, "reactions to messages", reactions, account, messages)
}
