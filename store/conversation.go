package store

import (
	"context"
	"time"

	"parley/store/internal/query"
)

// ConversationKind distinguishes conversations with a customer from collections of automatic mail.
type ConversationKind string

// Kinds of conversations.
const (
	KindCustomer  ConversationKind = "customer"
	KindAutomatic ConversationKind = "automatic" // collects one day's automatic mail, such as newsletters
)

// Speaker is the side that wrote a message: the customer or us.
type Speaker string

// Speakers.
const (
	FromCustomer Speaker = "customer"
	FromAgent    Speaker = "agent"
)

// Conversation is the exchange with a customer about one matter, from the first message until it is resolved (elsewhere
// called a ticket). Agents see it as a thread in their chat, such as Slack, and refer to it by its number: #1234.
type Conversation struct {
	ID           ConversationID   `db:"id" json:"id"` // shown as #id
	AccountID    AccountID        `db:"account_id" json:"account_id"`
	IdentityID   *IdentityID      `db:"identity_id" json:"identity_id"`
	TeamID       *TeamID          `db:"team_id" json:"team_id"`
	Kind         ConversationKind `db:"kind" json:"kind"`
	Status       string           `db:"status" json:"status"`
	CloseReason  string           `db:"close_reason" json:"close_reason"`
	Exclusive    bool             `db:"exclusive" json:"exclusive"`
	Subject      string           `db:"subject" json:"subject"`
	Assignees    []AgentID        `db:"assignees" json:"assignees"`
	Tags         []string         `db:"tags" json:"tags"`
	Participants []Participant    `db:"participants" json:"participants"`
	Via          string           `db:"via" json:"via"`
	Refs         []string         `db:"refs" json:"refs"`
	LastMessage
	PreviousID *ConversationID `db:"previous_id" json:"previous_id"` // the conversation that this one continues; nil if none
	Collection
	ConversationTimes
	Visibility
	Traits   map[string]string `db:"traits" json:"traits"` // set by verbs and analyses, by name: "priority": "high"
	Replying []Replying        `db:"replying" json:"-"`    // agents who are writing a reply now; stored in another table
}

// Visibility says who reads a conversation. Its zero value means everybody who may read its account.
type Visibility struct {
	VisibleTo      []AgentID `db:"visible_to" json:"visible_to"` // only these agents, and super-admins
	PrivateSurface AccountID `db:"private_surface" json:"private_surface"`
	PrivateChannel string    `db:"private_channel" json:"private_channel"` // in which its thread is then; nobody else reads it
}

// IsRestricted reports whether only some people may read the conversation.
func (v Visibility) IsRestricted() bool { return len(v.VisibleTo) > 0 }

// LastMessage describes the newest message of a conversation.
type LastMessage struct {
	LastExternalID string    `db:"last_external_id" json:"last_external_id"`
	LastAt         time.Time `db:"last_at" json:"last_at"`
	LastFrom       Speaker   `db:"last_from" json:"last_from"` // empty if nobody has written
	LastPreview    string    `db:"last_preview" json:"last_preview"`
	Cost           string    `db:"cost" json:"cost"` // the price category of the newest message; empty if unknown
}

// ConversationTimes are the times that matter to a conversation. Those that don't apply are nil.
type ConversationTimes struct {
	SnoozedUntil *time.Time `db:"snoozed_until" json:"snoozed_until"`
	WaitingSince *time.Time `db:"waiting_since" json:"waiting_since"`
	WindowFrom   *time.Time `db:"window_from" json:"window_from"` // when the customer last opened the reply window; nil if never
	ResolvedAt   *time.Time `db:"resolved_at" json:"resolved_at"`
	EndedBy      *AgentID   `db:"ended_by" json:"ended_by"` // the agent who ended it; nil if it ended by itself
	CreatedAt    time.Time  `db:"created_at" json:"created_at"`
	UnreadSince  *time.Time `db:"unread_since" json:"unread_since"` // since when there are words of the customer that no agent has dealt with
}

// Collection says which mails a conversation of KindAutomatic collects.
type Collection struct {
	Day      *string `db:"day" json:"day"`           // yyyy-mm-dd: the day of an automatic conversation
	Collects *string `db:"collects" json:"collects"` // yyyy-mm-dd: it collects the day's mail beyond a limit
}

// Participant is a person on the To or Cc list of a mail conversation, including the customer.
type Participant struct {
	Key     string `json:"key"`
	Address string `json:"address,omitempty"` // the address to send to; empty if it equals Key
	Phone   string `json:"phone,omitempty"`   // the phone number that people see; empty if Key is it, or if it is unknown
	Name    string `json:"name,omitempty"`
	Role    string `json:"role"`             // to, cc or copied
	New     bool   `json:"new,omitempty"`    // receives nothing until an agent allows it
	Chosen  bool   `json:"chosen,omitempty"` // added or allowed by an agent since the customer's last mail
}

const conversationColumns = `id, account_id, identity_id, team_id, kind, status, close_reason, exclusive, subject,
	assignees, tags, participants, via, refs, last_external_id, previous_id, day, collects, snoozed_until, waiting_since,
	window_from, last_at, last_from, last_preview, resolved_at, ended_by, created_at, cost, traits, unread_since,
	visible_to, private_surface, private_channel`

const conversationSelect = `id, account_id, identity_id, team_id, kind, status, close_reason, exclusive, subject,
	assignees, tags, participants, via, refs, last_external_id, previous_id, day::text AS day, collects::text AS collects,
	snoozed_until, waiting_since, window_from, last_at, last_from, last_preview, resolved_at, ended_by, created_at, cost, traits,
	unread_since, visible_to, private_surface, private_channel, ` + replyingSelect

// lockConversations follows previous_id backwards, from each given conversation to those that continue it. UNION drops
// duplicates, so the recursion ends even if previous_id forms a cycle.
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

// LockConversations locks and returns conversations, ordered by id: those with the given ids, those of the given
// messages, and those that continue one of these.
func LockConversations(ctx context.Context, q Querier, ids []ConversationID, messages []MessageID) ([]Conversation, error) {
	if len(ids)+len(messages) == 0 {
		return nil, nil
	}
	return query.Collect[Conversation](ctx, q, "lock conversations", lockConversations, ids, messages)
}

const getConversations = `SELECT ` + conversationSelect + ` FROM conversations WHERE id = ANY($1)`

// Conversations returns conversations by id, without locking them, in no particular order.
func Conversations(ctx context.Context, q Querier, ids ...ConversationID) ([]Conversation, error) {
	return query.Collect[Conversation](ctx, q, "conversations", getConversations, ids)
}

// openChat selects the open conversation of a chat. Some channels, such as WhatsApp, have one chat with a customer, and so
// at most one open conversation; its column exclusive is true.
const openChat = `
		SELECT chat.id FROM conversations AS chat
		WHERE chat.account_id = identity.account_id AND chat.identity_id = one.id AND chat.exclusive
			AND chat.status IN ('open', 'pending', 'snoozed')`

// latestOf selects the newest conversation of each identity of the customers who own the keys, and the open conversation
// of a chat, which is not the newest if an agent reopened an older one.
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

// parkedOf selects conversations of the customers who own the keys that have parked replies: replies that wait, for the
// reason $3, until they may be sent. It looks at the ten newest conversations of each identity.
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

// openOf selects the five newest open conversations of each identity of the customers who own the keys, and the open
// conversation of a chat. It looks at only the fifty newest conversations of an identity, because there may be thousands.
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

// LatestConversations returns the newest conversations of customers. customers[i] is a key on accounts[i].
func LatestConversations(ctx context.Context, q Querier, accounts []AccountID, customers []string) ([]ConversationID, error) {
	return query.Column[ConversationID](ctx, q, "latest conversations", latestOf, accounts, customers)
}

// Related is a conversation that is mentioned on the card of another one, Beside. (The card is the post in the agents'
// chat that sums a conversation up.) It either continues Beside, or is another open conversation of the same customer.
type Related struct {
	Beside    ConversationID `db:"beside"`
	Follows   bool           `db:"follows"` // whether it continues Beside
	ID        ConversationID `db:"id"`
	Assignees []AgentID      `db:"assignees"`
	Account   AccountID      `db:"of_account"` // the account that its customer writes to
	TeamID    *TeamID        `db:"team_id"`
	// Where the conversation's thread is: the agents' chat, the channel in it, and the id of the thread's first post. All
	// are nil if it has no thread. A conversation with threads in several chats has a row for each.
	AccountID *AccountID `db:"account_id"`
	Channel   *string    `db:"channel"`
	Root      *string    `db:"root"`
}

// related looks at only the customer's thirty newest conversations, because there may be thousands.
const related = `
	SELECT conversation.id AS beside, false AS follows, other.id, other.assignees, other.account_id AS of_account, other.team_id,
		thread.account_id, thread.channel, thread.root
	FROM conversations AS conversation
	CROSS JOIN LATERAL (
		SELECT newest.id, newest.assignees, newest.account_id, newest.team_id
		FROM (
			SELECT id, assignees, account_id, team_id, status, kind, visible_to
			FROM conversations
			WHERE identity_id = conversation.identity_id
			ORDER BY id DESC
			LIMIT 30) AS newest
		WHERE newest.id <> conversation.id AND newest.kind = 'customer' AND newest.status IN ('open', 'pending', 'snoozed')
			AND newest.visible_to = '{}'
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
	UNION ALL
	SELECT merged.id, true, target.id, target.assignees, target.account_id, target.team_id, thread.account_id, thread.channel, thread.root
	FROM conversations AS merged
	JOIN conversations AS target ON target.id = (merged.traits->>'merged')::bigint
	LEFT JOIN threads AS thread ON thread.conversation_id = target.id
	WHERE merged.id = ANY($1) AND merged.close_reason = 'merged'
	ORDER BY id DESC`

// RelatedConversations returns, for each given conversation, those that continue it and up to four other open ones of the
// same customer, the newest first.
func RelatedConversations(ctx context.Context, q Querier, conversations []ConversationID) ([]Related, error) {
	return query.Collect[Related](ctx, q, "related conversations", related, conversations)
}

const automaticOfDays = `
	SELECT id FROM conversations
	WHERE kind = 'automatic' AND (account_id, day) IN (SELECT * FROM unnest($1::bigint[], $2::date[]))`

const collectingOfDays = `
	SELECT id FROM conversations
	WHERE collects IS NOT NULL AND (account_id, collects) IN (SELECT * FROM unnest($1::bigint[], $2::date[]))`

// CollectingOfDays returns the conversations that collect a day's mail beyond a limit (Conversation.Collects), as far as
// they exist. days[i], yyyy-mm-dd, is a day of accounts[i].
func CollectingOfDays(ctx context.Context, q Querier, accounts []AccountID, days []string) ([]ConversationID, error) {
	return query.Column[ConversationID](ctx, q, "collecting threads", collectingOfDays, accounts, days)
}

const insertConversations = `
	INSERT INTO conversations (` + conversationColumns + `)
	SELECT ` + conversationColumns + `
	FROM json_populate_recordset(NULL::conversations, $1)`

// InsertConversations inserts conversations.
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
		ended_by = given.ended_by, unread_since = given.unread_since,
		visible_to = given.visible_to, private_surface = given.private_surface, private_channel = given.private_channel,
		cost = given.cost, traits = given.traits
	FROM json_populate_recordset(NULL::conversations, $1) AS given
	WHERE conversations.id = given.id`

// UpdateConversations updates conversations that the transaction has locked.
func UpdateConversations(ctx context.Context, q Execer, rows []Conversation) error {
	return execRows(ctx, q, "update conversations", updateConversations, replaceNilLists(rows))
}

// replaceNilLists replaces nil lists in place, because JSON encodes them as null, which the columns don't allow.
func replaceNilLists(rows []Conversation) []Conversation {
	for i := range rows {
		r := &rows[i]
		r.Assignees = orEmpty(r.Assignees)
		r.VisibleTo = orEmpty(r.VisibleTo)
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
