package site

import (
	"context"

	"parley/store"
)

const (
	personByUser = `EXISTS (
		SELECT FROM agent_users AS u JOIN accounts AS s ON s.id = u.account_id
		WHERE u.agent_id = a.id AND s.kind = $1 AND u.user_id = $2)`

	// Whoever has another user there is somebody else, whatever the address says.
	personByMail = `a.email = lower($3) AND NOT EXISTS (
		SELECT FROM agent_users AS u JOIN accounts AS s ON s.id = u.account_id
		WHERE u.agent_id = a.id AND s.kind = $1 AND u.user_id <> $2)`
)

// FindPersonByUser reads the agent who is a user of a surface ("slack", "teams"); of those for whom none is known
// there, the one with the e-mail address. An empty user or address finds nobody by it.
// Errors: ErrNoPerson.
func FindPersonByUser(ctx context.Context, q store.Querier, surface string, user store.SurfaceUser, email string) (Person, error) {
	return scanPerson(q.QueryRow(ctx, findPerson+`($2 <> '' AND `+personByUser+` OR $3 <> '' AND `+personByMail+`)
		ORDER BY `+personByUser+` DESC
		LIMIT 1`, surface, user, email))
}
