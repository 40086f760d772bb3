package store

import (
	"context"

	"parley/store/internal/query"
)

// A team has at most one confirmed channel of each kind of chat.
const (
	confirmed = `SELECT channel AS name FROM team_rosters WHERE team_id = $1 AND kind = $2`
	decided   = `SELECT user_id AS name FROM team_roster_users WHERE team_id = $1 AND kind = $2`
	confirm   = `
		INSERT INTO team_rosters (team_id, kind, channel) VALUES ($1, $2, $3)
		ON CONFLICT (team_id, kind) DO UPDATE SET channel = EXCLUDED.channel`
	decide = `
		INSERT INTO team_roster_users (team_id, kind, user_id)
		SELECT $1, $2, unnest($3::text[])
		ON CONFLICT (team_id, kind, user_id) DO NOTHING`
)

// named is a row of the first two statements.
type named struct {
	Name string `db:"name"`
}

// ConfirmedChannel returns the channel that was confirmed for a team; empty if there is none.
func ConfirmedChannel(ctx context.Context, q Querier, team TeamID, kind string) (string, error) {
	rows, err := query.Collect[named](ctx, q, "confirmed channel", confirmed, team, kind)
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return rows[0].Name, nil
}

// DecidedUsers returns the set of users for whom a decision was made in a team.
func DecidedUsers(ctx context.Context, q Querier, team TeamID, kind string) (map[SurfaceUser]bool, error) {
	rows, err := query.Collect[named](ctx, q, "users of a channel", decided, team, kind)
	if err != nil {
		return nil, err
	}

	users := make(map[SurfaceUser]bool, len(rows))
	for _, r := range rows {
		users[SurfaceUser(r.Name)] = true
	}
	return users, nil
}

// ConfirmChannel records that an admin has confirmed a channel for a team, in place of an earlier one.
func ConfirmChannel(ctx context.Context, q Execer, team TeamID, kind, channel string) error {
	return query.Exec(ctx, q, "confirmed channel", confirm, team, kind, channel)
}

// DecideUsers records that a decision was made for users in a team. It doesn't record what was decided.
func DecideUsers(ctx context.Context, q Execer, team TeamID, kind string, users []SurfaceUser) error {
	return query.Exec(ctx, q, "users of a channel", decide, team, kind, users)
}
