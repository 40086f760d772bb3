package store

import (
	"context"
	"fmt"
	"slices"

	"parley/store/internal/query"
)

// Agents choose their next conversation from lists: "mine", "unassigned", "team" and so on (ListMine, …). Each list is one
// statement that returns a page of ids. The statements are composed of shared parts, so that all of them apply the same
// access rule (readable). In each statement, $1 to $3 describe the reader (readableArguments). In lists, $4 is the limit and
// $5 the offset of the page.

// Reader is an agent who reads conversations. The agent may read all of them, with one exception: conversations of a closed
// account must be assigned to the agent or to one of the agent's teams.
type Reader struct {
	Agent  AgentID
	Teams  []TeamID    // the agent's teams
	Closed []AccountID // accounts whose threads are in a chat channel that the agent can't read
}

// May reports whether the reader may read a conversation. TestReader checks that the SQL condition readable agrees.
func (r Reader) May(c *Conversation) bool {
	if !slices.Contains(r.Closed, c.AccountID) || slices.Contains(c.Assignees, r.Agent) {
		return true
	}
	return c.TeamID != nil && slices.Contains(r.Teams, *c.TeamID)
}

// readableArguments returns $1 to $3 of readable. It replaces nil lists by empty ones: nil would become NULL, and no
// conversation would be readable.
func (r Reader) readableArguments() []any { return []any{orEmpty(r.Closed), orEmpty(r.Teams), r.Agent} }

// readable is the SQL equivalent of Reader.May for the row conversation.
const readable = `(conversation.account_id <> ALL($1::bigint[]) OR conversation.team_id = ANY($2::bigint[])
		OR conversation.assignees @> ARRAY[$3::bigint])`

// ListName is the name of a list of conversations.
type ListName string

// Lists of conversations.
const (
	ListMine       ListName = "mine"       // assigned to the reader, the most pressing first
	ListUnassigned ListName = "unassigned" // assigned to nobody
	ListTeam       ListName = "team"       // of the reader's teams, including snoozed ones
	ListAll        ListName = "all"        // all unfinished ones, including snoozed ones
	ListSnoozed    ListName = "snoozed"    // assigned to the reader, and hidden until some time
	ListResolved   ListName = "resolved"   // assigned to the reader, and solved
	ListClosed     ListName = "closed"     // assigned to the reader, and ended without an answer
)

// The parts of which the lists are composed.
const (
	// pressing ranks a conversation: 1 urgent, 2 important or an unhappy customer, 3 normal, 4 unimportant. The indexes
	// conversations_pressing and conversations_team_pressing repeat it and pressingFirst word for word.
	pressing = `CASE
				WHEN conversation.traits->>'priority' = 'urgent' OR conversation.traits->>'urgent' IN ('now', 'again') THEN 1
				WHEN conversation.traits->>'priority' = 'high' OR conversation.traits->>'sentiment' IN ('negative', 'frustrated') THEN 2
				WHEN conversation.traits->>'priority' = 'low' THEN 4
				ELSE 3
			END`
	// pressingFirst sorts conversations whose customers wait for an answer first: the most pressing, then those that have
	// waited longest. Conversations in which nobody waits follow, the newest first. Snoozed ones are last.
	pressingFirst = `
		ORDER BY (conversation.status = 'snoozed'), (conversation.waiting_since IS NULL), ` + pressing + `,
			conversation.waiting_since, conversation.last_at DESC, conversation.id`
	wakingFirst = `
		ORDER BY conversation.snoozed_until, conversation.id`
	endedLastFirst = `
		ORDER BY conversation.resolved_at DESC NULLS LAST, conversation.id DESC`
	page = `
		LIMIT $4 OFFSET $5`

	// listOpen begins the condition of a list; further conditions follow it.
	listOpen = `
		FROM conversations AS conversation
		WHERE conversation.kind = 'customer' AND conversation.status IN ('open', 'pending', 'snoozed') AND `

	// A list's own condition goes between assignedWhere and selectAssigned. MATERIALIZED makes PostgreSQL collect the agent's
	// conversations by the index of assignees and then sort them. Otherwise the planner may scan all conversations in the
	// order of the list until enough are found.
	assignedWhere = `WITH conversation AS MATERIALIZED (
		SELECT * FROM conversations
		WHERE kind = 'customer' AND assignees @> ARRAY[$3::bigint] AND `
	selectAssigned = `) SELECT conversation.id FROM conversation WHERE ` + readable
)

// The statements of the lists.
const (
	listMine       = assignedWhere + `status IN ('open', 'pending')` + selectAssigned + pressingFirst + page
	listSnoozed    = assignedWhere + `status = 'snoozed'` + selectAssigned + wakingFirst + page
	listResolved   = assignedWhere + `status = 'resolved'` + selectAssigned + endedLastFirst + page
	listClosed     = assignedWhere + `status = 'closed'` + selectAssigned + endedLastFirst + page
	listAll        = `SELECT conversation.id` + listOpen + readable + pressingFirst + page
	listUnassigned = `SELECT conversation.id` + listOpen + readable + `
		AND conversation.status <> 'snoozed' AND conversation.assignees = '{}'` + pressingFirst + page
	// listTeam reads as many conversations of each team as the page may need.
	listTeam = `SELECT conversation.id FROM unnest($2::bigint[]) AS team (id)
		CROSS JOIN LATERAL (
			SELECT conversation.id, conversation.status, conversation.waiting_since, conversation.traits, conversation.last_at` +
		listOpen + readable + ` AND conversation.team_id = team.id` + pressingFirst + `
			LIMIT $4::bigint + $5::bigint) AS conversation` + pressingFirst + page
)

// ListConversations returns one page of a list, in the list's order: at most limit ids, after the first offset ones.
// Errors: the list is unknown.
func ListConversations(ctx context.Context, q Querier, r Reader, list ListName, limit, offset int) ([]ConversationID, error) {
	sql := map[ListName]string{
		ListMine:       listMine,
		ListUnassigned: listUnassigned,
		ListTeam:       listTeam,
		ListAll:        listAll,
		ListSnoozed:    listSnoozed,
		ListResolved:   listResolved,
		ListClosed:     listClosed,
	}[list]
	if sql == "" {
		return nil, fmt.Errorf("store: there is no list %q", list)
	}
	return query.Column[ConversationID](ctx, q, "list "+string(list), sql, append(r.readableArguments(), limit, offset)...)
}

const isAwaited = `
	SELECT EXISTS (
		SELECT FROM conversations AS conversation
		JOIN threads AS thread ON thread.conversation_id = conversation.id AND thread.account_id = $2 AND thread.channel = $3
		WHERE conversation.assignees @> ARRAY[$1::bigint] AND conversation.kind = 'customer' AND conversation.status = 'open'
			AND conversation.waiting_since IS NOT NULL)`

// IsAwaited reports whether a customer waits for an answer in a conversation that is assigned to the agent and has a thread in
// the channel.
func IsAwaited(ctx context.Context, q Querier, agent AgentID, surface AccountID, channel string) (bool, error) {
	return query.Value[bool](ctx, q, "is awaited", isAwaited, agent, surface, channel)
}

// answerable sorts the reader's own conversations before unassigned ones, and the newest first within both.
const answerable = `
	SELECT conversation.id
	FROM conversations AS conversation
	JOIN threads AS thread ON thread.conversation_id = conversation.id AND thread.account_id = $4 AND thread.channel = $5
	WHERE conversation.kind = 'customer' AND conversation.status IN ('open', 'pending')
		AND (conversation.assignees = '{}' OR conversation.assignees @> ARRAY[$3::bigint]) AND ` + readable + `
	ORDER BY (conversation.assignees = '{}'), conversation.last_at DESC, conversation.id DESC
	LIMIT $6`

// AnswerableConversations returns the open conversations that the reader may answer by typing in their threads in the
// channel: the reader's own, and unassigned ones. It returns at most limit ids.
func AnswerableConversations(
	ctx context.Context, q Querier, r Reader, surface AccountID, channel string, limit int,
) ([]ConversationID, error) {
	return query.Column[ConversationID](ctx, q,
		"answerable conversations", answerable, append(r.readableArguments(), surface, channel, limit)...)
}

// namesInChannel looks at the first thousand open conversations: those in which customers wait, then the newest.
const namesInChannel = `
	SELECT conversation.id, known.name
	FROM (SELECT conversation.*` + listOpen + readable + pressingFirst + ` LIMIT 1000) AS conversation
	CROSS JOIN LATERAL (
		SELECT root FROM threads WHERE conversation_id = conversation.id AND account_id = $4 AND channel = $5 OFFSET 0) AS thread
	CROSS JOIN LATERAL (SELECT name FROM identities WHERE id = conversation.identity_id OFFSET 0) AS identity -- looked up one by one
	CROSS JOIN LATERAL (VALUES (identity.name), (conversation.traits ->> 'name')) AS known (name)
	WHERE thread.root <> '' AND known.name <> ''
	ORDER BY conversation.last_at DESC, conversation.id DESC`

// NamedConversation is a conversation with a name of its customer.
type NamedConversation struct {
	ID   ConversationID `db:"id"`
	Name string         `db:"name"`
}

// NamesInChannel returns the open conversations that the reader may read, that have a thread in the channel, and whose
// customers have a name, the newest first: once with the customer's own name, and once with the one that an agent gave. If
// more than a thousand are open, the less pressing ones are missing.
func NamesInChannel(ctx context.Context, q Querier, r Reader, surface AccountID, channel string) ([]NamedConversation, error) {
	return query.Collect[NamedConversation](ctx, q, "names in channel", namesInChannel, append(r.readableArguments(), surface, channel)...)
}
