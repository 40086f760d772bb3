package store

import "context"

const (
	// The conditions under which the agent a is the person: $1 is the kind of the chat, $2 the user there, $3 the address.
	personByUser = `EXISTS (
		SELECT FROM agent_users AS u JOIN accounts AS s ON s.id = u.account_id
		WHERE u.agent_id = a.id AND s.kind = $1 AND u.user_id = $2)`

	// An agent who has another user in this chat is a different person, even if the address is the same. The address isn't
	// converted to lower case here, because lower makes "i" of "İ" (see channels.LowerAddress).
	personByMail = `a.email = $3 AND NOT EXISTS (
		SELECT FROM agent_users AS u JOIN accounts AS s ON s.id = u.account_id
		WHERE u.agent_id = a.id AND s.kind = $1 AND u.user_id <> $2)`
)

// FindPersonByUser reads the agent who is a user of a chat. surface is the chat's kind, such as "slack". If no agent has
// this user, it reads the agent with the e-mail address, in lower case, who has no other user in the chat. An empty user
// or address matches nobody.
// Errors: ErrNoPerson.
func FindPersonByUser(ctx context.Context, q Querier, surface string, user SurfaceUser, email string) (Person, error) {
	return scanPerson(q.QueryRow(ctx, findPerson+`($2 <> '' AND `+personByUser+` OR $3 <> '' AND `+personByMail+`)
		ORDER BY `+personByUser+` DESC
		LIMIT 1`, surface, user, email))
}
