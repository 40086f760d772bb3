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

// Outgoing is the data from which a batch of deliveries is rendered: replies to customers, and posts in the agents' chats,
// which are called surfaces. It is read just before the deliveries are sent, so that they show the current state.
type Outgoing struct {
	Messages      []Message
	Conversations []Conversation
	Threads       []Thread   // of the conversations, and of their predecessors
	Identities    []Identity // of the conversations and of the messages
	Subjects      map[ConversationID]Subjects
	Keys          map[ConversationID][]string // all known addresses of the customer; only for chats
	Places        map[DeliveryID]Posting      // where deliveries were posted
	Related       []Related                   // conversations that cards mention
	Now           time.Time                   // parley_now(), the database's clock, which tests can move

	// Whether a reply may be outdated, by its message. Behind is true if earlier events of its thread, such as an edit of the
	// reply, have not been applied yet. MissedAgo is the time since Parley may last have missed events of the surface, while
	// its connection was broken, for example.
	Behind    map[MessageID]bool
	MissedAgo map[MessageID]time.Duration
}

// LeavingReply is a reply of an agent that is about to be sent.
type LeavingReply struct {
	Conversation ConversationID
	Message      MessageID
	Began        time.Time // start of the first attempt, by the database's clock
}

// Posting is where a delivery was posted in a surface.
type Posting struct {
	Channel string // empty if unknown
	Thread  string // the thread in Channel, perhaps a former one of the conversation
	Message string // id of the post; empty until it is posted
	Coming  bool   // the delivery, or a part of it, has not been posted yet
}

// postings finds the thread of each post. A conversation that moved between channels has a root, the first post of a thread,
// in each of them. A post belongs to the latest root before it; message ids rise with time, so comparing them is enough. A
// question aside begins a thread of its own.
const postings = `
	SELECT delivery.id, delivery.external_id, delivery.state IN ('queued', 'sending', 'unknown'),
		coalesce(aside.channel, thread.channel, ''), coalesce(aside.message, thread.message, '')
	FROM deliveries AS delivery
	LEFT JOIN lanes AS lane ON lane.id = delivery.lane_id
	LEFT JOIN LATERAL (
		SELECT post.channel, post.message
		FROM posts AS post
		WHERE post.conversation_id = lane.conversation_id AND post.kind IN ('aside', 'asked')
			AND post.account_id = lane.account_id AND post.message = delivery.external_id) AS aside ON true
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

// Subjects are the subjects of two mails: the customer's first one, or ours if we wrote first, and the one that the next
// reply answers. Customers see neither those of others in the thread, nor the topic that colleagues give the conversation.
type Subjects struct{ First, Answered string }

const replySubjects = `
	SELECT given.id, coalesce((
		SELECT subject FROM messages
		WHERE conversation_id = given.id AND (direction = 'in' OR subject <> '')
		ORDER BY event_id, id
		LIMIT 1), ''), coalesce(answered.subject, '')
	FROM unnest($1::bigint[]) AS given(id)
	JOIN conversations AS conversation ON conversation.id = given.id
	LEFT JOIN external_ids AS answer
		ON answer.account_id = conversation.account_id AND answer.external_id = conversation.last_external_id
	LEFT JOIN messages AS answered ON answered.id = answer.message_id AND answered.conversation_id = given.id`

// outgoingKeys reads all addresses of the customers of chats. The column exclusive marks chats.
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

// behindReplies selects replies whose thread has events that were stored before the reply's first attempt, but have not been
// applied yet: an edit or a deletion of the reply, or an earlier message. It checks the queue of the message's own event, and
// the queue of emojis below the message, which Slack reports without the thread. An event of a newer version of Parley
// counts for only a minute, because there may be no process left that can apply it.
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

// ThreadWaits reports whether the thread of a message has events that have not been applied yet.
func ThreadWaits(ctx context.Context, q Querier, m *Message) (bool, error) {
	const waits = `SELECT EXISTS (` + behindReplies + `)`
	atAnyTime := []pgtype.Timestamptz{{Valid: true, InfinityModifier: pgtype.Infinity}}
	return query.Value[bool](ctx, q, "thread", waits, []MessageID{m.ID}, atAnyTime)
}

// EmojiWaits reports whether an emoji below a message has not been applied yet. Emojis have a queue per message, because
// surfaces report them without the thread. Emojis that were stored longer ago than within are ignored as not applicable.
func EmojiWaits(ctx context.Context, q Querier, surface AccountID, channel, message string, within time.Duration) (bool, error) {
	const waits = `
		SELECT EXISTS (
			SELECT FROM queues
			JOIN events ON events.id = queues.first_event
			WHERE queues.key = $1 AND events.received_at > (SELECT clock_timestamp()) - make_interval(secs => $2))`
	return query.Value[bool](ctx, q, "emoji", waits, OrderKey(surface, channel+":"+message), within.Seconds())
}

// Leaving lists what LoadOutgoing has to read for a batch of deliveries.
type Leaving struct {
	Conversations []ConversationID
	Cards         []ConversationID // conversations whose cards also mention related ones
	Messages      []MessageID
	Replies       []LeavingReply // for Outgoing.Subjects, Keys and Behind
	Posted        []DeliveryID   // for Outgoing.Places
}

// LoadOutgoing reads what l lists, in one round trip.
func LoadOutgoing(ctx context.Context, q Batcher, l Leaving) (*Outgoing, error) {
	o := &Outgoing{
		Subjects:  map[ConversationID]Subjects{},
		Keys:      map[ConversationID][]string{},
		Places:    map[DeliveryID]Posting{},
		Behind:    map[MessageID]bool{},
		MissedAgo: map[MessageID]time.Duration{},
	}

	var batch pgx.Batch
	batch.Queue(query.OnePlan)
	if len(l.Replies) > 0 { // first: an event that is applied between the queries must show in the messages
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
		o.queuePlaces(&batch, l.Posted)
	}

	if err := q.SendBatch(ctx, &batch).Close(); err != nil {
		return nil, fmt.Errorf("store: outgoing: %w", err)
	}
	return o, nil
}

// queuePlaces adds the query for Places.
func (o *Outgoing) queuePlaces(batch *pgx.Batch, posted []DeliveryID) {
	batch.Queue(postings, posted).Query(func(rows pgx.Rows) error {
		var id DeliveryID
		var at Posting
		_, err := pgx.ForEachRow(rows, []any{&id, &at.Message, &at.Coming, &at.Channel, &at.Thread}, func() error {
			o.Places[id] = at
			return nil
		})
		return err
	})
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

	batch.Queue(replySubjects, answered).Query(func(rows pgx.Rows) error {
		var id ConversationID
		var subjects Subjects
		_, err := pgx.ForEachRow(rows, []any{&id, &subjects.First, &subjects.Answered}, func() error {
			o.Subjects[id] = subjects
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
