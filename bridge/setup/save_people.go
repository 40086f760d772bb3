package setup

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/store"
)

// saveAgents writes the agents that changed, with their users. A user is the id by which a chat (a surface,
// such as Slack) knows an agent.
func (s saving) saveAgents(ctx context.Context, tx pgx.Tx) error {
	// Unlink users from their old agents first, because a user can only belong to one agent.
	for _, a := range s.want.Agents {
		for kind := range usersOf(s.have.Agent(a.Email)) {
			if a.Users[kind] != "" {
				continue
			}
			if err := exec(ctx, tx, deleteAgentUser, a.ID, s.want.Surfaces[kind]); err != nil {
				return err
			}
		}
	}

	for i := range s.want.Agents {
		a := &s.want.Agents[i]
		old := s.have.Agent(a.Email)
		if old != nil && slices.Equal(rowsOf(Agent(*old)), rowsOf(Agent(*a))) {
			continue
		}
		if err := s.saveAgent(ctx, tx, old, a); err != nil {
			return err
		}
	}
	return nil
}

// saveAgent writes an agent and sets its id in a. old is the stored agent, or nil if a is new.
func (s saving) saveAgent(ctx context.Context, tx pgx.Tx, old, a *StateAgent) error {
	work, err := json.Marshal(a.Work)
	if err != nil {
		return fmt.Errorf("setup: agent %s: %w", a.Email, err)
	}
	id, err := store.SaveAgent(ctx, tx, store.Agent{
		Email:         a.Email,
		Name:          a.Name,
		Roles:         store.StoredRoles(a.Roles),
		Zone:          a.Zone,
		Presence:      a.Presence,
		Quiet:         a.Quiet,
		Signature:     a.Signature.Markdown,
		RichSignature: a.Signature.Rich,
		Routing:       work,
	})
	if err != nil {
		return err
	}

	a.ID = id
	if old == nil { // a former agent who returns must not get their former users back
		if err := exec(ctx, tx, deleteAgentUsers, id); err != nil {
			return err
		}
	}
	for kind, user := range a.Users {
		if usersOf(old)[kind] == user {
			continue
		}
		if err := store.SaveAgentUser(ctx, tx, store.AgentUser{AccountID: s.want.Surfaces[kind], UserID: user, AgentID: id}); err != nil {
			return err
		}
	}
	return nil
}

// usersOf returns an agent's users by kind of surface. A nil agent has none.
func usersOf(a *StateAgent) map[string]store.SurfaceUser {
	if a == nil {
		return nil
	}
	return a.Users
}

// equalTeams reports whether two teams are equal, so that nothing has to be written.
func equalTeams(a, b StateTeam) bool {
	return slices.Equal(rowsOf(Team(a)), rowsOf(Team(b))) && maps.Equal(a.Channels, b.Channels)
}

// saveTeams writes the teams that changed. The agents must have been saved, so that members have their ids.
func (s saving) saveTeams(ctx context.Context, tx pgx.Tx) error {
	for i := range s.want.Teams {
		t := &s.want.Teams[i]
		old := s.have.Team(t.Name)
		if old != nil && equalTeams(*old, *t) {
			continue
		}

		row := store.Team{Name: t.Name, Emoji: t.Emoji, Agents: t.Agents, Board: t.Board}
		for _, email := range t.Members {
			row.Members = append(row.Members, s.want.Agent(email).ID) // overlay has checked that each is an agent
		}
		id, err := store.SaveTeam(ctx, tx, row)
		if err != nil {
			return err
		}
		t.ID = id
		if err := s.saveTeamChannels(ctx, tx, t); err != nil {
			return err
		}
	}
	return nil
}

// saveTeamChannels writes the channels of a team, and deletes those that it no longer has.
func (s saving) saveTeamChannels(ctx context.Context, tx pgx.Tx, t *StateTeam) (err error) {
	for _, kind := range Chats() {
		surface, isSetUp := s.want.Surfaces[kind]
		channel := t.Channels[kind]
		switch {
		case channel != "":
			row := store.TeamChannel{TeamID: t.ID, AccountID: surface, Channel: channel, Home: t.Home == kind}
			err = store.SaveTeamChannel(ctx, tx, row)
		case isSetUp:
			err = exec(ctx, tx, deleteTeamChannel, t.ID, surface)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
