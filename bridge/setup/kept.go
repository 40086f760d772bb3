package setup

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/bridge/setup/state"
	"parley/store"
)

// kept has the ids of teams and accounts that prune can't remove.
type kept struct {
	teams    map[store.TeamID]bool
	accounts map[store.AccountID]bool
}

// keptOf finds teams and accounts that prune can't remove, because conversations belong to them.
func keptOf(ctx context.Context, q store.Querier, have, want *state.State) (kept, error) {
	k := kept{teams: map[store.TeamID]bool{}, accounts: map[store.AccountID]bool{}}
	var accounts []store.AccountID
	var teams []store.TeamID

	for _, a := range have.Accounts {
		if want.Account(a.Row.Name) == nil {
			accounts = append(accounts, a.Row.ID)
		}
	}

	for _, t := range have.Teams {
		if want.Team(t.Name) == nil {
			teams = append(teams, t.ID)
		}
	}

	keptAccounts, err := idsOf(ctx, q, usedAccounts, accounts)
	if err != nil {
		return k, err
	}

	for _, id := range keptAccounts {
		k.accounts[id] = true
	}

	going := slices.DeleteFunc(accounts, func(id store.AccountID) bool { return k.accounts[id] })
	keptTeams, err := idsOf(ctx, q, usedTeams, teams, going)
	if err != nil {
		return k, err
	}

	for _, id := range keptTeams {
		k.teams[id] = true
	}

	return k, nil
}

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

// idsOf returns those of the ids that the statement finds. others are the statement's parameters from $2 on.
func idsOf[T ~int64](ctx context.Context, q store.Querier, sql string, ids []T, others ...[]store.AccountID) ([]T, error) {
	if len(ids) == 0 {
		return nil, nil
	}

	args := []any{ids}
	for _, list := range others {
		args = append(args, append([]store.AccountID{}, list...)) // a nil slice would be sent as NULL
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
