package store

import (
	"context"
	"time"

	"parley/store/internal/query"
)

// MessageTag is a tag of a single message.
type MessageTag struct {
	MessageID MessageID `db:"message_id" json:"message_id"`
	Tag       string    `db:"tag" json:"tag"`
	AgentID   AgentID   `db:"agent_id" json:"agent_id"`
	At        time.Time `db:"at" json:"at"` // when it was tagged
}

const addToMessages = `
	INSERT INTO message_tags (message_id, tag, agent_id, at)
	SELECT message_id, tag, agent_id, at
	FROM json_populate_recordset(NULL::message_tags, $1)
	ORDER BY message_id, tag
	ON CONFLICT DO NOTHING`

// TagMessages adds tags to messages. Those that a message has already stay as they are.
func TagMessages(ctx context.Context, q Execer, rows []MessageTag) error {
	body, err := query.JSON(rows)
	if err != nil {
		return err
	}
	return query.Exec(ctx, q, "tag messages", addToMessages, body)
}

const removeFromMessages = `DELETE FROM message_tags WHERE message_id = ANY($1) AND tag = ANY($2)`

// UntagMessages removes tags from messages.
func UntagMessages(ctx context.Context, q Execer, messages []MessageID, tags []string) error {
	return query.Exec(ctx, q, "untag messages", removeFromMessages, messages, tags)
}

const ofMessages = `
	SELECT message_id, tag, agent_id, at
	FROM message_tags
	WHERE message_id = ANY($1)
	ORDER BY at, tag`

// TagsOfMessages returns the tags of messages.
func TagsOfMessages(ctx context.Context, q Querier, messages []MessageID) ([]MessageTag, error) {
	return query.Collect[MessageTag](ctx, q, "tags of messages", ofMessages, messages)
}

// Tagging selects tags of messages by the days on which they were given.
type Tagging struct {
	From, To string // yyyy-mm-dd, both included
	Account  AccountID
	Teams    []TeamID // nil means all
	Tags     []string // nil means all
	Agent    AgentID  // only in conversations of this one; 0 means all
}

const tagging = `
	FROM message_tags AS t
	JOIN messages AS m ON m.id = t.message_id
	JOIN conversations AS c ON c.id = m.conversation_id
	WHERE t.at >= $1::date AND t.at < $2::date + 1 AND (c.account_id = $3 OR $3 = 0) AND (c.team_id = ANY($4) OR $4::bigint[] IS NULL)
		AND (t.tag = ANY($5) OR $5::text[] IS NULL) AND ($6::bigint = 0 OR c.assignees @> ARRAY[$6::bigint])`

// TagCount is how many messages have a tag.
type TagCount struct {
	Tag      string `db:"tag"`
	Messages int    `db:"messages"`
}

// CountTaggedMessages returns how many messages got each tag, the most frequent first.
func CountTaggedMessages(ctx context.Context, q Querier, g Tagging) ([]TagCount, error) {
	return query.Collect[TagCount](ctx, q, "count tagged messages",
		`SELECT t.tag, count(*)::int AS messages`+tagging+` GROUP BY t.tag ORDER BY messages DESC, t.tag`, g.arguments()...)
}

// TaggedMessage is a tag of a message, with the beginning of its text in Markdown.
type TaggedMessage struct {
	Tag            string         `db:"tag"`
	At             time.Time      `db:"at"`
	ConversationID ConversationID `db:"conversation_id"`
	Text           string         `db:"text"`
}

// TaggedMessages returns the tags that were given last, at most limit.
func TaggedMessages(ctx context.Context, q Querier, g Tagging, limit int) ([]TaggedMessage, error) {
	return query.Collect[TaggedMessage](ctx, q, "list tagged messages",
		`SELECT t.tag, t.at, m.conversation_id, left(findable_text(m.text, m.fate, m.reason, m.revision), 300) AS text`+tagging+`
	ORDER BY t.at DESC, t.message_id, t.tag LIMIT $7`, append(g.arguments(), limit)...)
}

func (g Tagging) arguments() []any { return []any{g.From, g.To, g.Account, g.Teams, g.Tags, g.Agent} }
