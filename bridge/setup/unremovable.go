package setup

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/store"
)

// unremovable has the ids of teams and accounts that are no longer wanted but can't be deleted, because
// conversations belong to them. The teams stay unchanged, and the accounts are paused.
type unremovable struct {
	teams    map[store.TeamID]bool
	accounts map[store.AccountID]bool
}

// findUnremovable finds the teams and accounts that are in have but not in want, and that can't be deleted.
func findUnremovable(ctx context.Context, q store.Querier, have, want *State) (unremovable, error) {
	kept := unremovable{teams: map[store.TeamID]bool{}, accounts: map[store.AccountID]bool{}}
	var accounts []store.AccountID
	for _, a := range have.Accounts {
		if want.Account(a.Row.Name) == nil {
			accounts = append(accounts, a.Row.ID)
		}
	}
	keptAccounts, err := queryIDs(ctx, q, usedAccounts, accounts)
	if err != nil {
		return kept, err
	}
	for _, id := range keptAccounts {
		kept.accounts[id] = true
	}

	// A team that only accounts to be removed belong to can be removed with them.
	var teams []store.TeamID
	for _, t := range have.Teams {
		if want.Team(t.Name) == nil {
			teams = append(teams, t.ID)
		}
	}
	removed := slices.DeleteFunc(accounts, func(id store.AccountID) bool { return kept.accounts[id] })
	keptTeams, err := queryIDs(ctx, q, usedTeams, teams, removed)
	if err != nil {
		return kept, err
	}
	for _, id := range keptTeams {
		kept.teams[id] = true
	}
	return kept, nil
}

// usedAccounts selects the accounts among $1 that have events, customers or conversations.
const usedAccounts = `
	SELECT a.id
	FROM accounts AS a
	WHERE a.id = ANY($1) AND (
		EXISTS (SELECT FROM events AS e WHERE e.account_id = a.id)
		OR EXISTS (SELECT FROM identities AS i WHERE i.account_id = a.id)
		OR EXISTS (SELECT FROM conversations AS c WHERE c.account_id = a.id))`

// usedTeams selects the teams among $1 that have a conversation, or an account that is not in $2.
const usedTeams = `
	SELECT t.id
	FROM teams AS t
	WHERE t.id = ANY($1) AND (
		EXISTS (SELECT FROM conversations AS c WHERE c.team_id = t.id)
		OR EXISTS (SELECT FROM accounts AS a WHERE a.team_id = t.id AND a.id <> ALL($2)))`

// queryIDs returns those of the ids that a query selects. ids is its parameter $1, and others are $2 and so on.
func queryIDs[T ~int64](ctx context.Context, q store.Querier, sql string, ids []T, others ...[]store.AccountID) ([]T, error) {
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
