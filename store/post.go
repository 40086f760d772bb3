package store

import (
	"context"
	"encoding/json"

	"parley/store/internal/query"
)

// Post is a message in a surface, which is a chat where agents work, such as Slack or Teams. Parley posted it, or a
// person typed it. Post maps the message to its conversation with a customer: when an agent edits the message, reacts to
// it with an emoji or answers below it, Parley looks up the conversation here.
//
// For a message that Parley posted, Kind is a bridge.PostKind, such as root, said, files or line. There are four more
// kinds, beside those of questions aside:
//   - human: a person typed it.
//   - early: an edit or a deletion of the message has arrived before the message itself.
//   - told: not a message. It records that a person was given a notice that is given only once.
//   - form: not a message. It records which message a submitted form became, because a form may be submitted again.
type Post struct {
	AccountID      AccountID       `db:"account_id" json:"account_id"`
	Channel        string          `db:"channel" json:"channel"`
	Message        string          `db:"message" json:"message"`
	ConversationID ConversationID  `db:"conversation_id" json:"conversation_id"`
	MessageID      MessageID       `db:"message_id" json:"message_id"`
	Kind           string          `db:"kind" json:"kind"`
	Version        string          `db:"version" json:"version"` // the surface's version of an edited message; "" if it wasn't edited
	Early          json.RawMessage `db:"early" json:"early"`     // an edit or a text that can't be applied yet; it expires (retention*.go)
}

// Kinds of posts of questions aside.
const (
	PostAside  = "aside"  // begins a thread in a channel
	PostAsked  = "asked"  // asks one person, in a direct message
	PostAnswer = "answer" // typed below one of these
)

// IsAside reports whether the message belongs to a question aside, where nothing is a reply or a command.
func (p *Post) IsAside() bool {
	return p.Kind == PostAside || p.Kind == PostAsked || p.Kind == PostAnswer
}

const earlyPosts = `
	SELECT account_id, channel, message, conversation_id, message_id, kind, version, early
	FROM posts
	WHERE conversation_id = ANY($1) AND kind = 'early'`

// EarlyPosts reads the posts of kind early in the threads of conversations.
func (p *Pipeline) EarlyPosts(list *[]Post, conversations []ConversationID) {
	if len(conversations) > 0 {
		read(p, list, earlyPosts, conversations)
	}
}

// findPosts has a second half for channels that have got a new id. While a row in channel_moves is not done, posts may
// still have the former id; findPosts returns them with the current one. The LATERAL subqueries make PostgreSQL begin
// with the few rows of channel_moves. Otherwise, while the tables have no statistics, it would read all posts of the
// account for each message.
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

// FindPosts looks up posts. The three slices are parallel: a post is identified by accounts[i], channels[i] and
// messages[i]. The result has no particular order, and leaves out posts that don't exist.
func FindPosts(ctx context.Context, q Querier, accounts []AccountID, channels, messages []string) ([]Post, error) {
	if len(accounts) == 0 {
		return nil, nil
	}
	return query.Collect[Post](ctx, q, "posts", findPosts, accounts, channels, messages)
}

// rootComing can't miss a root between "being posted" and "posted". A root that is being posted is the head of its
// conversation's lane, which is a queue of deliveries that leave one after the other. The transaction that takes it off
// the lane also inserts its post, so this query sees either of them.
const rootComing = `
	SELECT EXISTS (SELECT FROM posts WHERE account_id = $1 AND channel = $2 AND message = $3)
		OR EXISTS (
			SELECT FROM gates
			JOIN lanes ON lanes.gate_id = gates.id
				AND lanes.priority = 0 -- its root has not been posted yet
				AND lanes.due_at IS NOT NULL -- it is not empty
				AND lanes.epoch > 0 -- it was claimed, so an attempt may have begun
			JOIN deliveries AS head ON head.lane_id = lanes.id AND head.seq = lanes.head + 1
			WHERE gates.account_id = $1 AND head.kind = 'root' AND head.first_at IS NOT NULL)
		OR EXISTS (SELECT FROM threads WHERE account_id = $1 AND channel = $2 AND doubt = 'sought')
		OR EXISTS (SELECT FROM queues WHERE account_id = $1 AND first_event < $4)`

// RootComing reports whether a message in a surface is a recorded post, or may be the root of a thread that is about to
// be recorded. For example, an agent may answer below a root before Parley has recorded that it was posted. The message
// may be such a root in three cases:
//   - A root is being posted, and the result is not known yet.
//   - The channel may have two copies of a root, and the other copy is being looked for; see Doubt.
//   - An event of the surface older than event has not been applied yet. It may say that the channel has a new id.
func RootComing(ctx context.Context, q Querier, surface AccountID, channel, message string, event EventID) (bool, error) {
	return query.Value[bool](ctx, q, "root coming", rootComing, surface, channel, message, event)
}

// upsertPosts sets kept_at only in posts that retention*.go cleans up by age: those with Early, and those of kind
// told that belong to no conversation. Posts of a conversation are removed together with its lanes.
const upsertPosts = `
	INSERT INTO posts (account_id, channel, message, conversation_id, message_id, kind, version, early, kept_at)
	SELECT account_id, channel, message, conversation_id, message_id, kind, version, early,
		CASE WHEN early IS NOT NULL OR (kind = 'told' AND conversation_id = 0) THEN (SELECT parley_now()) END
	FROM json_populate_recordset(NULL::posts, $1)
	ORDER BY account_id, channel, message
	ON CONFLICT (account_id, channel, message) DO UPDATE
	SET conversation_id = EXCLUDED.conversation_id, message_id = EXCLUDED.message_id, kind = EXCLUDED.kind,
		version = EXCLUDED.version, early = EXCLUDED.early, kept_at = EXCLUDED.kept_at`

// UpsertPosts inserts posts, or updates those that exist. No two rows may have the same account, channel and message.
func UpsertPosts(ctx context.Context, q Execer, rows []Post) error {
	return execRows(ctx, q, "upsert posts", upsertPosts, rows)
}

const postsInThreads = `
	SELECT p.account_id, p.channel, p.message, p.conversation_id, p.message_id, p.kind, p.version, p.early, coalesce((
			SELECT max(r.message) FROM posts AS r
			WHERE r.conversation_id = $1 AND r.kind = 'root' AND r.account_id = p.account_id AND r.channel = p.channel AND r.message <= p.message),
		'') AS thread
	FROM posts AS p
	WHERE p.conversation_id = $1 AND p.channel <> '' AND p.kind IN ('root', 'said', 'files', 'line') AND p.version <> 'erased'
	ORDER BY p.kind = 'root', p.account_id, p.channel, p.message`

// PostInThread is a post of Parley's in a conversation's thread.
type PostInThread struct {
	Post
	Thread string `db:"thread"`
}

// PostsInThreads returns what Parley has posted in a conversation's threads, their roots last.
func PostsInThreads(ctx context.Context, q Querier, conversation ConversationID) ([]PostInThread, error) {
	return query.Collect[PostInThread](ctx, q, "posts in threads", postsInThreads, conversation)
}
