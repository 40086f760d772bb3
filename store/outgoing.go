package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"parley/store/internal/query"
)

// Outgoing is what is needed to write and send deliveries that were claimed together: replies to customers, and posts in
// the agents' chats. It is read just before they leave, so that they show what is true then.
type Outgoing struct {
	Messages      []Message
	Conversations []Conversation
	Threads       []Thread                    // of the conversations, and of those that they continue
	Identities    []Identity                  // of the conversations and of the messages
	Subjects      map[ConversationID]string   // the subject of the first mail
	Keys          map[ConversationID][]string // of chats only: all known keys of the customer
	Places        map[DeliveryID]Posting      // where deliveries are in a surface
	Related       []Related                   // to the conversations
	Now           time.Time                   // Parley's clock

	// Of replies, by their messages. Behind is true if events that came before the reply's first attempt, such as an edit of
	// it, still wait to be applied. MissedAgo is how long ago events of the chat in which it was typed may last have been
	// missed.
	Behind    map[MessageID]bool
	MissedAgo map[MessageID]time.Duration
}

// LeavingReply is an agent's message that is about to leave.
type LeavingReply struct {
	Conversation ConversationID
	Message      MessageID
	Began        time.Time // when the first attempt began, by the database's clock
}

// Posting is the place of a delivery in a surface (an agents' chat).
type Posting struct {
	Channel string // where it was posted, perhaps in a thread that the conversation has left since; empty if that isn't known
	Thread  string // in Channel
	Message string // the surface's id of the post; empty until it is posted
	Coming  bool   // the delivery, or a part of it, is still to be posted
}

// postings finds the thread of a post. A conversation has a root (the first message of a thread) in each channel in which it
// was. Its post stands below the latest root that is older. Ids of messages rise with time, so they can be compared.
const postings = `
	SELECT delivery.id, delivery.external_id, delivery.state IN ('queued', 'sending', 'unknown'),
		coalesce(thread.channel, ''), coalesce(thread.message, '')
	FROM deliveries AS delivery
	LEFT JOIN lanes AS lane ON lane.id = delivery.lane_id
	LEFT JOIN LATERAL (
		SELECT root.channel, root.message
		FROM posts AS root
		JOIN posts AS post ON post.account_id = root.account_id AND post.channel = root.channel AND post.message = delivery.external_id
		WHERE root.conversation_id = lane.conversation_id AND root.account_id = lane.account_id AND root.kind = 'root'
			AND (length(root.message), root.message) <= (length(post.message), post.message)
		ORDER BY length(root.message) DESC, root.message DESC
		LIMIT 1) AS thread ON true
	WHERE delivery.id = ANY($1)`

const outgoingThreads = `
	SELECT conversation_id, account_id, channel, root, rerooted, card, doubt
	FROM threads
	WHERE conversation_id = ANY(ARRAY(
		SELECT unnest($1::bigint[])
		UNION
		SELECT previous_id FROM conversations WHERE id = ANY($1) AND previous_id IS NOT NULL))`

const outgoingIdentities = `
	` + identityWithRoot + `
	WHERE identity.id = ANY(ARRAY(
		SELECT identity_id FROM conversations WHERE id = ANY($1)
		UNION
		SELECT identity_id FROM messages WHERE id = ANY($2)))`

// firstSubjects reads the subject of the customer's first mail, or of ours if we wrote first. Later subjects, and the name
// that colleagues give the conversation, are not for the customer.
const firstSubjects = `
	SELECT given.id, coalesce((
		SELECT subject FROM messages
		WHERE conversation_id = given.id AND (direction = 'in' OR subject <> '')
		ORDER BY event_id, id
		LIMIT 1), '')
	FROM unnest($1::bigint[]) AS given(id)`

// outgoingKeys reads all addresses of the customers of chats (conversation.exclusive).
const outgoingKeys = `
	SELECT conversation.id, known.key
	FROM conversations AS conversation
	JOIN identities AS identity ON identity.id = conversation.identity_id
	CROSS JOIN LATERAL (
		SELECT root.id, root.key FROM identities AS root WHERE root.id = coalesce(identity.same_as, identity.id)
		UNION ALL
		SELECT other.id, other.key FROM identities AS other WHERE other.same_as = coalesce(identity.same_as, identity.id)) AS known
	WHERE conversation.id = ANY($1) AND conversation.exclusive
	ORDER BY known.id`

// behindReplies finds replies whose thread has events that are not applied yet, although they were stored before the
// reply's first attempt: an earlier text, an edit, or a deletion. It looks at two queues: that of the message's own event,
// and that of emojis under the message, which Slack reports without its thread. An event of a newer version of Parley
// counts for a minute only, since there may be no process that can apply it.
const behindReplies = `
	SELECT reply.id
	FROM unnest($1::bigint[], $2::timestamptz[]) AS reply(id, began)
	JOIN messages AS message ON message.id = reply.id
	LEFT JOIN events AS said ON said.id = message.event_id
	WHERE EXISTS (
		SELECT FROM queues AS queue
		JOIN events AS next ON next.id = queue.first_event
		WHERE queue.key IN (said.order_key, message.account_id || '/' || message.channel || ':' || message.place)
			AND next.received_at < reply.began
			AND (queue.version <= ` + factVersion + ` OR next.received_at > (SELECT clock_timestamp()) - interval '1 minute'))`

// ThreadWaits reports whether the thread of a message has events that are not applied yet, whenever they were stored.
func ThreadWaits(ctx context.Context, q Querier, m *Message) (bool, error) {
	const waits = `SELECT EXISTS (` + behindReplies + `)`
	ever := []pgtype.Timestamptz{{Valid: true, InfinityModifier: pgtype.Infinity}}
	return query.Value[bool](ctx, q, "thread", waits, []MessageID{m.ID}, ever)
}

// EmojiWaits reports whether an emoji under a message is still to be applied. Emojis have a queue for each message, since
// surfaces report them without the thread. One that was stored longer ago than within doesn't count: it can't be applied.
func EmojiWaits(ctx context.Context, q Querier, surface AccountID, channel, message string, within time.Duration) (bool, error) {
	const waits = `
		SELECT EXISTS (
			SELECT FROM queues
			JOIN events ON events.id = queues.first_event
			WHERE queues.key = $1 AND events.received_at > (SELECT clock_timestamp()) - make_interval(secs => $2))`
	return query.Value[bool](ctx, q, "emoji", waits, OrderKey(surface, channel+":"+message), within.Seconds())
}

// Leaving says what LoadOutgoing reads for deliveries that were claimed together.
type Leaving struct {
	Conversations []ConversationID
	Cards         []ConversationID // conversations whose posts also show related conversations
	Messages      []MessageID
	Replies       []LeavingReply // for Outgoing.Subjects, Keys and Behind
	Posted        []DeliveryID   // for Outgoing.Places
}

// LoadOutgoing reads what l names, in one round trip.
func LoadOutgoing(ctx context.Context, q Batcher, l Leaving) (*Outgoing, error) {
	o := &Outgoing{
		Subjects:  map[ConversationID]string{},
		Keys:      map[ConversationID][]string{},
		Places:    map[DeliveryID]Posting{},
		Behind:    map[MessageID]bool{},
		MissedAgo: map[MessageID]time.Duration{},
	}

	var batch pgx.Batch
	batch.Queue(query.OnePlan)
	if len(l.Replies) > 0 { // before the messages are read: what is applied by now must show in them
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
		o.queueSubjectsAndKeys(&batch, l.Replies)
	}

	if len(l.Posted) > 0 {
		batch.Queue(postings, l.Posted).Query(func(rows pgx.Rows) error {
			var id DeliveryID
			var at Posting
			_, err := pgx.ForEachRow(rows, []any{&id, &at.Message, &at.Coming, &at.Channel, &at.Thread}, func() error {
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

// queueBehind adds the queries for Behind and MissedAgo.
func (o *Outgoing) queueBehind(batch *pgx.Batch, replies []LeavingReply) {
	var messages []MessageID
	var began []time.Time
	for _, r := range replies {
		messages = append(messages, r.Message)
		began = append(began, r.Began)
	}

	batch.Queue(gapsOfMessages, messages).Query(func(rows pgx.Rows) error {
		var id MessageID
		var seconds float64
		_, err := pgx.ForEachRow(rows, []any{&id, &seconds}, func() error {
			o.MissedAgo[id] = Seconds(seconds)
			return nil
		})
		return err
	})

	batch.Queue(behindReplies, messages, began).Query(func(rows pgx.Rows) error {
		var id MessageID
		_, err := pgx.ForEachRow(rows, []any{&id}, func() error {
			o.Behind[id] = true
			return nil
		})
		return err
	})
}

// queueSubjectsAndKeys adds the queries for Subjects and Keys.
func (o *Outgoing) queueSubjectsAndKeys(batch *pgx.Batch, replies []LeavingReply) {
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
