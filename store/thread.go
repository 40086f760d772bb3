package store

import (
	"context"
	"time"

	"parley/store/internal/query"
)

// Thread mirrors a customer's conversation in a surface, which is a chat where agents work, such as Slack or Teams. For
// example, a customer's mail to support@acme.test becomes a thread in the Slack channel #support, and the replies that
// agents type there go to the customer. The first message of the thread, the root, is a card: a summary of the
// conversation that Parley keeps up to date.
type Thread struct {
	ConversationID ConversationID `db:"conversation_id" json:"conversation_id"`
	AccountID      AccountID      `db:"account_id" json:"account_id"` // the surface
	Channel        string         `db:"channel" json:"channel"`       // the surface's id of the channel
	Root           string         `db:"root" json:"root"`             // the surface's id of the root; "" until it is posted
	Rerooted       int            `db:"rerooted" json:"rerooted"`     // how often the thread got a new root
	Card           string         `db:"card" json:"card"`             // a digest of the card as it is once all queued updates are posted
	Doubt          Doubt          `db:"doubt" json:"doubt"`           // "" if the root was posted exactly once
}

// Doubt says whether the surface may have two copies of a thread's root. That can happen if the response to the request
// that posted the root was lost: Parley then posts the root again, although the first request may have succeeded.
type Doubt string

// Values of Doubt, besides "".
const (
	DoubtSought Doubt = "sought" // Parley is looking for the other copy
	DoubtStays  Doubt = "stays"  // the other copy was found, or the search was impossible or was given up
)

const getThreads = `
	SELECT conversation_id, account_id, channel, root, rerooted, card, doubt
	FROM threads
	WHERE conversation_id = ANY($1)`

// Threads returns the threads of conversations, in no particular order.
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

// UpsertThreads inserts threads, or updates those that exist. It doesn't write Doubt; see SetDoubts.
func UpsertThreads(ctx context.Context, q Execer, rows []Thread) error {
	return execRows(ctx, q, "upsert threads", upsertThreads, rows)
}

const setCards = `
	UPDATE threads
	SET card = given.card
	FROM json_populate_recordset(NULL::threads, $1) AS given
	WHERE threads.conversation_id = given.conversation_id AND threads.account_id = given.account_id`

// SetCards updates only the Card of threads, so that it can't overwrite a root that another transaction is recording.
func SetCards(ctx context.Context, q Execer, rows []Thread) error {
	return execRows(ctx, q, "set cards", setCards, rows)
}

const setDoubts = `
	UPDATE threads
	SET doubt = given.doubt
	FROM json_populate_recordset(NULL::threads, $1) AS given
	WHERE threads.conversation_id = given.conversation_id AND threads.account_id = given.account_id AND threads.root = given.root`

// SetDoubts updates only the Doubt of threads. It skips a thread whose root is no longer the given one.
func SetDoubts(ctx context.Context, q Execer, rows []Thread) error {
	return execRows(ctx, q, "set doubts", setDoubts, rows)
}

const mayHaveDuplicateRoot = `SELECT EXISTS (SELECT FROM threads WHERE account_id = $1 AND channel = $2 AND doubt <> '')`

// MayHaveDuplicateRoot reports whether a channel may have two copies of the root of some thread; see Doubt.
func MayHaveDuplicateRoot(ctx context.Context, q Querier, surface AccountID, channel string) (bool, error) {
	return query.Value[bool](ctx, q, "doubted roots", mayHaveDuplicateRoot, surface, channel)
}

// isOpen selects open conversations. It must match the condition of their partial indexes, such as conversations_pressing.
const isOpen = `conversation.kind = 'customer' AND conversation.status IN ('open', 'pending', 'snoozed')`

// threadChannels reads only open conversations, so that its cost doesn't grow with the number of closed ones. A surface
// may give a channel a new id; until all rows have the new one, channel_moves maps the former id to the current one.
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

// ThreadChannels returns the channels of a surface in which agents may work, each once:
//   - those that the settings name for teams and accounts, in which new threads open,
//   - those in which open conversations have threads, because the settings may have changed since.
func ThreadChannels(ctx context.Context, q Batcher, surface AccountID) ([]string, error) {
	type row struct {
		Channel string `db:"channel"`
	}
	rows, err := query.CollectOnePlan[row](ctx, q, "thread channels", threadChannels, surface)
	if err != nil {
		return nil, err
	}
	channels := make([]string, 0, len(rows))
	for _, r := range rows {
		channels = append(channels, r.Channel)
	}
	return channels, nil
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

// openAsides returns the threads of questions aside about open conversations, whose channel may be no team's.
const openAsides = `
	SELECT post.conversation_id, post.account_id, post.channel, post.message AS root, 0 AS rerooted, '' AS card, '' AS doubt
	FROM posts AS post
	JOIN conversations AS conversation ON conversation.id = post.conversation_id
	WHERE post.kind = 'aside' AND post.account_id = $1 AND ` + isOpen + `
	ORDER BY conversation.last_at DESC, conversation.id
	LIMIT $2`

// OpenThreads returns the threads of open conversations that began before a time, at most limit of them. Conversations
// with the latest messages come first; after them come all threads of questions aside. Channel is the channel's current id.
func OpenThreads(ctx context.Context, q Querier, surface AccountID, before time.Time, limit int) ([]Thread, error) {
	list, err := query.Collect[Thread](ctx, q, "open threads", openThreads, surface, before, limit)
	if err != nil {
		return nil, err
	}
	asides, err := query.Collect[Thread](ctx, q, "open asides", openAsides, surface, limit)
	return append(list, asides...), err
}
