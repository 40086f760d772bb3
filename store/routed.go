package store

import (
	"context"
	"slices"
	"time"

	"parley/store/internal/query"
)

// Rules give conversations that nobody has to agents (package routing). Who has how many is counted and decided in one transaction at
// a time, under the lock of LockRouting, so that loads stay balanced and nobody gets more than there is room for. The decision becomes
// an event, and a row of the table routed until that event is applied: both count as the agent's load, and never neither.

// Unassigned is an open conversation that nobody has, with the facts by which rules decide who gets it.
type Unassigned struct {
	ID        ConversationID    `db:"id"`
	AccountID AccountID         `db:"account_id"`
	TeamID    *TeamID           `db:"team_id"`
	Subject   string            `db:"subject"`
	CreatedAt time.Time         `db:"created_at"`
	EndedAt   *time.Time        `db:"resolved_at"`
	Tags      []string          `db:"tags"`
	Traits    map[string]string `db:"traits"`

	Text      string    `db:"text"`       // the customer's latest messages, if they were asked for
	Analysing bool      `db:"analysing"`  // these are being analysed
	LastAgent AgentID   `db:"last_agent"` // who had the contact's last conversation; 0 if nobody
	GaveBack  []AgentID `db:"gave_back"`  // agents from whom this conversation was taken
	Moved     bool      `db:"moved"`      // it was handed to a team
	VisibleTo []AgentID `db:"visible_to"` // who alone may read it; empty if everybody

	Pinned   AgentID           `db:"pinned"`   // whose own the customer is; 0 if nobody's
	Preset   []string          `db:"preset"`   // e-mail addresses of agents who were chosen for the customer
	Salesman string            `db:"salesman"` // what is known of the customer: see Customer
	Brands   []string          `db:"brands"`
	Fields   map[string]string `db:"fields"`
}

// Load is how much an agent has to do.
type Load struct {
	AgentID AgentID `db:"agent_id"`
	Open    int     `db:"open"` // open conversations, with those that are being given to the agent
	Turn    int64   `db:"turn"` // rises each time that the rules give a conversation to somebody; 0 means never
}

// routingLock is the key of the advisory lock of LockRouting.
const routingLock = 7_0910_0077

const lockRouting = `SELECT pg_try_advisory_xact_lock($1)`

// LockRouting lets this transaction alone give conversations to people. It returns false if another one does.
func LockRouting(ctx context.Context, q Querier) (bool, error) {
	return query.Value[bool](ctx, q, "lock routing", lockRouting, routingLock)
}

// isUnassigned is a condition of the row conversations, and needs the index conversations_unassigned.
const isUnassigned = `kind = 'customer' AND status = 'open' AND assignees = '{}'`

const hasUnassigned = `SELECT EXISTS (SELECT FROM conversations WHERE account_id = ANY($1) AND ` + isUnassigned + `)`

// HasUnassigned reports whether there is a conversation on these accounts that nobody has.
func HasUnassigned(ctx context.Context, q Querier, accounts []AccountID) (bool, error) {
	return query.Value[bool](ctx, q, "has unassigned", hasUnassigned, accounts)
}

// analysisWait is how long a conversation waits for its first analysis: the analyzer may be slow, or missing.
const analysisWait = `interval '30 seconds'`

// selectFacts and what follows select the facts of the rows conversation and identity. $3 says whether the customers' words are read.
const selectFacts = `
	SELECT conversation.id, conversation.account_id, conversation.team_id, conversation.subject, conversation.tags, conversation.traits,
		conversation.visible_to,
		conversation.created_at, conversation.resolved_at,
		coalesce(said.text, '') AS text,
		conversation.created_at > (SELECT parley_now()) - ` + analysisWait + `
			AND EXISTS (SELECT FROM bursts WHERE bursts.conversation_id = conversation.id) AS analysing,
		coalesce(latest.agent_id, 0) AS last_agent, coalesce(log.gave_back, '{}') AS gave_back, coalesce(log.moved, false) AS moved,
		coalesce(customer.salesman, '') AS salesman, coalesce(customer.brands, '{}') AS brands, coalesce(customer.fields, '{}') AS fields,
		coalesce(customer.assignees, '{}') AS preset, coalesce(pin.agent_id, 0) AS pinned`

const findUnassigned = selectFacts + `
	FROM unnest($1::bigint[]) AS account (id)
	CROSS JOIN LATERAL (
		SELECT * FROM conversations AS conversation
		WHERE account_id = account.id AND ` + isUnassigned + ` AND (account.id = ANY($5) OR id = ANY($6))
			AND NOT EXISTS (SELECT FROM routed WHERE routed.conversation_id = conversation.id)
			AND EXISTS (SELECT FROM threads WHERE threads.conversation_id = conversation.id AND root <> '')
		ORDER BY ` + pressing + `, waiting_since, id
		LIMIT $2 OFFSET $4) AS conversation
	LEFT JOIN identities AS identity ON identity.id = conversation.identity_id` + joinFacts + `
	ORDER BY ` + pressing + `, conversation.waiting_since, conversation.id`

const joinFacts = joinRecord + `
	LEFT JOIN LATERAL (
		SELECT pins.agent_id
		FROM identities AS same
		JOIN pins ON pins.identity_id = same.id
		WHERE same.contact_id = identity.contact_id
		LIMIT 1) AS pin ON true
	LEFT JOIN LATERAL (
		SELECT other.assignees[1] AS agent_id
		FROM identities AS same
		JOIN conversations AS other ON other.identity_id = same.id
		WHERE same.contact_id = identity.contact_id AND other.id <> conversation.id AND other.assignees <> '{}'
		ORDER BY other.last_at DESC
		LIMIT 1) AS latest ON true
	LEFT JOIN LATERAL (
		SELECT array_agg(DISTINCT gave.id) FILTER (WHERE gave.id IS NOT NULL) AS gave_back, bool_or(detail ? 'team') AS moved
		FROM log_entries
		LEFT JOIN LATERAL (
			SELECT agent_id AS id WHERE what = 'assigned' AND actor = 'agent'
			UNION ALL SELECT owner::bigint FROM jsonb_array_elements_text(detail->'agents') AS owner WHERE what = 'unassigned') AS gave ON true
		WHERE conversation_id = conversation.id AND (what = 'unassigned' OR (what = 'assigned' AND detail ? 'team'))) AS log ON true
	LEFT JOIN LATERAL (
		SELECT string_agg(message.text, E'\n') AS text
		FROM (SELECT left(text, 4000) AS text FROM messages
			WHERE $3 AND conversation_id = conversation.id AND direction = 'in'
			ORDER BY event_id DESC, id DESC LIMIT 5) AS message) AS said ON true`

// FindUnassigned returns open conversations on these accounts, and further ones, that nobody has, whose thread stands, and that aren't
// being given to anybody, at most limit of each account behind the first offset: the most pressing first, and those that wait longest.
// withText says whether the customers' words are read.
func FindUnassigned(
	ctx context.Context, q Querier, accounts []AccountID, further []Pinned, limit, offset int, withText bool,
) ([]Unassigned, error) {
	all, ids := slices.Clone(accounts), []ConversationID{}
	for _, f := range further {
		ids = append(ids, f.ID)
		if !slices.Contains(all, f.AccountID) {
			all = append(all, f.AccountID)
		}
	}
	return query.Collect[Unassigned](ctx, q, "unassigned", findUnassigned, all, limit, withText, offset, orEmpty(accounts), ids)
}

const latestFacts = selectFacts + `
	FROM (SELECT * FROM conversations WHERE kind = 'customer' AND account_id = ANY($1) ORDER BY id DESC LIMIT $2) AS conversation
	LEFT JOIN identities AS identity ON identity.id = conversation.identity_id` + joinFacts + `
	ORDER BY conversation.id`

// LatestFacts returns the latest conversations on these accounts, the oldest first, with the facts as they are known now.
func LatestFacts(ctx context.Context, q Querier, accounts []AccountID, limit int) ([]Unassigned, error) {
	const withText = true
	return query.Collect[Unassigned](ctx, q, "latest facts", latestFacts, accounts, limit, withText)
}

const factsOfCustomer = selectFacts + `
	FROM (SELECT 0::bigint AS id, id AS account_id, team_id, ''::text AS subject, '{}'::text[] AS tags, '{}'::bigint[] AS visible_to,
		'{}'::jsonb AS traits,
		(SELECT parley_now()) AS created_at, NULL::timestamptz AS resolved_at FROM accounts WHERE id = $1) AS conversation
	CROSS JOIN (SELECT $1::bigint AS account_id, $2::text AS key, (SELECT contact_id FROM identities WHERE account_id = $1 AND key = $2)
		AS contact_id) AS identity` +
	joinFacts

// FactsOfCustomer returns the facts of a conversation that a customer would begin on an account now.
func FactsOfCustomer(ctx context.Context, q Querier, account AccountID, address string) (Unassigned, error) {
	const withText = false
	list, err := query.Collect[Unassigned](ctx, q, "facts of customer", factsOfCustomer, account, address, withText)
	if err != nil || len(list) == 0 {
		return Unassigned{}, err
	}
	return list[0], nil
}

// countLoads counts in one statement what agents have and what they are being given, since the one becomes the other at any time.
const countLoads = `
	SELECT agent.id AS agent_id, (held.n + given.n)::int AS open, coalesce(routing_turns.turn, 0) AS turn
	FROM unnest($1::bigint[]) AS agent (id)
	CROSS JOIN LATERAL (
		SELECT count(*) AS n FROM conversations
		WHERE kind = 'customer' AND status IN ('open', 'pending', 'snoozed') AND status = 'open' AND assignees @> ARRAY[agent.id]) AS held
	CROSS JOIN LATERAL (SELECT count(*) AS n FROM routed WHERE routed.agent_id = agent.id) AS given
	LEFT JOIN routing_turns ON routing_turns.agent_id = agent.id`

// CountLoads returns how much each of these agents has to do.
func CountLoads(ctx context.Context, q Querier, agents []AgentID) ([]Load, error) {
	return query.Collect[Load](ctx, q, "loads", countLoads, agents)
}

// Routed is a conversation that the rules have given to an agent, or to a team.
type Routed struct {
	ConversationID ConversationID `json:"conversation_id"`
	AgentID        AgentID        `json:"agent_id"` // 0 means a team
	Turn           int64          `json:"turn"`
}

const keepRouted = `
	WITH given AS MATERIALIZED (
		SELECT * FROM json_to_recordset($1) AS given (conversation_id bigint, agent_id bigint, turn bigint)
	), turns AS (
		INSERT INTO routing_turns (agent_id, turn)
		SELECT agent_id, max(turn) FROM given WHERE agent_id <> 0 GROUP BY agent_id ORDER BY agent_id
		ON CONFLICT (agent_id) DO UPDATE SET turn = EXCLUDED.turn
	)
	INSERT INTO routed (conversation_id, agent_id, at)
	SELECT conversation_id, agent_id, (SELECT clock_timestamp()) FROM given ORDER BY conversation_id`

// KeepRouted records what the rules have decided. The caller stores an event for each row in the same transaction.
func KeepRouted(ctx context.Context, q Execer, rows []Routed) error {
	return execRows(ctx, q, "keep routed", keepRouted, rows)
}

const endRouted = `DELETE FROM routed WHERE conversation_id = $1`

// EndRouted records that the event of a decision is applied.
func EndRouted(ctx context.Context, q Execer, conversation ConversationID) error {
	return query.Exec(ctx, q, "end routed", endRouted, conversation)
}

const dropRouted = `DELETE FROM routed WHERE at < (SELECT clock_timestamp()) - make_interval(secs => $1)`

// DropRouted drops decisions whose events were not applied for some time, so that they count as nobody's load: the conversation was
// erased, or the event is in quarantine.
func DropRouted(ctx context.Context, q Execer, age time.Duration) error {
	return query.Exec(ctx, q, "drop routed", dropRouted, age.Seconds())
}
