package setup

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/bridge/setup/state"
	"parley/store"
)

// unremovable has the ids of teams and accounts that are not wanted any more but can't be removed, because conversations belong to
// them. Such a team stays as it is, and such an account is paused.
type unremovable struct {
	teams    map[store.TeamID]bool
	accounts map[store.AccountID]bool
}

// findUnremovable finds what can't be removed of the teams and accounts that are in have and not in want.
func findUnremovable(ctx context.Context, q store.Querier, have, want *state.State) (unremovable, error) {
	k := unremovable{teams: map[store.TeamID]bool{}, accounts: map[store.AccountID]bool{}}
	var accounts []store.AccountID
	for _, a := range have.Accounts {
		if want.Account(a.Row.Name) == nil {
			accounts = append(accounts, a.Row.ID)
		}
	}
	keptAccounts, err := idsOf(ctx, q, usedAccounts, accounts)
	if err != nil {
		return k, err
	}
	for _, id := range keptAccounts {
		k.accounts[id] = true
	}

	var teams []store.TeamID
	for _, t := range have.Teams {
		if want.Team(t.Name) == nil {
			teams = append(teams, t.ID)
		}
	}
	removed := slices.DeleteFunc(accounts, func(id store.AccountID) bool { return k.accounts[id] })
	keptTeams, err := idsOf(ctx, q, usedTeams, teams, removed)
	if err != nil {
		return k, err
	}
	for _, id := range keptTeams {
		k.teams[id] = true
	}
	return k, nil
}

// usedAccounts finds accounts that have events or customers.
const usedAccounts = `
	SELECT a.id
	FROM accounts AS a
	WHERE a.id = ANY($1) AND (
		EXISTS (SELECT FROM events AS e WHERE e.account_id = a.id)
		OR EXISTS (SELECT FROM identities AS i WHERE i.account_id = a.id)
		OR EXISTS (SELECT FROM conversations AS c WHERE c.account_id = a.id))`

// usedTeams finds teams to which a conversation belongs, or an account that is not in $2.
const usedTeams = `
	SELECT t.id
	FROM teams AS t
	WHERE t.id = ANY($1) AND (
		EXISTS (SELECT FROM conversations AS c WHERE c.team_id = t.id)
		OR EXISTS (SELECT FROM accounts AS a WHERE a.team_id = t.id AND a.id <> ALL($2)))`

// idsOf returns those of the ids that a statement finds. ids are its parameter $1, and others those from $2 on.
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
