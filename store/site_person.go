package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store/internal/query"
)

// Person is what the settings site reads about a signed-in agent at each request.
type Person struct {
	ID        AgentID
	Email     string
	Name      string
	Zone      string
	Admin     bool
	Super     bool      // a super-admin, or any admin while there is no super-admin: see store.RoleSuperAdmin
	Blocked   bool      // may see the blocked senders
	SignedOut time.Time // sessions that began before this time are invalid
}

// ErrNoPerson means that there is no such agent, or that the agent is inactive.
var ErrNoPerson = errors.New("store: no such agent")

// findPerson must be completed with a condition on the agent a.
const findPerson = `
	SELECT a.id, a.email, a.name, a.zone, 'admin' = ANY(a.roles) OR 'super_admin' = ANY(a.roles),
		'super_admin' = ANY(a.roles)
			OR 'admin' = ANY(a.roles) AND NOT EXISTS (SELECT FROM agents AS s WHERE s.active AND 'super_admin' = ANY(s.roles)),
		a.roles && '{admin,super_admin}' OR EXISTS (SELECT FROM settings, jsonb_array_elements(settings.roles) AS role
			WHERE role->>'name' = ANY(a.roles) AND role->'lists' ? 'blocked'),
		coalesce(o.at, 'epoch')
	FROM agents AS a
	LEFT JOIN site_sign_outs AS o ON o.agent_id = a.id
	WHERE a.active AND `

// FindPerson returns an active agent.
// Errors: ErrNoPerson.
func FindPerson(ctx context.Context, q Querier, id AgentID) (Person, error) {
	return scanPerson(q.QueryRow(ctx, findPerson+`a.id = $1`, id))
}

// FindPersonByEmail returns the active agent with an e-mail address, which is in lower case (channels.LowerAddress).
// Errors: ErrNoPerson.
func FindPersonByEmail(ctx context.Context, q Querier, email string) (Person, error) {
	return scanPerson(q.QueryRow(ctx, findPerson+`a.email = $1`, email))
}

func scanPerson(row pgx.Row) (p Person, err error) {
	err = row.Scan(&p.ID, &p.Email, &p.Name, &p.Zone, &p.Admin, &p.Super, &p.Blocked, &p.SignedOut)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return p, ErrNoPerson
	case err != nil:
		return p, fmt.Errorf("store: person: %w", err)
	}
	return p, nil
}

const hasAdmin = `SELECT EXISTS (SELECT FROM agents WHERE active AND roles && '{admin,super_admin}')`

// HasAdmin reports whether there is an active admin or super-admin.
func HasAdmin(ctx context.Context, q Querier) (has bool, err error) {
	if err := q.QueryRow(ctx, hasAdmin).Scan(&has); err != nil {
		return false, fmt.Errorf("store: admins: %w", err)
	}
	return has, nil
}

const signOut = `
	INSERT INTO site_sign_outs (agent_id, at) VALUES ($1, (SELECT clock_timestamp()))
	ON CONFLICT (agent_id) DO UPDATE SET at = EXCLUDED.at`

// SignOutEverywhere invalidates all sessions of an agent that began before now, by setting Person.SignedOut.
func SignOutEverywhere(ctx context.Context, q Querier, agent AgentID) error {
	return query.Exec(ctx, q, "sign out", signOut, agent)
}
