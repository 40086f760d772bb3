// Package roster keeps which channels' members an admin has confirmed as agents of a team, and about whom of them was
// decided.
//
// What does not belong here: who is in a channel (package bot), and who becomes an agent (cmd/parley/roster).
package roster

import (
	"context"

	"parley/store"
	"parley/store/internal/query"
)

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

type named struct {
	Name string `db:"name"`
}

// ConfirmedChannel returns which channel of a chat was confirmed for a team. It is empty if none was.
func ConfirmedChannel(ctx context.Context, q store.Querier, team store.TeamID, kind string) (string, error) {
	rows, err := query.Collect[named](ctx, q, "confirmed channel", confirmed, team, kind)
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return rows[0].Name, nil
}

// DecidedUsers tells about which users of a chat was decided for a team.
func DecidedUsers(ctx context.Context, q store.Querier, team store.TeamID, kind string) (map[store.SurfaceUser]bool, error) {
	rows, err := query.Collect[named](ctx, q, "users of a channel", decided, team, kind)
	if err != nil {
		return nil, err
	}

	users := make(map[store.SurfaceUser]bool, len(rows))
	for _, r := range rows {
		users[store.SurfaceUser(r.Name)] = true
	}
	return users, nil
}

// Confirm records that an admin has confirmed the members of a channel.
func Confirm(ctx context.Context, q store.Execer, team store.TeamID, kind, channel string) error {
	return query.Exec(ctx, q, "confirmed channel", confirm, team, kind, channel)
}

// Decide records that about users of a chat was decided for a team, whatever it was.
func Decide(ctx context.Context, q store.Execer, team store.TeamID, kind string, users []store.SurfaceUser) error {
	return query.Exec(ctx, q, "users of a channel", decide, team, kind, users)
}
