package store

import (
	"context"

	"parley/store/internal/query"
)

// A customer can be one agent's own: pinned to the agent. New conversations then go there before all rules. A pin stands at one of the
// customer's identities, and counts for all of them, whatever identities are united later.

const pinsOf = `
	SELECT DISTINCT ON (given.id) given.id, pins.agent_id
	FROM identities AS given
	JOIN identities AS same ON same.contact_id = given.contact_id
	JOIN pins ON pins.identity_id = same.id
	WHERE given.id = ANY($1)`

// Pins returns whose own these customers are. Those who are nobody's are left out.
func Pins(ctx context.Context, q Querier, customers []IdentityID) (map[IdentityID]AgentID, error) {
	return query.Map[IdentityID, AgentID](ctx, q, "pins", pinsOf, orEmpty(customers))
}

// PinRow is a row of Pipeline.Pins.
type PinRow struct {
	ID      IdentityID `db:"id"`
	AgentID AgentID    `db:"agent_id"`
}

// Pins reads into list whose own a customer is.
func (p *Pipeline) Pins(list *[]PinRow, customer IdentityID) {
	read(p, list, pinsOf, []IdentityID{customer})
}

const setPin = `
	WITH former AS (
		DELETE FROM pins USING identities AS given, identities AS same
		WHERE given.id = $1 AND same.contact_id = given.contact_id AND pins.identity_id = same.id AND (same.id <> $1 OR $2::bigint = 0)
	)
	INSERT INTO pins (identity_id, agent_id) SELECT $1, $2::bigint WHERE $2::bigint <> 0
	ON CONFLICT (identity_id) DO UPDATE SET agent_id = EXCLUDED.agent_id`

// SetPin makes a customer an agent's own, or, if agent is 0, nobody's.
func SetPin(ctx context.Context, q Execer, customer IdentityID, agent AgentID) error {
	return query.Exec(ctx, q, "set pin", setPin, customer, agent)
}

// Pinned is a conversation that nobody has, of a customer who is somebody's own.
type Pinned struct {
	ID        ConversationID `db:"id"`
	AccountID AccountID      `db:"account_id"`
}

const findPinned = `
	SELECT conversation.id, conversation.account_id
	FROM pins
	JOIN identities AS given ON given.id = pins.identity_id
	JOIN identities AS same ON same.contact_id = given.contact_id
	JOIN conversations AS conversation ON conversation.identity_id = same.id
	WHERE ` + isUnassigned

// FindPinned returns the open conversations that nobody has of customers who are somebody's own.
func FindPinned(ctx context.Context, q Querier) ([]Pinned, error) {
	return query.Collect[Pinned](ctx, q, "pinned", findPinned)
}
