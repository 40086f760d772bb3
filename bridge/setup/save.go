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

// save writes the difference. What others refer to is written first.
func (w *work) save(ctx context.Context, tx pgx.Tx) error {
	if w.have.company != w.want.company {
		if err := store.SetCompany(ctx, tx, w.want.company); err != nil {
			return err
		}
	}
	if !maps.Equal(w.have.settings, w.want.settings) {
		settings, err := json.Marshal(w.want.settings)
		if err != nil {
			return fmt.Errorf("setup: settings of all accounts: %w", err)
		}
		if err := store.SetAccountSettings(ctx, tx, settings); err != nil {
			return err
		}
	}
	for _, kind := range surfaceKinds() {
		if id, needed := w.want.surfaces[kind]; !needed || id != 0 {
			continue
		}
		id, err := store.EnsureSurface(ctx, tx, kind)
		if err != nil {
			return err
		}
		w.want.surfaces[kind] = id
	}
	if err := w.keepPictures(ctx, tx); err != nil {
		return err
	}
	for _, step := range []func(context.Context, pgx.Tx) error{w.saveAgents, w.saveTeams, w.saveAccounts, w.saveTemplates, w.saveTags, w.saveKnowledge, w.saveRetention, w.remove} {
		if err := step(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) saveAgents(ctx context.Context, tx pgx.Tx) error {
	for i := range w.want.agents { // first untie users from their old agents
		a := &w.want.agents[i]
		for kind := range attributesOfUsers(w.have.agent(a.email)) {
			if a.users[kind] == "" {
				if err := exec(ctx, tx, deleteAgentUser, a.id, w.want.surfaces[kind]); err != nil {
					return err
				}
			}
		}
	}
	for i := range w.want.agents {
		a := &w.want.agents[i]
		old := w.have.agent(a.email)
		if old != nil && slices.Equal(old.attributes(), a.attributes()) {
			continue
		}
		id, err := store.SaveAgent(ctx, tx, store.Agent{Email: a.email, Name: a.name, Roles: store.StoredRoles(a.roles), Zone: a.zone,
			Presence: a.presence, Quiet: a.quiet, Signature: a.signature.markdown, RichSignature: a.signature.rich})
		if err != nil {
			return err
		}
		a.id = id
		for kind, user := range a.users {
			if old != nil && old.users[kind] == user {
				continue
			}
			if err := store.SaveAgentUser(ctx, tx, store.AgentUser{AccountID: w.want.surfaces[kind], UserID: user, AgentID: id}); err != nil {
				return err
			}
		}
	}
	return nil
}

func attributesOfUsers(a *agent) map[string]string {
	if a == nil {
		return nil
	}
	return a.users
}

func (w *work) saveTeams(ctx context.Context, tx pgx.Tx) error {
	for i := range w.want.teams {
		t := &w.want.teams[i]
		old := w.have.team(t.name)
		if old != nil && slices.Equal(old.attributes(), t.attributes()) && maps.Equal(old.channels, t.channels) {
			continue
		}
		row := store.Team{Name: t.name, Emoji: t.emoji, Agents: t.agents, Weekly: t.weekly}
		for _, email := range t.members {
			row.Members = append(row.Members, w.want.agent(email).id)
		}
		id, err := store.SaveTeam(ctx, tx, row)
		if err != nil {
			return err
		}
		t.id = id
		for _, kind := range surfaceKinds() {
			surface, ok := w.want.surfaces[kind]
			switch channel := t.channels[kind]; {
			case channel != "":
				err = store.SaveTeamChannel(ctx, tx, store.TeamChannel{TeamID: id, AccountID: surface, Channel: channel, Home: t.home == kind})
			case ok:
				err = exec(ctx, tx, deleteTeamChannel, id, surface)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *work) saveAccounts(ctx context.Context, tx pgx.Tx) error {
	for _, a := range w.want.accounts {
		if old := w.have.account(a.row.Name); old != nil && equalAccounts(*old, a, w.options.Specs) {
			continue
		}
		if err := w.saveAccount(ctx, tx, a); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) saveAccount(ctx context.Context, tx pgx.Tx, a account) error {
	row := a.row
	row.TeamID, row.SurfaceID = nil, nil
	if t := w.want.team(a.team); t != nil {
		row.TeamID = &t.id
	}
	if a.surface != "" {
		id := w.want.surfaces[a.surface]
		row.SurfaceID = &id
	}
	var err error
	if row.Settings, err = json.Marshal(a.settings); err != nil {
		return fmt.Errorf("setup: account %s: settings: %w", row.Name, err)
	}
	if row.Config, err = json.Marshal(a.config); err != nil {
		return fmt.Errorf("setup: account %s: settings: %w", row.Name, err)
	}
	if row.Hours, err = json.Marshal(a.hours); err != nil {
		return fmt.Errorf("setup: account %s: hours: %w", row.Name, err)
	}
	old := w.have.account(row.Name)
	if old == nil || !maps.Equal(old.secrets, a.secrets) {
		if row.Secrets, err = seal(row.Name, a.secrets, w.options.Sealer); err != nil {
			return err
		}
	}
	_, err = store.SaveAccount(ctx, tx, row)
	return err
}

// remove removes from the database what prune removed from the state.
func (w *work) remove(ctx context.Context, tx pgx.Tx) error {
	for _, a := range w.have.agents {
		if w.want.agent(a.email) == nil {
			if err := store.RetireAgent(ctx, tx, a.id); err != nil {
				return err
			}
		}
	}
	for _, a := range w.have.accounts {
		if w.want.account(a.row.Name) != nil {
			continue
		}
		if err := w.removeAccount(ctx, tx, a); err != nil {
			return err
		}
	}
	for _, t := range w.have.teams {
		if w.want.team(t.name) != nil || w.kept.teams[t.id] {
			continue
		}
		if err := exec(ctx, tx, deleteTeamChannels, t.id); err != nil {
			return err
		}
		if err := exec(ctx, tx, deleteTeam, t.id); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) removeAccount(ctx context.Context, tx pgx.Tx, a account) error {
	if !w.kept.accounts[a.row.ID] {
		return exec(ctx, tx, deleteAccount, a.row.ID)
	}
	a.row.Paused = true
	_, err := store.SaveAccount(ctx, tx, a.row)
	return err
}
