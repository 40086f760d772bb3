package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store/internal/query"
)

// ShownBefore is a position in a conversation: a page has the messages before the one with this event and id. The zero Before
// means the newest page.
type ShownBefore struct {
	Event EventID
	ID    MessageID
}

const messagesPage = `
	SELECT id
	FROM messages
	WHERE conversation_id = $1 AND (event_id, id) < ($2, $3)
	ORDER BY event_id DESC, id DESC
	LIMIT $4`

// ShownMessages returns a page of at most limit messages of a conversation, the newest first.
func ShownMessages(ctx context.Context, q Querier, conversation ConversationID, before ShownBefore, limit int) ([]Message, error) {
	if before == (ShownBefore{}) {
		before = ShownBefore{Event: math.MaxInt64, ID: math.MaxInt64}
	}
	ids, err := query.Column[MessageID](ctx, q, "page of messages", messagesPage, conversation, before.Event, before.ID, limit)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	list, err := Messages(ctx, q, ids...)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b Message) int { return slices.Index(ids, a.ID) - slices.Index(ids, b.ID) })
	return list, nil
}

// ShownReply is one delivery of a reply to the customer. A reply with many files may have several deliveries (parts).
type ShownReply struct {
	ID        DeliveryID    `db:"id"`
	LaneID    LaneID        `db:"lane_id"` // a lane is a queue of deliveries that are sent one after the other
	Seq       int64         `db:"seq"`     // its position in the lane
	MessageID MessageID     `db:"message_id"`
	State     DeliveryState `db:"state"`
	OrderBy   string        `db:"order_by"`   // the same for all parts that were sent together
	FirstFile *int          `db:"first_file"` // for a reply in parts, the index of the first file in this part; else nil
	NotBefore *time.Time    `db:"not_before"` // it isn't sent before this time; nil if it may be sent immediately
	ErrorText string        `db:"error_text"` // why the last attempt failed; empty if it didn't
}

const replies = `
	SELECT id, lane_id, seq, message_id, state, not_before, error_text, order_by, (payload -> 'span' ->> 'from')::int AS first_file
	FROM deliveries
	WHERE message_id = ANY($1) AND message_id <> 0 AND kind = 'reply'
	ORDER BY lane_id, seq`

// ShownReplies returns the deliveries of messages to customers, by message. Those of one message are in the order in which they
// are sent, which may differ from the order of their ids.
func ShownReplies(ctx context.Context, q Querier, messages []MessageID) (map[MessageID][]ShownReply, error) {
	rows, err := query.Collect[ShownReply](ctx, q, "replies", replies, messages)
	if err != nil {
		return nil, err
	}

	found := make(map[MessageID][]ShownReply, len(rows))
	for _, r := range rows {
		found[r.MessageID] = append(found[r.MessageID], r)
	}
	return found, nil
}

const outcome = `
	SELECT EXISTS (SELECT FROM quarantine WHERE event_id = event.id),
		coalesce(queue.first_event = event.id, false)
			OR EXISTS (SELECT FROM queue_events WHERE queue_id = queue.id AND event_id = event.id),
		coalesce(entry.detail ->> 'note', ''), entry.detail -> 'line'
	FROM events AS event
	LEFT JOIN queues AS queue ON queue.key = event.order_key
	LEFT JOIN LATERAL (
		SELECT detail
		FROM log_entries
		WHERE conversation_id = $3 AND event_id = event.id AND what IN ('refused', 'several')
		ORDER BY id DESC
		LIMIT 1) AS entry ON true
	WHERE event.account_id = $1 AND event.external_id = $2`

// ShownOutcome is the result of an act, which is something that an agent did in the inbox, such as to reply or to resolve. Acts are
// first accepted, which stores them in a queue, and applied a moment later.
type ShownOutcome struct {
	Known bool   // it was accepted
	Waits bool   // it isn't applied yet
	Stuck bool   // it failed and was put into quarantine, for an admin to look at
	Why   string // why it was refused, in words for people; empty if it wasn't
	Line  []byte // what its agent is told, as JSON; nil if nothing but Why
}

// ShownOutcomeOf returns the outcome of an act in a conversation, or in several if conversation is 0. name is the unique name under
// which the act was accepted.
func ShownOutcomeOf(ctx context.Context, q Querier, name string, conversation ConversationID) (ShownOutcome, error) {
	o := ShownOutcome{Known: true}
	err := q.QueryRow(ctx, outcome, SystemAccount, name, conversation).Scan(&o.Stuck, &o.Waits, &o.Why, &o.Line)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return ShownOutcome{}, nil
	case err != nil:
		return o, fmt.Errorf("store: outcome of an act: %w", err)
	}
	return o, nil
}

// mostStamped is how many of the newest messages a Stamp covers: more than a page shows.
const mostStamped = 60

const stamp = `
	SELECT md5(concat_ws('|', conversation.status, conversation.assignees, conversation.team_id,
		conversation.subject, conversation.tags, conversation.last_at, conversation.snoozed_until,
		conversation.participants, conversation.traits,
		(SELECT count(*) FROM log_entries WHERE conversation_id = conversation.id),
		(SELECT string_agg(
				concat_ws(',', message.id, message.fate, message.reason, md5(message.text), message.files, reply.states, reacted.emoji), ';'
				ORDER BY message.event_id, message.id)
			FROM (SELECT * FROM messages WHERE conversation_id = conversation.id ORDER BY event_id DESC, id DESC LIMIT $2) AS message
			CROSS JOIN LATERAL (
				SELECT string_agg(concat_ws(',', id, state, not_before, error_text), ' ' ORDER BY id) AS states
				FROM deliveries
				WHERE message_id = message.id AND message_id <> 0 AND kind = 'reply') AS reply
			CROSS JOIN LATERAL (
				SELECT string_agg(concat_ws(',', identity_id, emoji), ' ' ORDER BY identity_id, target) AS emoji
				FROM reactions
				WHERE account_id = conversation.account_id AND emoji <> '' AND target IN (
					SELECT message.external_id
					UNION ALL
					SELECT external_id
					FROM deliveries
					WHERE message_id = message.id AND message_id <> 0 AND kind = 'reply')) AS reacted)))
	FROM conversations AS conversation
	WHERE conversation.id = $1`

// ConversationStamp returns a digest of everything that the newest page of a conversation shows, like an ETag: if it differs, the page must
// be reloaded. It is empty if there is no such conversation.
func ConversationStamp(ctx context.Context, q Querier, conversation ConversationID) (string, error) {
	var digest string
	err := q.QueryRow(ctx, stamp, conversation, mostStamped).Scan(&digest)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("store: stamp of a conversation: %w", err)
	}
	return digest, nil
}
