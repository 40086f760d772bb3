// Package inbox reads conversations in pages, for Parley's own inbox: what was said, what became of replies, and
// what became of acts that were handed in there.
//
// What does not belong here: lists and searches of conversations (store), and who may read them (bridge/engine).
package inbox

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// Before says where a page of messages ends: before the message with this event and id. The zero Before
// stands for the newest page.
type Before struct {
	Event store.EventID
	ID    store.MessageID
}

const messagesPage = `
	SELECT id
	FROM messages
	WHERE conversation_id = $1 AND (event_id, id) < ($2, $3)
	ORDER BY event_id DESC, id DESC
	LIMIT $4`

// Messages returns one page of a conversation's messages, limit at most, the newest first.
func Messages(ctx context.Context, q store.Querier, conversation store.ConversationID, before Before, limit int) ([]store.Message, error) {
	if before == (Before{}) {
		before = Before{math.MaxInt64, math.MaxInt64}
	}
	ids, err := query.Column[store.MessageID](ctx, q, "page of messages", messagesPage, conversation, before.Event, before.ID, limit)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	list, err := store.Messages(ctx, q, ids...)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b store.Message) int { return slices.Index(ids, a.ID) - slices.Index(ids, b.ID) })
	return list, nil
}

// Reply is one delivery of a reply to the customer.
type Reply struct {
	ID        store.DeliveryID    `db:"id"`
	LaneID    store.LaneID        `db:"lane_id"`
	Seq       int64               `db:"seq"` // its place in the lane
	MessageID store.MessageID     `db:"message_id"`
	State     store.DeliveryState `db:"state"`
	OrderBy   string              `db:"order_by"`   // the parts of one sending have the same
	FirstFile *int                `db:"first_file"` // of a reply in parts: the number of the first file that it carries
	NotBefore *time.Time          `db:"not_before"` // the end of its hold
	ErrorText string              `db:"error_text"` // why the last attempt failed; empty if it didn't, or if there was none
}

const replies = `
	SELECT id, lane_id, seq, message_id, state, not_before, error_text, order_by, (payload -> 'span' ->> 'from')::int AS first_file
	FROM deliveries
	WHERE message_id = ANY($1) AND message_id <> 0 AND kind = 'reply'
	ORDER BY lane_id, seq`

// Replies returns the deliveries of messages to customers, by message. Those of one message are in the order of
// their lanes, which are queues. Ids have no such order.
func Replies(ctx context.Context, q store.Querier, messages []store.MessageID) (map[store.MessageID][]Reply, error) {
	rows, err := query.Collect[Reply](ctx, q, "replies", replies, messages)
	if err != nil {
		return nil, err
	}

	found := make(map[store.MessageID][]Reply, len(rows))
	for _, r := range rows {
		found[r.MessageID] = append(found[r.MessageID], r)
	}
	return found, nil
}

const outcome = `
	SELECT EXISTS (SELECT FROM quarantine WHERE event_id = event.id),
		coalesce(queue.first_event = event.id, false)
			OR EXISTS (SELECT FROM queue_events WHERE queue_id = queue.id AND event_id = event.id),
		coalesce((
			SELECT detail ->> 'note'
			FROM log_entries
			WHERE conversation_id = $3 AND event_id = event.id AND what = 'refused'
			ORDER BY id DESC
			LIMIT 1), '')
	FROM events AS event
	LEFT JOIN queues AS queue ON queue.key = event.order_key
	WHERE event.account_id = $1 AND event.external_id = $2`

// Outcome is what became of an act: of something that an agent did on the inbox's pages, such as to reply or to
// resolve. Acts are accepted first and applied a moment later.
type Outcome struct {
	Known bool   // it was accepted
	Waits bool   // it is not applied yet
	Stuck bool   // it is in quarantine
	Why   string // why it was refused, for people; empty if it wasn't
}

// OutcomeOf returns what became of an act in a conversation. name is the name under which the act was accepted.
func OutcomeOf(ctx context.Context, q store.Querier, name string, conversation store.ConversationID) (Outcome, error) {
	o := Outcome{Known: true}
	err := q.QueryRow(ctx, outcome, store.SystemAccount, name, conversation).Scan(&o.Stuck, &o.Waits, &o.Why)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return Outcome{}, nil
	case err != nil:
		return o, fmt.Errorf("store: outcome of an act: %w", err)
	}
	return o, nil
}

// mostStamped is how many messages of a conversation a Stamp looks at: more than a page shows.
const mostStamped = 60

const stamp = `
	SELECT md5(concat_ws('|', conversation.status, conversation.assignees, conversation.team_id,
		conversation.subject, conversation.tags, conversation.last_at, conversation.snoozed_until,
		conversation.participants, conversation.traits,
		(SELECT count(*) FROM log_entries WHERE conversation_id = conversation.id),
		(SELECT string_agg(
				concat_ws(',', message.id, message.fate, message.reason, md5(message.text), message.files, reply.states), ';'
				ORDER BY message.event_id, message.id)
			FROM (SELECT * FROM messages WHERE conversation_id = conversation.id ORDER BY event_id DESC, id DESC LIMIT $2) AS message
			CROSS JOIN LATERAL (
				SELECT string_agg(concat_ws(',', id, state, not_before, error_text), ' ' ORDER BY id) AS states
				FROM deliveries
				WHERE message_id = message.id AND message_id <> 0 AND kind = 'reply') AS reply)))
	FROM conversations AS conversation
	WHERE conversation.id = $1`

// Stamp returns a digest of what the newest page of a conversation shows. A different digest means that something has
// changed. It is empty if there is no such conversation.
func Stamp(ctx context.Context, q store.Querier, conversation store.ConversationID) (string, error) {
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
