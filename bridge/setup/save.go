package setup

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/channels"
	"parley/store"
	"parley/store/blob"
)

// saving writes a change of the set-up to the database. The set-up (agents, teams, accounts and so on) is given
// as a state, which has names in place of the database's ids. saving compares the stored state (have) with the
// wanted one, and writes whatever differs. For example, if only the name of the agent ann@acme.test differs, it
// writes one row. New things get their ids in want while they are written.
type saving struct {
	have, want *State
	kept       unremovable // what can't be removed although want doesn't have it
	specs      []channels.Spec
	sealer     *store.Sealer
	super      bool // the author has the rights of a super-admin
}

// save writes all differences. Rows are written before the rows that refer to them.
func (s saving) save(ctx context.Context, tx pgx.Tx) error {
	if s.have.Company != s.want.Company {
		if err := store.SetCompany(ctx, tx, s.want.Company); err != nil {
			return err
		}
	}

	steps := []func(context.Context, pgx.Tx) error{
		s.saveSettings, s.saveSurfaces, s.keepPictures,
		s.saveAgents, s.saveTeams, s.saveAccounts, s.saveTemplates, // each may refer to the preceding ones
		s.saveTags, s.saveRoles, s.saveAutomations, s.saveCanned, s.saveKnowledge, s.saveRetention, s.remove,
	}
	for _, step := range steps {
		if err := step(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

// saveSettings writes the defaults of all accounts, if they changed.
func (s saving) saveSettings(ctx context.Context, tx pgx.Tx) error {
	if maps.Equal(s.have.Settings, s.want.Settings) {
		return nil
	}
	settings, err := json.Marshal(s.want.Settings)
	if err != nil {
		return fmt.Errorf("setup: settings of all accounts: %w", err)
	}
	return store.SetAccountSettings(ctx, tx, settings)
}

// saveSurfaces creates the accounts of chats (surfaces) that are needed but don't exist, and puts their ids into want.
func (s saving) saveSurfaces(ctx context.Context, tx pgx.Tx) error {
	for _, kind := range Chats() {
		stored, isNeeded := s.want.Surfaces[kind]
		if !isNeeded || stored != 0 {
			continue
		}

		id, err := store.EnsureSurface(ctx, tx, kind)
		if err != nil {
			return err
		}
		s.want.Surfaces[kind] = id
	}
	return nil
}

func (s saving) saveAccounts(ctx context.Context, tx pgx.Tx) error {
	for _, a := range s.want.Accounts {
		old := s.have.Account(a.Row.Name)
		if old != nil && equalAccounts(*old, a, s.specs) {
			continue
		}
		if err := s.saveAccount(ctx, tx, a); err != nil {
			return err
		}
	}
	return nil
}

// saveAccount writes an account, with its secrets encrypted. Unchanged secrets are not encrypted again.
func (s saving) saveAccount(ctx context.Context, tx pgx.Tx, a StateAccount) error {
	row := a.Row
	row.TeamID, row.SurfaceID = nil, nil
	if t := s.want.Team(a.Team); t != nil {
		row.TeamID = &t.ID
	}
	if a.Surface != "" {
		id := s.want.Surfaces[a.Surface]
		row.SurfaceID = &id
	}

	var err error
	if row.Settings, err = json.Marshal(a.Settings); err != nil {
		return fmt.Errorf("setup: account %s: settings: %w", row.Name, err)
	}
	if row.Config, err = json.Marshal(a.Config); err != nil {
		return fmt.Errorf("setup: account %s: settings: %w", row.Name, err)
	}
	if row.Hours, err = json.Marshal(a.Hours); err != nil {
		return fmt.Errorf("setup: account %s: hours: %w", row.Name, err)
	}

	if row.Routing, err = json.Marshal(a.Plan); err != nil {
		return fmt.Errorf("setup: account %s: rules: %w", row.Name, err)
	}

	old := s.have.Account(row.Name)
	if old == nil || !maps.Equal(old.Secrets, a.Secrets) {
		if row.Secrets, err = Seal(row.Name, a.Secrets, s.sealer); err != nil {
			return err
		}
	}

	_, err = store.SaveAccount(ctx, tx, row)
	return err
}

// equalAccounts reports whether two accounts are equal, so that nothing has to be written.
func equalAccounts(a, b StateAccount, specs []channels.Spec) bool {
	write := func(a StateAccount) []row { return rowsOf(writeAccount(a, specs, map[string]bool{})) }
	return slices.Equal(write(a), write(b)) && maps.Equal(a.Config, b.Config)
}

func (s saving) saveRetention(ctx context.Context, tx pgx.Tx) error {
	if s.have.Retention == s.want.Retention {
		return nil
	}
	return store.SaveRetentionDays(ctx, tx, s.want.Retention)
}

// keepPictures registers the pictures of all signatures, stored and wanted, so that they are not deleted as
// unused: see blob.UsePictures.
func (s saving) keepPictures(ctx context.Context, tx pgx.Tx) error {
	blobs := map[string]bool{}
	for _, p := range append(s.have.listPictures(), s.want.listPictures()...) {
		blobs[p.Blob] = true
	}
	return blob.UsePictures(ctx, tx, slices.Collect(maps.Keys(blobs)))
}
