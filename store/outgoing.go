package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store/internal/query"
)

// Outgoing is what is needed to render and send deliveries that were claimed together.
type Outgoing struct {
	Messages      []Message
	Conversations []Conversation
	Threads       []Thread                    // of the conversations, and of those that they continue
	Identities    []Identity                  // of the conversations and of the messages
	Subjects      map[ConversationID]string   // by conversation: the subject of its first mail
	Keys          map[ConversationID][]string // by conversation, chats only: all known keys of the customer
	Places        map[DeliveryID]Posting      // by delivery: where it is in a surface
	Related       []Related                   // to the conversations
	Behind        map[MessageID]bool          // by message: events told before its reply's first attempt wait to be applied: see LeavingReply
	Now           time.Time                   // Parley's clock
}

// LeavingReply is an agent's message that is about to leave.
type LeavingReply struct {
	Conversation ConversationID
	Message      MessageID
	Began        time.Time // when the first attempt began, database's clock
}

// Posting is the place of a delivery in a surface.
type Posting struct {
	Message string // the surface's id of the post; "" = not posted
	Coming  bool   // the delivery, or a part of it, is still to be posted
}

const postings = `
	SELECT id, external_id, state IN ('queued', 'sending', 'unknown')
	FROM deliveries
	WHERE id = ANY($1)`

const outgoingThreads = `
	SELECT conversation_id, account_id, channel, root, rerooted, card, doubt
	FROM threads
	WHERE conversation_id = ANY(ARRAY(
		SELECT unnest($1::bigint[])
		UNION
		SELECT previous_id FROM conversations WHERE id = ANY($1) AND previous_id IS NOT NULL))`

const outgoingIdentities = `
	SELECT i.id, i.account_id, i.key, i.name, i.contact_id, i.silenced, i.blocked, i.bad_reason, i.same_as,
		coalesce(r.opted_out, i.opted_out) AS opted_out
	FROM identities AS i
	LEFT JOIN identities AS r ON r.id = i.same_as
	WHERE i.id = ANY(ARRAY(
		SELECT identity_id FROM conversations WHERE id = ANY($1)
		UNION
		SELECT identity_id FROM messages WHERE id = ANY($2)))`

// The subject of the customer's first mail, or of ours if we wrote first. Later subjects, and the name
// that colleagues give the conversation, are not for the customer.
const firstSubjects = `
	SELECT c.id, coalesce((
		SELECT subject FROM messages
		WHERE conversation_id = c.id AND (direction = 'in' OR subject <> '')
		ORDER BY event_id, id
		LIMIT 1), '')
	FROM unnest($1::bigint[]) AS c(id)`

// All keys of the customers of chats (c.exclusive).
const outgoingKeys = `
	SELECT c.id, k.key
	FROM conversations AS c
	JOIN identities AS i ON i.id = c.identity_id
	CROSS JOIN LATERAL (
		SELECT r.id, r.key FROM identities AS r WHERE r.id = coalesce(i.same_as, i.id)
		UNION ALL
		SELECT s.id, s.key FROM identities AS s WHERE s.same_as = coalesce(i.same_as, i.id)) AS k
	WHERE c.id = ANY($1) AND c.exclusive
	ORDER BY k.id`

// Messages whose thread has events that are not applied yet although they were stored before the reply's
// first attempt: an earlier text, an edit, or a deletion. They are those in the queue of the message's own
// event; and Slack tells an emoji under the message without its thread, so that it has a queue of its own.
// An event of a newer version counts for a minute: longer, and nobody may be there to apply it.
const behindReplies = `
	SELECT r.id
	FROM unnest($1::bigint[], $2::timestamptz[]) AS r(id, began)
	JOIN messages AS m ON m.id = r.id
	LEFT JOIN events AS v ON v.id = m.event_id
	WHERE EXISTS (
		SELECT FROM queues AS q
		JOIN events AS f ON f.id = q.first_event
		WHERE q.key IN (v.order_key, m.account_id || '/' || m.channel || ':' || m.place)
			AND f.received_at < r.began
			AND (q.version <= ` + factVersion + ` OR f.received_at > (SELECT clock_timestamp()) - interval '1 minute'))`

// Leaving names what deliveries that were claimed together need.
type Leaving struct {
	Conversations []ConversationID
	Cards         []ConversationID // those of them of which posts show related conversations, too
	Messages      []MessageID
	Replies       []LeavingReply // Outgoing.Subjects, Keys and Behind are read for them
	Posted        []DeliveryID   // deliveries of which Outgoing.Places are read
}

// LoadOutgoing reads, in one round trip, conversations with their threads, identities and related
// conversations, and messages.
func LoadOutgoing(ctx context.Context, q Batcher, l Leaving) (*Outgoing, error) {
	o := &Outgoing{Subjects: map[ConversationID]string{}, Keys: map[ConversationID][]string{}, Places: map[DeliveryID]Posting{}, Behind: map[MessageID]bool{}}
	var batch pgx.Batch
	batch.Queue(query.OnePlan)
	if len(l.Replies) > 0 { // before the messages are read: what it finds applied must show in them
		o.queueBehind(&batch, l.Replies)
	}
	batch.Queue(clockNow).QueryRow(func(row pgx.Row) error { return row.Scan(&o.Now) })
	query.Read(&batch, &o.Conversations, getConversations, l.Conversations)
	query.Read(&batch, &o.Threads, outgoingThreads, l.Conversations)
	query.Read(&batch, &o.Identities, outgoingIdentities, l.Conversations, l.Messages)
	if len(l.Cards) > 0 {
		query.Read(&batch, &o.Related, related, l.Cards)
	}
	if len(l.Messages) > 0 {
		query.Read(&batch, &o.Messages, getMessages, l.Messages)
	}
	if len(l.Replies) > 0 {
		o.queueFirsts(&batch, l.Replies)
	}
	if len(l.Posted) > 0 {
		batch.Queue(postings, l.Posted).Query(func(rows pgx.Rows) error {
			var id DeliveryID
			var at Posting
			_, err := pgx.ForEachRow(rows, []any{&id, &at.Message, &at.Coming}, func() error {
				o.Places[id] = at
				return nil
			})
			return err
		})
	}
	if err := q.SendBatch(ctx, &batch).Close(); err != nil {
		return nil, fmt.Errorf("store: outgoing: %w", err)
	}
	return o, nil
}

// queueBehind asks for Behind.
func (o *Outgoing) queueBehind(batch *pgx.Batch, replies []LeavingReply) {
	var messages []MessageID
	var began []time.Time
	for _, r := range replies {
		messages, began = append(messages, r.Message), append(began, r.Began)
	}
	batch.Queue(behindReplies, messages, began).Query(func(rows pgx.Rows) error {
		var id MessageID
		_, err := pgx.ForEachRow(rows, []any{&id}, func() error {
			o.Behind[id] = true
			return nil
		})
		return err
	})
}

// queueFirsts asks for Subjects and Keys.
func (o *Outgoing) queueFirsts(batch *pgx.Batch, replies []LeavingReply) {
	var answered []ConversationID
	for _, r := range replies {
		if !slices.Contains(answered, r.Conversation) {
			answered = append(answered, r.Conversation)
		}
	}
	batch.Queue(firstSubjects, answered).Query(func(rows pgx.Rows) error {
		var id ConversationID
		var subject string
		_, err := pgx.ForEachRow(rows, []any{&id, &subject}, func() error {
			o.Subjects[id] = subject
			return nil
		})
		return err
	})
	batch.Queue(outgoingKeys, answered).Query(func(rows pgx.Rows) error {
		var id ConversationID
		var key string
		_, err := pgx.ForEachRow(rows, []any{&id, &key}, func() error {
			o.Keys[id] = append(o.Keys[id], key)
			return nil
		})
		return err
	})
}
