package store

import (
	"context"
	"encoding/json"
	"time"

	"parley/store/internal/query"
)

// Thread is a conversation's mirror in a surface, which is a chat where agents work: Slack or Teams. Its first message is
// called the root.
type Thread struct {
	ConversationID ConversationID `db:"conversation_id" json:"conversation_id"`
	AccountID      AccountID      `db:"account_id" json:"account_id"` // the surface
	Channel        string         `db:"channel" json:"channel"`
	Root           string         `db:"root" json:"root"`         // the surface's id of the thread's first message; "" until it is posted
	Rerooted       int            `db:"rerooted" json:"rerooted"` // how often it got a new root
	Card           string         `db:"card" json:"card"`         // a digest of what the root will show once all queued cards are posted
	Doubt          Doubt          `db:"doubt" json:"doubt"`
}

// Doubt says whether a thread's root may be there twice, because it was posted again when nobody could tell whether it had
// been posted. It is empty if the root is there once.
type Doubt string

// Doubts.
const (
	DoubtSought Doubt = "sought" // another root is looked for
	DoubtStays  Doubt = "stays"  // another root was found, or nobody could look for one
)

const getThreads = `
	SELECT conversation_id, account_id, channel, root, rerooted, card, doubt
	FROM threads
	WHERE conversation_id = ANY($1)`

// Threads reads the threads of conversations.
func Threads(ctx context.Context, q Querier, conversations []ConversationID) ([]Thread, error) {
	return query.Collect[Thread](ctx, q, "threads", getThreads, conversations)
}

const upsertThreads = `
	INSERT INTO threads (conversation_id, account_id, channel, root, rerooted, card)
	SELECT conversation_id, account_id, channel, root, rerooted, card
	FROM json_populate_recordset(NULL::threads, $1)
	ORDER BY conversation_id, account_id
	ON CONFLICT (conversation_id, account_id) DO UPDATE
	SET channel = EXCLUDED.channel, root = EXCLUDED.root, rerooted = EXCLUDED.rerooted, card = EXCLUDED.card`

// UpsertThreads writes threads.
func UpsertThreads(ctx context.Context, q Execer, rows []Thread) error {
	return execRows(ctx, q, "upsert threads", upsertThreads, rows)
}

const setCards = `
	UPDATE threads
	SET card = given.card
	FROM json_populate_recordset(NULL::threads, $1) AS given
	WHERE threads.conversation_id = given.conversation_id AND threads.account_id = given.account_id`

// SetCards writes Card and nothing else, so that it can't overwrite a root that is recorded meanwhile.
func SetCards(ctx context.Context, q Execer, rows []Thread) error {
	return execRows(ctx, q, "set cards", setCards, rows)
}

const setDoubts = `
	UPDATE threads
	SET doubt = given.doubt
	FROM json_populate_recordset(NULL::threads, $1) AS given
	WHERE threads.conversation_id = given.conversation_id AND threads.account_id = given.account_id AND threads.root = given.root`

// SetDoubts writes Doubt of threads that still have their root.
func SetDoubts(ctx context.Context, q Execer, rows []Thread) error {
	return execRows(ctx, q, "set doubts", setDoubts, rows)
}

const doubted = `SELECT EXISTS (SELECT FROM threads WHERE account_id = $1 AND channel = $2 AND doubt <> '')`

// Doubted returns whether the root of a thread in a channel may be there twice.
func Doubted(ctx context.Context, q Querier, surface AccountID, channel string) (bool, error) {
	return query.Value[bool](ctx, q, "doubted roots", doubted, surface, channel)
}

// Post is a message in a surface that belongs to a conversation, whether Parley posted it or a person typed it. By its
// post, Parley finds the conversation when a person edits the message, puts an emoji on it or answers below it.
//
// The Kind of our own messages is a bridge.PostKind, such as root, said, files or line. There are four more kinds:
//   - human: a person typed it.
//   - early: an edit or a deletion of it came, but the message itself has not come yet.
//   - told: no message. It remembers that a person was told something that is said only once.
//   - form: no message. It remembers which message a form became, because a form may be handed in again.
type Post struct {
	AccountID      AccountID       `db:"account_id" json:"account_id"`
	Channel        string          `db:"channel" json:"channel"`
	Message        string          `db:"message" json:"message"`
	ConversationID ConversationID  `db:"conversation_id" json:"conversation_id"`
	MessageID      MessageID       `db:"message_id" json:"message_id"`
	Kind           string          `db:"kind" json:"kind"`
	Version        string          `db:"version" json:"version"` // of a message that was edited: the surface's version of it
	Early          json.RawMessage `db:"early" json:"early"`     // an edit or a typed text that can't be applied yet; retention removes it in time
}

const earlyPosts = `
	SELECT account_id, channel, message, conversation_id, message_id, kind, version, early
	FROM posts
	WHERE conversation_id = ANY($1) AND kind = 'early'`

// EarlyPosts returns edits in the threads of conversations whose messages have not come yet.
func EarlyPosts(ctx context.Context, q Querier, conversations []ConversationID) ([]Post, error) {
	return query.Collect[Post](ctx, q, "early posts", earlyPosts, conversations)
}

// findPosts also finds posts of a channel that got a new id: their rows may still have the former one, and are returned
// with the current one. The subqueries make PostgreSQL begin with the moves, of which there are few. Without statistics
// of the tables it would read all posts of the account for each message.
const findPosts = `
	SELECT account_id, channel, message, conversation_id, message_id, kind, version, early
	FROM posts
	WHERE (account_id, channel, message) IN (SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[]))
	UNION ALL
	SELECT post.account_id, move.current, post.message, post.conversation_id, post.message_id, post.kind, post.version, post.early
	FROM unnest($1::bigint[], $2::text[], $3::text[]) AS given(account_id, channel, message)
	CROSS JOIN LATERAL (
		SELECT former, current
		FROM channel_moves
		WHERE account_id = given.account_id AND current = given.channel AND done_at IS NULL
		OFFSET 0) AS move
	CROSS JOIN LATERAL (
		SELECT *
		FROM posts
		WHERE account_id = given.account_id AND channel = move.former AND message = given.message
		LIMIT 1) AS post`

// FindPosts looks up posts by account, channel and message (parallel lists).
func FindPosts(ctx context.Context, q Querier, accounts []AccountID, channels, messages []string) ([]Post, error) {
	if len(accounts) == 0 {
		return nil, nil
	}
	return query.Collect[Post](ctx, q, "posts", findPosts, accounts, channels, messages)
}

// A root that is being posted is the first delivery (the head) of its conversation's lane, until its result and its post
// are written in one transaction. So rootComing sees either the head or the post.
const rootComing = `
	SELECT EXISTS (SELECT FROM posts WHERE account_id = $1 AND channel = $2 AND message = $3)
		OR EXISTS (
			SELECT FROM gates
			JOIN lanes ON lanes.gate_id = gates.id
				AND lanes.priority = 0 -- its root has not landed
				AND lanes.due_at IS NOT NULL -- something waits in it
				AND lanes.epoch > 0 -- it was claimed, so an attempt may have begun
			JOIN deliveries AS head ON head.lane_id = lanes.id AND head.seq = lanes.head + 1
			WHERE gates.account_id = $1 AND head.kind = 'root' AND head.first_at IS NOT NULL)
		OR EXISTS (SELECT FROM threads WHERE account_id = $1 AND channel = $2 AND doubt = 'sought')
		OR EXISTS (SELECT FROM queues WHERE account_id = $1 AND first_event < $4)`

// RootComing returns whether a surface's message is a recorded post, or may be a root that is recorded soon. It may be
// such a root in three cases:
//   - A root is being posted, and the result is not known yet.
//   - A root of the channel may be there twice, and the other one is looked for.
//   - An event of the surface that is older than event waits to be applied. It may say that the channel has a new id.
func RootComing(ctx context.Context, q Querier, surface AccountID, channel, message string, event EventID) (bool, error) {
	return query.Value[bool](ctx, q, "root coming", rootComing, surface, channel, message, event)
}

// upsertPosts sets kept_at only in posts of which package retention removes something in time: those with an early text,
// and those of the kind told in a channel. Those of a conversation are removed with the conversation's lanes.
const upsertPosts = `
	INSERT INTO posts (account_id, channel, message, conversation_id, message_id, kind, version, early, kept_at)
	SELECT account_id, channel, message, conversation_id, message_id, kind, version, early,
		CASE WHEN early IS NOT NULL OR (kind = 'told' AND conversation_id = 0) THEN (SELECT parley_now()) END
	FROM json_populate_recordset(NULL::posts, $1)
	ORDER BY account_id, channel, message
	ON CONFLICT (account_id, channel, message) DO UPDATE
	SET conversation_id = EXCLUDED.conversation_id, message_id = EXCLUDED.message_id, kind = EXCLUDED.kind,
		version = EXCLUDED.version, early = EXCLUDED.early, kept_at = EXCLUDED.kept_at`

// UpsertPosts writes posts. Rows must be unique.
func UpsertPosts(ctx context.Context, q Execer, rows []Post) error {
	return execRows(ctx, q, "upsert posts", upsertPosts, rows)
}

// isOpen is the condition of the indexes of open conversations, such as conversations_pressing.
const isOpen = `conversation.kind = 'customer' AND conversation.status IN ('open', 'pending', 'snoozed')`

// threadChannels returns a channel whose id is being replaced with its current id. It looks at open conversations alone,
// however many have ended.
const threadChannels = `
	SELECT DISTINCT channel FROM team_channels WHERE account_id = $1
	UNION
	SELECT DISTINCT surface_channel FROM accounts WHERE surface_id = $1 AND surface_channel <> ''
	UNION
	SELECT coalesce(move.current, open.channel)
	FROM (
		SELECT DISTINCT thread.channel
		FROM conversations AS conversation
		JOIN threads AS thread ON thread.conversation_id = conversation.id AND thread.account_id = $1 AND thread.root <> ''
		WHERE ` + isOpen + `) AS open
	LEFT JOIN channel_moves AS move ON move.account_id = $1 AND move.former = open.channel`

// ThreadChannels returns the channels of a surface in which teams or accounts open threads, and those in
// which open conversations have threads, since teams and accounts may have got other channels meanwhile.
func ThreadChannels(ctx context.Context, q Batcher, surface AccountID) ([]string, error) {
	type row struct {
		Channel string `db:"channel"`
	}
	rows, err := query.CollectOnePlan[row](ctx, q, "thread channels", threadChannels, surface)
	if err != nil {
		return nil, err
	}
	list := make([]string, 0, len(rows))
	for _, r := range rows {
		list = append(list, r.Channel)
	}
	return list, nil
}

const openThreads = `
	SELECT thread.conversation_id, thread.account_id, coalesce(move.current, thread.channel) AS channel, thread.root, thread.rerooted,
		thread.card, thread.doubt
	FROM conversations AS conversation
	JOIN threads AS thread ON thread.conversation_id = conversation.id AND thread.account_id = $1 AND thread.root <> ''
	LEFT JOIN channel_moves AS move ON move.account_id = $1 AND move.former = thread.channel
	WHERE ` + isOpen + ` AND conversation.created_at < $2
	ORDER BY conversation.last_at DESC, conversation.id
	LIMIT $3`

// OpenThreads returns the threads of open conversations that began before a time, those with the latest messages first.
func OpenThreads(ctx context.Context, q Querier, surface AccountID, before time.Time, limit int) ([]Thread, error) {
	return query.Collect[Thread](ctx, q, "open threads", openThreads, surface, before, limit)
}
