package store

import (
	"context"
	"time"

	"parley/store/internal/query"
)

// AutomaticReply is the Message.Automatic of a text that an account sent by itself.
const AutomaticReply = "parley"

// IsAutomaticReply reports whether an account sent a message by itself. It counts as nobody's answer.
func (m *Message) IsAutomaticReply() bool {
	return m.Direction == DirectionOut && m.Automatic == AutomaticReply
}

// AutoReply is the record of a text that an account sent by itself.
type AutoReply struct {
	MessageID  MessageID
	AccountID  AccountID
	IdentityID IdentityID // to whom
	Occasion   string     // of package routing
	Words      int64      // a checksum of what the customer wrote
	At         time.Time
}

// AutoReplied says what decides about a further automatic reply to a customer.
type AutoReplied struct {
	Last      map[string]time.Time `db:"last"`         // the latest one to the customer, by its occasion
	Day       int                  `db:"day"`          // to the customer in the last 24 hours
	Repeated  bool                 `db:"repeated"`     // to the same words of the customer in the last hour
	Hour      int                  `db:"hour"`         // of the account in the last hour
	SameWords int                  `db:"same_words"`   // to the same words in that hour
	BegunByUs bool                 `db:"begun_by_us"`  // we began the conversation
	IsKnown   bool                 `db:"known_before"` // the customer has other conversations
}

const autoReplied = `
	WITH mine AS MATERIALIZED (SELECT occasion, words, at FROM auto_replies WHERE identity_id = $1),
	lately AS MATERIALIZED (SELECT words FROM auto_replies WHERE account_id = $2 AND at > $5::timestamptz - interval '1 hour')
	SELECT (SELECT coalesce(jsonb_object_agg(occasion, at), '{}')
			FROM (SELECT occasion, max(at) AS at FROM mine GROUP BY occasion) AS latest) AS last,
		(SELECT count(*) FROM mine WHERE at > $5 - interval '1 day') AS day,
		EXISTS (SELECT FROM mine WHERE words = $3 AND at > $5 - interval '1 hour') AS repeated,
		(SELECT count(*) FROM lately) AS hour,
		(SELECT count(*) FROM lately WHERE words = $3) AS same_words,
		EXISTS (SELECT FROM log_entries WHERE conversation_id = $4 AND what = 'started')
			OR coalesce((SELECT direction FROM messages WHERE conversation_id = $4 ORDER BY event_id, id LIMIT 1) = 'out', false) AS begun_by_us,
		EXISTS (SELECT FROM conversations WHERE identity_id = $1 AND kind = 'customer' AND id <> $4) AS known_before`

// FindAutoReplied returns what decides about an automatic reply to a customer who wrote words in a conversation.
func FindAutoReplied(ctx context.Context, q Querier, r AutoReply, c ConversationID) (AutoReplied, error) {
	list, err := query.Collect[AutoReplied](ctx, q, "automatic replies", autoReplied, r.IdentityID, r.AccountID, r.Words, c, r.At)
	if err != nil {
		return AutoReplied{}, err
	}
	return list[0], nil
}

// keepAutoReply removes a few old rows, which decide nothing any more.
const keepAutoReply = `
	WITH old AS (
		DELETE FROM auto_replies WHERE message_id = ANY(ARRAY(
			SELECT message_id FROM auto_replies
			WHERE account_id = $2 AND at < $6::timestamptz - interval '400 days' LIMIT 10 FOR UPDATE SKIP LOCKED))
	)
	INSERT INTO auto_replies (message_id, account_id, identity_id, occasion, words, at) VALUES ($1, $2, $3, $4, $5, $6)`

// KeepAutoReply records an automatic reply, in the transaction that queues it.
func KeepAutoReply(ctx context.Context, q Execer, r AutoReply) error {
	return query.Exec(ctx, q, "keep automatic reply", keepAutoReply, r.MessageID, r.AccountID, r.IdentityID, r.Occasion, r.Words, r.At)
}
