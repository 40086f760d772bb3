package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"parley/store/internal/query"
)

// A message is one thing said in a conversation: by the customer, to the customer, or among agents (a note). Its
// fate says what became of it, from "waiting" to "sent". This file reads and writes messages, and the ids by which
// providers know them.

// Message is one thing said in a conversation.
type Message struct {
	ID             MessageID      `db:"id" json:"id"`
	ConversationID ConversationID `db:"conversation_id" json:"conversation_id"`
	Direction      Direction      `db:"direction" json:"direction"`
	Fate           Fate           `db:"fate" json:"fate"`               // what became of it
	Reason         Reason         `db:"reason" json:"reason"`           // why it has that fate
	AgentID        *AgentID       `db:"agent_id" json:"agent_id"`       // its author; nil if that isn't an agent or not known
	IdentityID     *IdentityID    `db:"identity_id" json:"identity_id"` // its author; nil if that isn't a customer
	AuthorUser     SurfaceUser    `db:"author_user" json:"author_user"` // who wrote it in a surface; if IsFromElsewhere, a name
	AccountID      AccountID      `db:"account_id" json:"account_id"`   // where it was said
	Channel        string         `db:"channel" json:"channel"`         // of a surface
	Thread         string         `db:"thread" json:"thread"`           // in which it was typed: the root's id; empty if not known
	Place          string         `db:"place" json:"place"`             // the surface's id of the message
	Subject        string         `db:"subject" json:"subject"`
	Text           string         `db:"text" json:"text"`     // canonical Markdown
	Quoted         string         `db:"quoted" json:"quoted"` // the quoted history below a mail, Markdown
	Notices        []string       `db:"notices" json:"notices"`
	Files          []FileRef      `db:"files" json:"files"`
	HasHTML        bool           `db:"has_html" json:"has_html"`
	Automatic      string         `db:"automatic" json:"automatic"` // why it counts as automatic mail; empty if a person wrote it
	ExternalID     string         `db:"external_id" json:"external_id"`
	EventID        EventID        `db:"event_id" json:"event_id"`
	Part           int            `db:"part" json:"part"` // which message of the event it is, from 0
	SaidAt         time.Time      `db:"said_at" json:"said_at"`
	CreatedAt      time.Time      `db:"created_at" json:"created_at"`
	Parts          int            `db:"parts" json:"parts"` // how many messages the provider charges it as (SMS segments); 0 means one
	Cost           string         `db:"cost" json:"cost"`   // the provider's price category; empty if unknown

	Template json.RawMessage `db:"template" json:"template"` // the template as it was sent; nil if the message is none
	Rich     json.RawMessage `db:"rich" json:"rich"`         // buttons, a list, a place or a card beside the text; nil if there is none
	ReplyTo  string          `db:"reply_to" json:"reply_to"` // the provider's id of the message that it answers

	Promotional bool `db:"promotional" json:"promotional"` // its author marked it as advertising

	Revision *Revision `db:"revision" json:"revision"` // what its customer made of it later; nil if that is nothing
}

// Revision is what a customer made of a message later. The message itself stays as it was.
type Revision struct {
	Text    string    `json:"text"`              // what it says now, or said before it was deleted: canonical Markdown
	Notices []string  `json:"notices,omitempty"` // remarks about that
	At      time.Time `json:"at"`                // when it was changed or deleted last
	EventID EventID   `json:"event"`             // which told that
	Deleted bool      `json:"deleted,omitempty"`
}

// CurrentText returns what a message says now, in canonical Markdown: its text, or what its customer changed that to.
func (m *Message) CurrentText() string {
	if m.Revision != nil {
		return m.Revision.Text
	}
	return m.Text
}

// IsDeleted reports whether a customer deleted a message.
func (m *Message) IsDeleted() bool { return m.Revision != nil && m.Revision.Deleted }

// FileRef names a file of a message. A customer's file is read from the stored original by its
// index, or from a blob if it was fetched; an agent's file is read from the surface.
type FileRef struct {
	Name        string          `json:"name"`
	ContentType string          `json:"type,omitempty"`
	SizeBytes   int64           `json:"size"`
	Index       int             `json:"index"`
	Inline      bool            `json:"inline,omitempty"`
	Surface     json.RawMessage `json:"surface,omitempty"` // by which the surface reads it
	Fetched     bool            `json:"fetched,omitempty"` // it has to be fetched from the provider, or was
	Blob        string          `json:"blob,omitempty"`    // the fetched file
	Missing     string          `json:"missing,omitempty"` // why it could not be fetched, for people
}

// Direction says which way a message goes.
type Direction string

// Directions.
const (
	DirectionIn   Direction = "in"   // from the customer
	DirectionOut  Direction = "out"  // to the customer
	DirectionNote Direction = "note" // among agents
)

// Fate says what became of a message.
type Fate string

// Fates.
const (
	FateIn      Fate = "in"      // a customer's message
	FateInside  Fate = "inside"  // stays among agents
	FateAsk     Fate = "ask"     // not sent until its author clicks Send
	FateWaiting Fate = "waiting" // will be sent: in its hold, or in the lane
	FateOut     Fate = "out"     // sent
	FateFailed  Fate = "failed"  // could not be sent
	FateUnclear Fate = "unclear" // nobody knows whether it arrived: a person decides
	FateParked  Fate = "parked"  // kept until it may be sent, for example when the reply window opens
	FateUndone  Fate = "undone"  // taken back before it was sent
	FateDropped Fate = "dropped" // a person decided not to send it
)

// Reason is a code that says why a message has its fate. Most are bridge's.
type Reason string

// Reasons that statements of the database compare. The first two are those of answers that were written without Parley, for
// example in the mailbox itself.
const (
	ReasonElsewhere Reason = "elsewhere" // by somebody
	ReasonMachine   Reason = "machine"   // most likely by a machine
	ReasonErased    Reason = "erased"    // the customer was erased, and the message emptied
)

// IsFromElsewhere reports whether a message is an answer that was written without Parley.
func (m *Message) IsFromElsewhere() bool {
	return m.Reason == ReasonElsewhere || m.Reason == ReasonMachine
}

// HasOriginal reports whether a message was read from what a channel brought, which holds its files and HTML: a customer's
// words, or an answer that was written without Parley. WithOriginal is the same in SQL.
func (m *Message) HasOriginal() bool { return m.Direction == DirectionIn || m.IsFromElsewhere() }

// WithOriginal is the SQL condition that is true for the messages m for which HasOriginal is.
const WithOriginal = `(m.direction = 'in' OR m.reason IN ('` + string(ReasonElsewhere) + `', '` + string(ReasonMachine) + `'))`

const (
	messageColumns     = `quoted, ` + messageExceptQuoted
	messageWithoutPast = `'' AS quoted, ` + messageExceptQuoted // a quoted history can be as long as all mails before

	messageExceptQuoted = `id, conversation_id, direction, fate, reason, agent_id, identity_id, author_user, account_id, channel,
	thread, place, subject, text, notices, files, has_html, automatic, external_id, event_id, part, said_at, created_at,
	parts, cost, template, rich, reply_to, promotional, revision`
)

// The column changed belongs to the previous version: see migration 0037.
const insertMessages = `
	INSERT INTO messages (` + messageColumns + `, changed)
	SELECT ` + messageColumns + `, NULL
	FROM json_populate_recordset(NULL::messages, $1)`

// InsertMessages adds messages.
func InsertMessages(ctx context.Context, q Execer, rows []Message) error {
	return execRows(ctx, q, "insert messages", insertMessages, withLists(rows))
}

const updateMessages = `
	UPDATE messages
	SET direction = given.direction, fate = given.fate, reason = given.reason, agent_id = given.agent_id, text = given.text,
		files = given.files, conversation_id = given.conversation_id, external_id = given.external_id, automatic = given.automatic,
		parts = given.parts, cost = given.cost, promotional = given.promotional, revision = given.revision, changed = NULL
	FROM json_populate_recordset(NULL::messages, $1) AS given
	WHERE messages.id = given.id`

// UpdateMessages writes back the fields of messages that may change. updateMessages lists them.
func UpdateMessages(ctx context.Context, q Execer, rows []Message) error {
	return execRows(ctx, q, "update messages", updateMessages, withLists(rows))
}

// withLists replaces nil lists in place: JSON would write them as null, which the columns refuse.
func withLists(rows []Message) []Message {
	for i := range rows {
		rows[i].Notices = orEmpty(rows[i].Notices)
		rows[i].Files = orEmpty(rows[i].Files)
	}
	return rows
}

const getMessages = `SELECT ` + messageColumns + ` FROM messages WHERE id = ANY($1)`

// Messages reads messages by id.
func Messages(ctx context.Context, q Querier, ids ...MessageID) ([]Message, error) {
	return query.Collect[Message](ctx, q, "messages", getMessages, ids)
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

// MessagesOfPost returns the messages that one post of a surface shows: the message with this id, and
// those that were posted together with it. kind is the kind of the post's delivery.
func MessagesOfPost(ctx context.Context, q Querier, message MessageID, kind string) ([]Message, error) {
	return query.Collect[Message](ctx, q, "messages of a post", messagesOfPost, message, kind)
}

const latestMessages = `
	SELECT ` + messageWithoutPast + `
	FROM unnest($1::bigint[]) AS given(conversation)
	CROSS JOIN LATERAL (
		SELECT * FROM messages
		WHERE conversation_id = given.conversation
		ORDER BY event_id DESC, id DESC
		LIMIT $2) AS newest`

// LatestMessages returns the newest messages of each conversation, at most the given number of each, the newest
// first. Newest means that their events were accepted last. Ids don't show that, because processes take them in
// blocks. The messages lack the history that they quote.
func LatestMessages(ctx context.Context, q Querier, conversations []ConversationID, each int) ([]Message, error) {
	return query.Collect[Message](ctx, q, "latest messages", latestMessages, conversations, each)
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

// PersonsReasons returns the values of Message.Automatic of messages that no automation may react to, but that a person may
// have written all the same: what they say is said last in their conversation, which a mail with our token reopens.
// "precedence" isn't one: rows of an earlier version have it for automatic replies, too.
func PersonsReasons() []string {
	return []string{"spam", "list", "bulk", "auto-generated", "damaged", "standby"}
}

// IsByMachine reports whether a message was sent by a machine, by why it counts as automatic; "" means that it doesn't.
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

// TimesAround returns when a person last wrote to us in a conversation until the time at (nil if never), and whether a person
// wrote after it. Only the fifty newest messages count. Where the sender's clock was ahead, the time of storing counts.
func TimesAround(ctx context.Context, q Querier, conversation ConversationID, at time.Time) (before *time.Time, since bool, err error) {
	if err := q.QueryRow(ctx, saidAround, conversation, at, PersonsReasons()).Scan(&before, &since); err != nil {
		return nil, false, fmt.Errorf("store: said around: %w", err)
	}
	return before, since, nil
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

// ExternalID says which of our messages a provider's id names.
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

// InsertExternalIDs records providers' ids. An id that is known already stays with its first message.
func InsertExternalIDs(ctx context.Context, q Execer, rows []ExternalID) error {
	return execRows(ctx, q, "insert external ids", insertExternalIDs, shortenIDs(rows))
}

const moveExternalIDs = `
	UPDATE external_ids
	SET conversation_id = given.conversation_id, message_id = given.message_id
	FROM json_populate_recordset(NULL::external_ids, $1) AS given
	WHERE external_ids.account_id = given.account_id AND external_ids.external_id = given.external_id`

// MoveExternalIDs moves providers' ids to another conversation or message.
func MoveExternalIDs(ctx context.Context, q Execer, rows []ExternalID) error {
	return execRows(ctx, q, "move external ids", moveExternalIDs, shortenIDs(rows))
}

const findExternalIDs = `
	SELECT account_id, external_id, conversation_id, message_id
	FROM external_ids
	WHERE (account_id, external_id) IN (SELECT * FROM unnest($1::bigint[], $2::text[]))`

// shortenIDs returns a copy of rows with their external ids as they are stored.
func shortenIDs(rows []ExternalID) []ExternalID {
	rows = slices.Clone(rows)
	for i := range rows {
		rows[i].ExternalID = query.ShortID(rows[i].ExternalID)
	}
	return rows
}
