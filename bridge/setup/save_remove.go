package setup

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"parley/store"
)

// remove deletes from the database what is stored (have) but no longer wanted. Agents are only retired, so that
// their conversations keep their names. Teams and accounts that are in use stay (kept).
func (s saving) remove(ctx context.Context, tx pgx.Tx) error {
	for _, a := range s.have.Agents {
		if s.want.Agent(a.Email) == nil {
			if err := store.RetireAgent(ctx, tx, a.ID); err != nil {
				return err
			}
		}
	}

	for _, a := range s.have.Accounts {
		if s.want.Account(a.Row.Name) != nil {
			continue
		}
		if err := s.removeAccount(ctx, tx, a); err != nil {
			return err
		}
	}

	for _, t := range s.have.Teams {
		if s.want.Team(t.Name) != nil || s.kept.teams[t.ID] {
			continue
		}
		if err := exec(ctx, tx, deleteTeamChannels, t.ID); err != nil {
			return err
		}
		if err := exec(ctx, tx, deleteTeam, t.ID); err != nil {
			return err
		}
	}

	return nil
}

// removeAccount deletes an account, or pauses it if it has events, customers or conversations.
func (s saving) removeAccount(ctx context.Context, tx pgx.Tx, a StateAccount) error {
	if !s.kept.accounts[a.Row.ID] {
		return exec(ctx, tx, deleteAccount, a.Row.ID)
	}
	a.Row.Paused = true
	_, err := store.SaveAccount(ctx, tx, a.Row)
	return err
}

const deleteTeamChannel = `DELETE FROM team_channels WHERE team_id = $1 AND account_id = $2`

const deleteTeamChannels = `DELETE FROM team_channels WHERE team_id = $1`

const deleteTeam = `DELETE FROM teams WHERE id = $1`

const deleteAgentUser = `DELETE FROM agent_users WHERE agent_id = $1 AND account_id = $2`

const deleteAgentUsers = `DELETE FROM agent_users WHERE agent_id = $1`

const deleteAccount = `DELETE FROM accounts WHERE id = $1 AND side = 'channel'`

func exec(ctx context.Context, tx pgx.Tx, sql string, args ...any) error {
	if _, err := tx.Exec(ctx, sql, args...); err != nil {
		return fmt.Errorf("setup: remove: %w", err)
	}
	return nil
}
