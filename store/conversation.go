package store

import (
	"context"
	"time"

	"parley/store/internal/query"
)

// ConversationKind says whom a conversation is with.
type ConversationKind string

// Kinds of conversations.
const (
	KindCustomer  ConversationKind = "customer"
	KindAutomatic ConversationKind = "automatic" // with nobody: a day's quiet thread, in which mails are sorted
)

// Speaker is a side of a conversation: who wrote something.
type Speaker string

// Speakers.
const (
	FromCustomer Speaker = "customer"
	FromAgent    Speaker = "agent"
)

// Conversation is the exchange with a customer about one thing, from the first message until it is resolved. Agents
// see it as a thread of their chat and name it by its number: #1234.
type Conversation struct {
	ID             ConversationID    `db:"id" json:"id"` // shown as #id
	AccountID      AccountID         `db:"account_id" json:"account_id"`
	IdentityID     *IdentityID       `db:"identity_id" json:"identity_id"`
	TeamID         *TeamID           `db:"team_id" json:"team_id"`
	Kind           ConversationKind  `db:"kind" json:"kind"`
	Status         string            `db:"status" json:"status"`
	CloseReason    string            `db:"close_reason" json:"close_reason"`
	Exclusive      bool              `db:"exclusive" json:"exclusive"`
	Subject        string            `db:"subject" json:"subject"`
	Assignees      []AgentID         `db:"assignees" json:"assignees"`
	Tags           []string          `db:"tags" json:"tags"`
	Participants   []Participant     `db:"participants" json:"participants"`
	Via            string            `db:"via" json:"via"`
	Refs           []string          `db:"refs" json:"refs"`
	LastExternalID string            `db:"last_external_id" json:"last_external_id"`
	PreviousID     *ConversationID   `db:"previous_id" json:"previous_id"` // the conversation that it continues; nil if none
	Day            *string           `db:"day" json:"day"`                 // yyyy-mm-dd
	Collects       *string           `db:"collects" json:"collects"`       // yyyy-mm-dd: kind automatic, the day's mails above a limit
	SnoozedUntil   *time.Time        `db:"snoozed_until" json:"snoozed_until"`
	WaitingSince   *time.Time        `db:"waiting_since" json:"waiting_since"`
	WindowFrom     *time.Time        `db:"window_from" json:"window_from"` // when the customer last opened the reply window; nil if never
	LastAt         time.Time         `db:"last_at" json:"last_at"`
	LastFrom       Speaker           `db:"last_from" json:"last_from"` // empty if nobody has written
	LastPreview    string            `db:"last_preview" json:"last_preview"`
	ResolvedAt     *time.Time        `db:"resolved_at" json:"resolved_at"`
	CreatedAt      time.Time         `db:"created_at" json:"created_at"`
	Cost           string            `db:"cost" json:"cost"`     // the price category of the newest message; empty if unknown
	Traits         map[string]string `db:"traits" json:"traits"` // what verbs set on it, by name: "priority": "high"
	Replying       []Replying        `db:"replying" json:"-"`    // who has the form of a reply open; stored in a table of its own
}

// Participant is somebody who takes part in a mail conversation; the customer is one of them.
type Participant struct {
	Key     string `json:"key"`
	Address string `json:"address,omitempty"` // as channels.Party has it: where mail is sent, if that is spelled otherwise than Key
	Name    string `json:"name,omitempty"`
	Role    string `json:"role"`             // to, cc or copied
	New     bool   `json:"new,omitempty"`    // gets nothing until a person allows it
	Chosen  bool   `json:"chosen,omitempty"` // an agent has named or allowed this person since the customer's last mail
}

const conversationColumns = `id, account_id, identity_id, team_id, kind, status, close_reason, exclusive, subject,
	assignees, tags, participants, via, refs, last_external_id, previous_id, day, collects, snoozed_until, waiting_since,
	window_from, last_at, last_from, last_preview, resolved_at, created_at, cost, traits`

const conversationSelect = `id, account_id, identity_id, team_id, kind, status, close_reason, exclusive, subject,
	assignees, tags, participants, via, refs, last_external_id, previous_id, day::text AS day, collects::text AS collects,
	snoozed_until, waiting_since, window_from, last_at, last_from, last_preview, resolved_at, created_at, cost, traits, ` + replyingSelect

// found are the given conversations, and those that continue one of them, each once: so it ends, even if previous_id led in a circle.
const lockConversations = `
	WITH RECURSIVE found AS (
		SELECT id
		FROM (SELECT unnest($1::bigint[]) AS id UNION SELECT conversation_id FROM messages WHERE id = ANY($2)) AS given
		UNION
		SELECT next.id
		FROM found
		JOIN conversations AS next ON next.previous_id = found.id
	)
	SELECT ` + conversationSelect + `
	FROM conversations
	WHERE id = ANY(ARRAY(SELECT id FROM found))
	ORDER BY id
	FOR UPDATE`

// LockConversations locks and reads conversations in the order of their ids: those with the given ids,
// those of the given messages, and those that continue one of these.
func LockConversations(ctx context.Context, q Querier, ids []ConversationID, messages []MessageID) ([]Conversation, error) {
	if len(ids)+len(messages) == 0 {
		return nil, nil
	}
	return query.Collect[Conversation](ctx, q, "lock conversations", lockConversations, ids, messages)
}

const getConversations = `SELECT ` + conversationSelect + ` FROM conversations WHERE id = ANY($1)`

// Conversations reads conversations without locks, in no order.
func Conversations(ctx context.Context, q Querier, ids ...ConversationID) ([]Conversation, error) {
	return query.Collect[Conversation](ctx, q, "conversations", getConversations, ids)
}

// openChat selects the open conversation that a chat, an exclusive one, has on the account of
// identity with the identity one.
const openChat = `
		SELECT chat.id FROM conversations AS chat
		WHERE chat.account_id = identity.account_id AND chat.identity_id = one.id AND chat.exclusive
			AND chat.status IN ('open', 'pending', 'snoozed')`

// latestOf finds the newest conversation of each identity of the customers to whom the keys belong, and
// the open conversation of a chat, which is an older one if somebody reopened it.
const latestOf = `
	SELECT DISTINCT found.id
	FROM unnest($1::bigint[], $2::text[]) AS given(account_id, key)
	JOIN identities AS identity ON identity.account_id = given.account_id AND identity.key = given.key
	CROSS JOIN LATERAL ` + ofOneCustomer + ` AS one
	CROSS JOIN LATERAL (
		(SELECT newest.id FROM conversations AS newest
		WHERE newest.identity_id = one.id AND newest.kind = 'customer'
		ORDER BY newest.id DESC
		LIMIT 1)
		UNION ALL
		` + openChat + `) AS found`

// parkedOf finds, among the ten newest conversations of each identity of the customers to whom the keys belong, those with replies that
// are parked for a reason.
const parkedOf = `
	SELECT DISTINCT found.id
	FROM unnest($1::bigint[], $2::text[]) AS given(account_id, key)
	JOIN identities AS identity ON identity.account_id = given.account_id AND identity.key = given.key
	CROSS JOIN LATERAL ` + ofOneCustomer + ` AS one
	CROSS JOIN LATERAL (
		SELECT newest.id FROM conversations AS newest
		WHERE newest.identity_id = one.id AND newest.kind = 'customer'
		ORDER BY newest.id DESC
		LIMIT 10) AS found
	WHERE EXISTS (SELECT FROM messages WHERE conversation_id = found.id AND fate = 'parked' AND reason = $3)`

// openOf finds the five newest open conversations of each identity of the customers to whom the keys
// belong, and the open conversation of a chat. Only the newest fifty conversations of an identity are
// looked at, because a customer may have had thousands.
const openOf = `
	SELECT DISTINCT found.id
	FROM unnest($1::bigint[], $2::text[]) AS given(account_id, key)
	JOIN identities AS identity ON identity.account_id = given.account_id AND identity.key = given.key
	CROSS JOIN LATERAL ` + ofOneCustomer + ` AS one
	CROSS JOIN LATERAL (
		(SELECT newest.id
		FROM (
			SELECT id, status FROM conversations
			WHERE identity_id = one.id AND kind = 'customer'
			ORDER BY id DESC
			LIMIT 50) AS newest
		WHERE newest.status IN ('open', 'pending', 'snoozed')
		ORDER BY newest.id DESC
		LIMIT 5)
		UNION ALL
		` + openChat + `) AS found`

// LatestConversations returns the newest conversations of customers who are named by account and key.
// Customers without a conversation are left out.
func LatestConversations(ctx context.Context, q Querier, accounts []AccountID, customers []string) ([]ConversationID, error) {
	return query.Column[ConversationID](ctx, q, "latest conversations", latestOf, accounts, customers)
}

// Related is a conversation that is named on the card of another conversation, Beside: it continues Beside,
// or is open at the same time with the same customer.
type Related struct {
	Beside    ConversationID `db:"beside"`  // the conversation on whose card it is named
	Follows   bool           `db:"follows"` // it continues Beside
	ID        ConversationID `db:"id"`
	Assignees []AgentID      `db:"assignees"`
	Account   AccountID      `db:"of_account"` // by which its customer writes
	TeamID    *TeamID        `db:"team_id"`
	// The surface of its thread, of which there is a row for each; this, Channel and Root are nil without one.
	AccountID *AccountID `db:"account_id"`
	Channel   *string    `db:"channel"`
	Root      *string    `db:"root"`
}

// Only the customer's newest thirty conversations are looked at, so that a customer who had thousands
// costs no more.
const related = `
	SELECT conversation.id AS beside, false AS follows, other.id, other.assignees, other.account_id AS of_account, other.team_id,
		thread.account_id, thread.channel, thread.root
	FROM conversations AS conversation
	CROSS JOIN LATERAL (
		SELECT newest.id, newest.assignees, newest.account_id, newest.team_id
		FROM (
			SELECT id, assignees, account_id, team_id, status, kind
			FROM conversations
			WHERE identity_id = conversation.identity_id
			ORDER BY id DESC
			LIMIT 30) AS newest
		WHERE newest.id <> conversation.id AND newest.kind = 'customer' AND newest.status IN ('open', 'pending', 'snoozed')
		ORDER BY newest.id DESC
		LIMIT 4) AS other
	LEFT JOIN threads AS thread ON thread.conversation_id = other.id
	WHERE conversation.id = ANY($1)
	UNION ALL
	SELECT follower.previous_id, true, follower.id, follower.assignees, follower.account_id, follower.team_id,
		thread.account_id, thread.channel, thread.root
	FROM conversations AS follower
	LEFT JOIN threads AS thread ON thread.conversation_id = follower.id
	WHERE follower.previous_id = ANY($1)
	ORDER BY id DESC`

// RelatedConversations returns, for each of the conversations, those that continue it and the newest
// other open ones of its customer.
func RelatedConversations(ctx context.Context, q Querier, conversations []ConversationID) ([]Related, error) {
	return query.Collect[Related](ctx, q, "related conversations", related, conversations)
}

const automaticOfDays = `
	SELECT id FROM conversations
	WHERE kind = 'automatic' AND (account_id, day) IN (SELECT * FROM unnest($1::bigint[], $2::date[]))`

const collectingOfDays = `
	SELECT id FROM conversations
	WHERE collects IS NOT NULL AND (account_id, collects) IN (SELECT * FROM unnest($1::bigint[], $2::date[]))`

// CollectingOfDays returns the conversations that collect the mail of accounts on days
// (Conversation.Collects), where they exist. accounts and days (yyyy-mm-dd) are parallel.
func CollectingOfDays(ctx context.Context, q Querier, accounts []AccountID, days []string) ([]ConversationID, error) {
	return query.Column[ConversationID](ctx, q, "collecting threads", collectingOfDays, accounts, days)
}

const insertConversations = `
	INSERT INTO conversations (` + conversationColumns + `)
	SELECT ` + conversationColumns + `
	FROM json_populate_recordset(NULL::conversations, $1)`

// InsertConversations adds new conversations.
func InsertConversations(ctx context.Context, q Execer, rows []Conversation) error {
	return execRows(ctx, q, "insert conversations", insertConversations, replaceNilLists(rows))
}

const updateConversations = `
	UPDATE conversations
	SET identity_id = given.identity_id, team_id = given.team_id, status = given.status, close_reason = given.close_reason,
		exclusive = given.exclusive, subject = given.subject, assignees = given.assignees, tags = given.tags,
		participants = given.participants, via = given.via, refs = given.refs, last_external_id = given.last_external_id,
		snoozed_until = given.snoozed_until, waiting_since = given.waiting_since, window_from = given.window_from,
		last_at = given.last_at, last_from = given.last_from, last_preview = given.last_preview, resolved_at = given.resolved_at,
		cost = given.cost, traits = given.traits
	FROM json_populate_recordset(NULL::conversations, $1) AS given
	WHERE conversations.id = given.id`

// UpdateConversations writes back locked conversations.
func UpdateConversations(ctx context.Context, q Execer, rows []Conversation) error {
	return execRows(ctx, q, "update conversations", updateConversations, replaceNilLists(rows))
}

// replaceNilLists replaces nil lists in place: JSON would write them as null, which the columns refuse.
func replaceNilLists(rows []Conversation) []Conversation {
	for i := range rows {
		r := &rows[i]
		r.Assignees = orEmpty(r.Assignees)
		r.Tags = orEmpty(r.Tags)
		r.Participants = orEmpty(r.Participants)
		r.Refs = orEmpty(r.Refs)
		if r.Traits == nil {
			r.Traits = map[string]string{}
		}
	}
	return rows
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
