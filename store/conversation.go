package store

import (
	"context"
	"time"
)

// Conversation is the exchange with a customer about one thing.
type Conversation struct {
	ID             int64         `db:"id" json:"id"` // shown as #id
	AccountID      int64         `db:"account_id" json:"account_id"`
	IdentityID     *int64        `db:"identity_id" json:"identity_id"`
	TeamID         *int64        `db:"team_id" json:"team_id"`
	Kind           string        `db:"kind" json:"kind"` // customer, or automatic: a day's quiet thread
	Status         string        `db:"status" json:"status"`
	CloseReason    string        `db:"close_reason" json:"close_reason"`
	Exclusive      bool          `db:"exclusive" json:"exclusive"`
	Subject        string        `db:"subject" json:"subject"`
	Assignees      []int64       `db:"assignees" json:"assignees"`
	Tags           []string      `db:"tags" json:"tags"`
	Participants   []Participant `db:"participants" json:"participants"`
	Via            string        `db:"via" json:"via"`
	Refs           []string      `db:"refs" json:"refs"`
	LastExternalID string        `db:"last_external_id" json:"last_external_id"`
	PreviousID     *int64        `db:"previous_id" json:"previous_id"`
	Day            *string       `db:"day" json:"day"` // yyyy-mm-dd
	SnoozedUntil   *time.Time    `db:"snoozed_until" json:"snoozed_until"`
	WaitingSince   *time.Time    `db:"waiting_since" json:"waiting_since"`
	LastAt         time.Time     `db:"last_at" json:"last_at"`
	LastFrom       string        `db:"last_from" json:"last_from"`
	LastPreview    string        `db:"last_preview" json:"last_preview"`
	ResolvedAt     *time.Time    `db:"resolved_at" json:"resolved_at"`
	CreatedAt      time.Time     `db:"created_at" json:"created_at"`
}

// Participant of a mail besides or including the customer.
type Participant struct {
	Key  string `json:"key"`
	Name string `json:"name,omitempty"`
	Role string `json:"role"`          // to or cc
	New  bool   `json:"new,omitempty"` // gets nothing until a person allows it
}

const conversationColumns = `id, account_id, identity_id, team_id, kind, status, close_reason, exclusive, subject,
	assignees, tags, participants, via, refs, last_external_id, previous_id, day, snoozed_until, waiting_since,
	last_at, last_from, last_preview, resolved_at, created_at`

const conversationSelect = `id, account_id, identity_id, team_id, kind, status, close_reason, exclusive, subject,
	assignees, tags, participants, via, refs, last_external_id, previous_id, day::text AS day, snoozed_until, waiting_since,
	last_at, last_from, last_preview, resolved_at, created_at`

const lockConversations = `
	SELECT ` + conversationSelect + `
	FROM conversations
	WHERE id = ANY($1)
	ORDER BY id
	FOR UPDATE`

// LockConversations locks and reads conversations in the order of their ids.
func LockConversations(ctx context.Context, q Querier, ids []int64) ([]Conversation, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return collect[Conversation](ctx, q, "lock conversations", lockConversations, ids)
}

const getConversations = `SELECT ` + conversationSelect + ` FROM conversations WHERE id = ANY($1)`

// Conversations reads conversations without locks, in no order.
func Conversations(ctx context.Context, q Querier, ids ...int64) ([]Conversation, error) {
	return collect[Conversation](ctx, q, "conversations", getConversations, ids)
}

const latestOfIdentities = `
	SELECT DISTINCT ON (identity_id) id
	FROM conversations
	WHERE identity_id = ANY($1) AND kind = 'customer'
	ORDER BY identity_id, id DESC`

// LatestOfIdentities gives each identity's newest conversation.
func LatestOfIdentities(ctx context.Context, q Querier, identities []int64) ([]int64, error) {
	return ids(ctx, q, "latest conversations", latestOfIdentities, identities)
}

const successors = `
	WITH RECURSIVE next AS (
		SELECT id, 1 AS depth FROM conversations WHERE previous_id = ANY($1)
		UNION
		SELECT c.id, next.depth + 1
		FROM next
		JOIN conversations AS c ON c.previous_id = next.id
		WHERE next.depth < 8
	)
	SELECT DISTINCT id FROM next`

// Successors gives the conversations that continue the given ones.
func Successors(ctx context.Context, q Querier, conversations []int64) ([]int64, error) {
	if len(conversations) == 0 {
		return nil, nil
	}
	return ids(ctx, q, "successors", successors, conversations)
}

const automaticOfDays = `
	SELECT id FROM conversations
	WHERE kind = 'automatic' AND (account_id, day) IN (SELECT * FROM unnest($1::bigint[], $2::date[]))`

// AutomaticOfDays gives the daily threads of accounts, where they exist.
func AutomaticOfDays(ctx context.Context, q Querier, accounts []int64, days []string) ([]int64, error) {
	return ids(ctx, q, "daily threads", automaticOfDays, accounts, days)
}

const insertConversations = `
	INSERT INTO conversations (` + conversationColumns + `)
	SELECT ` + conversationColumns + `
	FROM json_populate_recordset(NULL::conversations, $1)`

// InsertConversations adds new conversations.
func InsertConversations(ctx context.Context, q Querier, rows []Conversation) error {
	return execRows(ctx, q, "insert conversations", insertConversations, normalised(rows))
}

const updateConversations = `
	UPDATE conversations AS c
	SET identity_id = r.identity_id, team_id = r.team_id, status = r.status, close_reason = r.close_reason,
		exclusive = r.exclusive, subject = r.subject, assignees = r.assignees, tags = r.tags,
		participants = r.participants, via = r.via, refs = r.refs, last_external_id = r.last_external_id,
		snoozed_until = r.snoozed_until, waiting_since = r.waiting_since, last_at = r.last_at,
		last_from = r.last_from, last_preview = r.last_preview, resolved_at = r.resolved_at
	FROM json_populate_recordset(NULL::conversations, $1) AS r
	WHERE c.id = r.id`

// UpdateConversations writes back locked conversations.
func UpdateConversations(ctx context.Context, q Querier, rows []Conversation) error {
	return execRows(ctx, q, "update conversations", updateConversations, normalised(rows))
}

// normalised replaces nil lists, which JSON would write as null.
func normalised(rows []Conversation) []Conversation {
	for i := range rows {
		r := &rows[i]
		r.Assignees = orEmpty(r.Assignees)
		r.Tags = orEmpty(r.Tags)
		r.Participants = orEmpty(r.Participants)
		r.Refs = orEmpty(r.Refs)
	}
	return rows
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
