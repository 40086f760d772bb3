package setup

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"parley/store"
)

// Accounts that have events or customers. They are never deleted.
const usedAccounts = `
	SELECT a.id
	FROM accounts AS a
	WHERE a.id = ANY($1) AND (
		EXISTS (SELECT FROM events AS e WHERE e.account_id = a.id)
		OR EXISTS (SELECT FROM identities AS i WHERE i.account_id = a.id)
		OR EXISTS (SELECT FROM conversations AS c WHERE c.account_id = a.id))`

// Teams to which a conversation, or an account other than $2, belongs. They are never deleted.
const usedTeams = `
	SELECT t.id
	FROM teams AS t
	WHERE t.id = ANY($1) AND (
		EXISTS (SELECT FROM conversations AS c WHERE c.team_id = t.id)
		OR EXISTS (SELECT FROM accounts AS a WHERE a.team_id = t.id AND a.id <> ALL($2)))`

// idsOf gives those of the ids that the statement finds; others are its further parameters.
func idsOf[T ~int64](ctx context.Context, q store.Querier, sql string, ids []T, others ...[]store.AccountID) ([]T, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	args := []any{ids}
	for _, list := range others {
		args = append(args, append([]store.AccountID{}, list...)) // nil would be NULL
	}
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("setup: what is in use: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		return nil, fmt.Errorf("setup: what is in use: %w", err)
	}
	return found, nil
}

const deleteTeamChannel = `DELETE FROM team_channels WHERE team_id = $1 AND account_id = $2`

const deleteTeamChannels = `DELETE FROM team_channels WHERE team_id = $1`

const deleteTeam = `DELETE FROM teams WHERE id = $1`

const deleteAgentUser = `DELETE FROM agent_users WHERE agent_id = $1 AND account_id = $2`

const deleteAccount = `DELETE FROM accounts WHERE id = $1 AND side = 'channel'`

func exec(ctx context.Context, tx pgx.Tx, sql string, args ...any) error {
	if _, err := tx.Exec(ctx, sql, args...); err != nil {
		return fmt.Errorf("setup: remove: %w", err)
	}
	return nil
}
