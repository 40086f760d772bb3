package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"parley/store/internal/query"
)

// This file reads and writes messages, and the ids by which providers identify them.

// Message is one message of a conversation: from the customer, to the customer, or among agents (a note). Agents write
// messages in a thread of their chat, such as Slack, which is called the surface. A message's fate is its delivery status as
// people see it. For example, an agent's reply is FateWaiting, and then FateOut.
type Message struct {
	ID             MessageID      `db:"id" json:"id"`
	ConversationID ConversationID `db:"conversation_id" json:"conversation_id"`
	Direction      Direction      `db:"direction" json:"direction"`
	Fate           Fate           `db:"fate" json:"fate"`     // its status
	Reason         Reason         `db:"reason" json:"reason"` // why it has that fate
	MessageAuthor
	MessagePlace
	Subject string `db:"subject" json:"subject"`
	Text    string `db:"text" json:"text"` // canonical Markdown
	MessageExtras
	Automatic  string    `db:"automatic" json:"automatic"` // why it is considered automatic mail; empty if a person wrote it
	ExternalID string    `db:"external_id" json:"external_id"`
	EventID    EventID   `db:"event_id" json:"event_id"`
	Part       int       `db:"part" json:"part"` // index of the message in its event
	SaidAt     time.Time `db:"said_at" json:"said_at"`
	CreatedAt  time.Time `db:"created_at" json:"created_at"`
	MessageCharge

	ReplyTo string `db:"reply_to" json:"reply_to"` // the provider's id of the message that this one answers

	Promotional bool `db:"promotional" json:"promotional"` // its author marked it as advertising

	Revision *Revision `db:"revision" json:"revision"` // the customer's later edit or deletion; nil if none
}

// MessageAuthor is who wrote a message.
type MessageAuthor struct {
	AgentID    *AgentID    `db:"agent_id" json:"agent_id"`       // the author; nil if it isn't a known agent
	IdentityID *IdentityID `db:"identity_id" json:"identity_id"` // the author; nil if it isn't a customer
	AuthorUser SurfaceUser `db:"author_user" json:"author_user"` // the author's user id in the surface; if IsFromElsewhere, a name
}

// MessagePlace is where a message was written.
type MessagePlace struct {
	AccountID AccountID `db:"account_id" json:"account_id"` // the account on which it was written
	Channel   string    `db:"channel" json:"channel"`       // the channel in the surface
	Thread    string    `db:"thread" json:"thread"`         // id of the first post of its thread there; empty if unknown
	Place     string    `db:"place" json:"place"`           // the id of the message in the surface
}

// MessageExtras is what a message has beside its subject and text.
type MessageExtras struct {
	Quoted   string          `db:"quoted" json:"quoted"` // what a mail repeats of what was said before, in Markdown
	Notices  []string        `db:"notices" json:"notices"`
	Files    []FileRef       `db:"files" json:"files"`
	HasHTML  bool            `db:"has_html" json:"has_html"`
	Template json.RawMessage `db:"template" json:"template"` // the template that was sent; nil if none
	Rich     json.RawMessage `db:"rich" json:"rich"`         // buttons, a list, a location or a card in addition to the text; nil if none
}

// MessageCharge is what the provider charges for a message.
type MessageCharge struct {
	Parts int    `db:"parts" json:"parts"` // messages that the provider charges for it (SMS segments); 0 means one
	Cost  string `db:"cost" json:"cost"`   // the provider's price category; empty if unknown
}

// Revision is a customer's later edit or deletion of a message. The message's own text stays unchanged.
type Revision struct {
	Text    string    `json:"text"`              // the current text, or the last one before the deletion: canonical Markdown
	Notices []string  `json:"notices,omitempty"` // Parley's remarks about it
	At      time.Time `json:"at"`                // the time of the latest edit or deletion
	EventID EventID   `json:"event"`             // the event that reported it
	Deleted bool      `json:"deleted,omitempty"`
}

// CurrentText returns the text of a message after its customer's edits, in canonical Markdown.
func (m *Message) CurrentText() string {
	if m.Revision != nil {
		return m.Revision.Text
	}
	return m.Text
}

// IsDeleted reports whether the customer has deleted the message.
func (m *Message) IsDeleted() bool { return m.Revision != nil && m.Revision.Deleted }

// FileRef refers to a file of a message. An agent's file is read from the surface. A customer's file is read from the stored
// original message, such as a mail, by its index. If it had to be fetched from the provider, it is read from a blob.
type FileRef struct {
	Name        string          `json:"name"`
	ContentType string          `json:"type,omitempty"`
	SizeBytes   int64           `json:"size"`
	Index       int             `json:"index"`
	Inline      bool            `json:"inline,omitempty"`
	Surface     json.RawMessage `json:"surface,omitempty"` // the surface's reference to the file
	Fetched     bool            `json:"fetched,omitempty"` // it is not part of the original, but fetched separately
	Blob        string          `json:"blob,omitempty"`    // the fetched file
	Missing     string          `json:"missing,omitempty"` // why it could not be fetched, for people

	// A mail that repeats another message carries the file of that message with this index.
	Of      MessageID `json:"of,omitempty"`
	OfIndex int       `json:"of_index,omitempty"`
}

// Direction is the direction of a message.
type Direction string

// Directions.
const (
	DirectionIn   Direction = "in"   // from the customer
	DirectionOut  Direction = "out"  // to the customer
	DirectionNote Direction = "note" // among agents
)

// Fate is the status of a message.
type Fate string

// Fates.
const (
	FateIn      Fate = "in"      // a customer's message
	FateInside  Fate = "inside"  // only for agents
	FateAsk     Fate = "ask"     // its author must click Send first
	FateWaiting Fate = "waiting" // will be sent: it can still be taken back, or waits for its turn
	FateOut     Fate = "out"     // sent
	FateFailed  Fate = "failed"  // could not be sent
	FateUnclear Fate = "unclear" // it is unknown whether it arrived; a person has to decide
	FateParked  Fate = "parked"  // kept until it may be sent, for example when the reply window opens
	FateUndone  Fate = "undone"  // taken back before it was sent
	FateDropped Fate = "dropped" // a person decided not to send it
)

// Reason is a code for why a message has its fate. Package bridge defines most of them.
type Reason string

// Reasons that SQL statements compare.
const (
	ReasonElsewhere Reason = "elsewhere" // an answer that a person wrote without Parley, in the mailbox itself, for example
	ReasonMachine   Reason = "machine"   // the same, but most likely by a machine
	ReasonErased    Reason = "erased"    // the customer's data was erased on request, including the text
)

// IsFromElsewhere reports whether a message is an answer that was written without Parley.
func (m *Message) IsFromElsewhere() bool {
	return m.Reason == ReasonElsewhere || m.Reason == ReasonMachine
}

// HasOriginal reports whether a message was read from an original that arrived on a channel, such as a mail, which contains
// its files and HTML. WithOriginal is the same in SQL.
func (m *Message) HasOriginal() bool { return m.Direction == DirectionIn || m.IsFromElsewhere() }

// WithOriginal is the SQL equivalent of HasOriginal for the row m.
const WithOriginal = `(m.direction = 'in' OR m.reason IN ('` + string(ReasonElsewhere) + `', '` + string(ReasonMachine) + `'))`

const (
	messageColumns     = `quoted, ` + messageExceptQuoted
	messageWithoutPast = `'' AS quoted, ` + messageExceptQuoted // a quoted history can be as long as all earlier mails together

	messageExceptQuoted = `id, conversation_id, direction, fate, reason, agent_id, identity_id, author_user, account_id, channel,
	thread, place, subject, text, notices, files, has_html, automatic, external_id, event_id, part, said_at, created_at,
	parts, cost, template, rich, reply_to, promotional, revision`
)

const insertMessages = `
	INSERT INTO messages (` + messageColumns + `)
	SELECT ` + messageColumns + `
	FROM json_populate_recordset(NULL::messages, $1)`

// InsertMessages inserts messages.
func InsertMessages(ctx context.Context, q Execer, rows []Message) error {
	return execRows(ctx, q, "insert messages", insertMessages, withLists(rows))
}

const updateMessages = `
	UPDATE messages
	SET direction = given.direction, fate = given.fate, reason = given.reason, agent_id = given.agent_id, text = given.text,
		files = given.files, conversation_id = given.conversation_id, external_id = given.external_id, automatic = given.automatic,
		parts = given.parts, cost = given.cost, promotional = given.promotional, revision = given.revision
	FROM json_populate_recordset(NULL::messages, $1) AS given
	WHERE messages.id = given.id`

// UpdateMessages updates the fields of messages that may change; updateMessages lists them.
func UpdateMessages(ctx context.Context, q Execer, rows []Message) error {
	return execRows(ctx, q, "update messages", updateMessages, withLists(rows))
}

// withLists replaces nil lists in place, because JSON encodes them as null, which the columns don't allow.
func withLists(rows []Message) []Message {
	for i := range rows {
		rows[i].Notices = orEmpty(rows[i].Notices)
		rows[i].Files = orEmpty(rows[i].Files)
	}
	return rows
}

const getMessages = `SELECT ` + messageColumns + ` FROM messages WHERE id = ANY($1)`

// Messages returns messages by id, in no particular order.
func Messages(ctx context.Context, q Querier, ids ...MessageID) ([]Message, error) {
	return query.Collect[Message](ctx, q, "messages", getMessages, ids)
}

const listNotes = `
	SELECT ` + messageWithoutPast + `
	FROM (SELECT * FROM messages WHERE conversation_id = $1 OFFSET 0) AS message
	WHERE fate = 'inside' AND reason = 'note'
	ORDER BY id DESC
	LIMIT $2`

// ListNotes returns the newest notes of a conversation without quoted history, at most limit.
func ListNotes(ctx context.Context, q Querier, conversation ConversationID, limit int) ([]Message, error) {
	return query.Collect[Message](ctx, q, "notes", listNotes, conversation, limit)
}

const messagesOfPost = `
	SELECT ` + messageColumns + `
	FROM messages
	WHERE id IN (
		SELECT $1::bigint
		UNION
		SELECT other.message_id
		FROM deliveries AS first
		JOIN deliveries AS other ON other.joined = first.id AND other.sent_at = first.sent_at
		WHERE first.message_id = $1 AND first.message_id <> 0 AND first.kind = $2 AND other.joined <> 0)`

// MessagesOfPost returns the messages that one post in a surface shows: the given message, and those that were posted
// together with it. kind is the kind of the post's delivery.
func MessagesOfPost(ctx context.Context, q Querier, message MessageID, kind string) ([]Message, error) {
	return query.Collect[Message](ctx, q, "messages of a post", messagesOfPost, message, kind)
}

const messagesOfEvent = `SELECT ` + messageWithoutPast + ` FROM messages WHERE event_id = $1 AND conversation_id = $2`

// MessagesOfEvent returns the messages that an event caused in a conversation, in no particular order and without quoted
// history.
func MessagesOfEvent(ctx context.Context, q Querier, event EventID, conversation ConversationID) ([]Message, error) {
	return query.Collect[Message](ctx, q, "messages of an event", messagesOfEvent, event, conversation)
}

const saidSince = `
	SELECT id FROM messages
	WHERE conversation_id = $1 AND direction = 'in' AND created_at >= $2
	ORDER BY event_id, id`

// SaidSince returns what a customer said in a conversation since a time, the oldest first.
func SaidSince(ctx context.Context, q Querier, conversation ConversationID, since time.Time) ([]MessageID, error) {
	return query.Column[MessageID](ctx, q, "said since", saidSince, conversation, since)
}

const latestMessages = `
	SELECT ` + messageWithoutPast + `
	FROM unnest($1::bigint[]) AS given(conversation)
	CROSS JOIN LATERAL (
		SELECT * FROM messages
		WHERE conversation_id = given.conversation
		ORDER BY event_id DESC, id DESC
		LIMIT $2) AS newest`

// LatestMessages returns the newest messages of each conversation, at most perConversation of each, without quoted history.
// The messages whose events arrived last come first. (Ids are not in that order, because processes allocate them in blocks.)
func LatestMessages(ctx context.Context, q Querier, conversations []ConversationID, perConversation int) ([]Message, error) {
	return query.Collect[Message](ctx, q, "latest messages", latestMessages, conversations, perConversation)
}

const latestWithSaid = `
	SELECT ` + messageColumns + `
	FROM unnest($1::bigint[]) AS given(conversation)
	CROSS JOIN LATERAL (
		WITH newest AS (
			SELECT * FROM messages
			WHERE conversation_id = given.conversation
			ORDER BY event_id DESC, id DESC
			LIMIT $2)
		SELECT * FROM newest
		UNION ALL
		(SELECT *
		FROM (
			SELECT * FROM messages
			WHERE conversation_id = given.conversation
			ORDER BY event_id DESC, id DESC
			OFFSET $2 LIMIT 50) AS earlier
		WHERE direction <> 'note'
		LIMIT (SELECT greatest($3 - count(*), 0) FROM newest WHERE direction <> 'note'))) AS latest`

// PersonsReasons returns the values of Message.Automatic that don't rule out that a person wrote the message. No automation
// may react to such a message, but it counts as the customer's latest words, and may reopen its conversation. "precedence"
// isn't one of them, because earlier versions also used it for automatic replies.
func PersonsReasons() []string {
	return []string{"spam", "list", "bulk", "auto-generated", "damaged", "standby"}
}

// IsByMachine reports whether a machine sent a message with this value of Message.Automatic.
func IsByMachine(automatic string) bool {
	return automatic != "" && !slices.Contains(PersonsReasons(), automatic)
}

const saidAround = `
	SELECT max(at) FILTER (WHERE at <= $2), coalesce(bool_or(at > $2), false)
	FROM (
		SELECT direction, automatic, least(said_at, created_at) AS at
		FROM messages
		WHERE conversation_id = $1
		ORDER BY event_id DESC, id DESC
		LIMIT 50) AS newest
	WHERE direction = 'in' AND (automatic = '' OR automatic = ANY($3))`

// TimesAround returns when a person last wrote to us in a conversation before or at the time at (nil if never), and whether a
// person wrote after it. It looks at the fifty newest messages. If a sender's clock is ahead, the time of storing counts.
func TimesAround(ctx context.Context, q Querier, conversation ConversationID, at time.Time) (last *time.Time, wroteLater bool, err error) {
	if err := q.QueryRow(ctx, saidAround, conversation, at, PersonsReasons()).Scan(&last, &wroteLater); err != nil {
		return nil, false, fmt.Errorf("store: said around: %w", err)
	}
	return last, wroteLater, nil
}

const parkedMessages = `
	SELECT parked.*
	FROM unnest($1::bigint[]) AS given(conversation)
	CROSS JOIN LATERAL (
		SELECT ` + messageColumns + `
		FROM messages
		WHERE conversation_id = given.conversation AND fate = 'parked' AND reason = $2
		ORDER BY event_id, id
		LIMIT $3) AS parked`

// ExternalID maps a provider's id to the message that it identifies.
type ExternalID struct {
	AccountID      AccountID      `db:"account_id" json:"account_id"`
	ExternalID     string         `db:"external_id" json:"external_id"`
	ConversationID ConversationID `db:"conversation_id" json:"conversation_id"`
	MessageID      MessageID      `db:"message_id" json:"message_id"`
}

const insertExternalIDs = `
	INSERT INTO external_ids (account_id, external_id, conversation_id, message_id)
	SELECT account_id, external_id, conversation_id, message_id
	FROM json_populate_recordset(NULL::external_ids, $1)
	ORDER BY account_id, external_id
	ON CONFLICT (account_id, external_id) DO NOTHING`

// InsertExternalIDs records providers' ids. An id that is known already keeps its first message.
func InsertExternalIDs(ctx context.Context, q Execer, rows []ExternalID) error {
	return execRows(ctx, q, "insert external ids", insertExternalIDs, shortenIDs(rows))
}

const moveExternalIDs = `
	UPDATE external_ids
	SET conversation_id = given.conversation_id, message_id = given.message_id
	FROM json_populate_recordset(NULL::external_ids, $1) AS given
	WHERE external_ids.account_id = given.account_id AND external_ids.external_id = given.external_id`

// MoveExternalIDs changes the conversation and message of providers' ids.
func MoveExternalIDs(ctx context.Context, q Execer, rows []ExternalID) error {
	return execRows(ctx, q, "move external ids", moveExternalIDs, shortenIDs(rows))
}

const findExternalIDs = `
	SELECT account_id, external_id, conversation_id, message_id
	FROM external_ids
	WHERE (account_id, external_id) IN (SELECT * FROM unnest($1::bigint[], $2::text[]))`

// shortenIDs returns a copy of rows whose external ids have the form in which they are stored.
func shortenIDs(rows []ExternalID) []ExternalID {
	rows = slices.Clone(rows)
	for i := range rows {
		rows[i].ExternalID = query.ShortID(rows[i].ExternalID)
	}
	return rows
}
