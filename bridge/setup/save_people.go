package setup

import (
	"context"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/bridge/setup/input"
	"parley/bridge/setup/state"
	"parley/store"
)

func (s saving) saveAgents(ctx context.Context, tx pgx.Tx) error {
	// Untie users from their old agents first: a user belongs to one agent at a time.
	for i := range s.want.Agents {
		a := &s.want.Agents[i]
		for kind := range usersOf(s.have.Agent(a.Email)) {
			if a.Users[kind] == "" {
				if err := exec(ctx, tx, deleteAgentUser, a.ID, s.want.Surfaces[kind]); err != nil {
					return err
				}
			}
		}
	}

	for i := range s.want.Agents {
		a := &s.want.Agents[i]
		old := s.have.Agent(a.Email)
		if old != nil && slices.Equal(old.Attributes(), a.Attributes()) {
			continue
		}

		id, err := store.SaveAgent(ctx, tx, store.Agent{Email: a.Email, Name: a.Name, Roles: store.StoredRoles(a.Roles), Zone: a.Zone,
			Presence: a.Presence, Quiet: a.Quiet, Signature: a.Signature.Markdown, RichSignature: a.Signature.Rich})
		if err != nil {
			return err
		}

		a.ID = id
		if old == nil { // whoever was an agent before comes back without the users of that time
			if err := exec(ctx, tx, deleteAgentUsers, id); err != nil {
				return err
			}
		}

		for kind, user := range a.Users {
			if old != nil && old.Users[kind] == user {
				continue
			}
			if err := store.SaveAgentUser(ctx, tx, store.AgentUser{AccountID: s.want.Surfaces[kind], UserID: user, AgentID: id}); err != nil {
				return err
			}
		}
	}

	return nil
}

// usersOf returns an agent's users by kind of surface. A new agent, nil, has none.
func usersOf(a *state.Agent) map[string]string {
	if a == nil {
		return nil
	}
	return a.Users
}

// equalTeams reports whether two teams are equal, so that nothing has to be written.
func equalTeams(a, b state.Team) bool {
	return slices.Equal(a.Attributes(), b.Attributes()) && maps.Equal(a.Channels, b.Channels)
}

func (s saving) saveTeams(ctx context.Context, tx pgx.Tx) error {
	for i := range s.want.Teams {
		t := &s.want.Teams[i]
		old := s.have.Team(t.Name)
		if old != nil && equalTeams(*old, *t) {
			continue
		}

		row := store.Team{Name: t.Name, Emoji: t.Emoji, Agents: t.Agents, Weekly: t.Weekly}
		for _, email := range t.Members {
			row.Members = append(row.Members, s.want.Agent(email).ID)
		}

		id, err := store.SaveTeam(ctx, tx, row)
		if err != nil {
			return err
		}

		t.ID = id
		for _, kind := range input.Chats() {
			surface, ok := s.want.Surfaces[kind]
			if channel := t.Channels[kind]; channel != "" {
				err = store.SaveTeamChannel(ctx, tx, store.TeamChannel{TeamID: id, AccountID: surface, Channel: channel, Home: t.Home == kind})
			} else if ok {
				err = exec(ctx, tx, deleteTeamChannel, id, surface)
			}

			if err != nil {
				return err
			}
		}
	}

	return nil
}
