package setup

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/store"
)

// saveTemplates writes the templates that changed, and retires those that are no longer wanted. A template is a
// message that a provider must approve before it can be sent; `parley serve` submits it later.
func (s saving) saveTemplates(ctx context.Context, tx pgx.Tx) error {
	accounts, err := store.ListAccounts(ctx, tx) // includes new accounts, which have their ids by now
	if err != nil {
		return err
	}

	for _, t := range s.want.Templates {
		old := s.have.Template(t.Account, t.Row.Name, t.Row.Language)
		mustSubmit := old == nil || t.NeedsSubmission(*old)
		if !mustSubmit && slices.Equal(rowsOf(Template(*old, nil)), rowsOf(Template(t, nil))) {
			continue
		}

		isOfAccount := func(a store.Account) bool { return strings.EqualFold(a.Name, t.Account) }
		if i := slices.IndexFunc(accounts, isOfAccount); i >= 0 {
			t.Row.AccountID = accounts[i].ID
		}

		if _, err := store.SaveTemplate(ctx, tx, t.Row, mustSubmit); err != nil {
			return err
		}
	}

	for _, t := range s.have.Templates {
		isAccountRemoved := s.want.Account(t.Account) == nil // its templates are removed with it
		isWanted := s.want.Template(t.Account, t.Row.Name, t.Row.Language) != nil
		if isAccountRemoved || isWanted {
			continue
		}
		if err := store.RetireTemplate(ctx, tx, t.Row.ID); err != nil {
			return err
		}
	}

	return nil
}

// saveTags writes the tags that changed. It removes old names first, because another tag may have one of them
// now.
func (s saving) saveTags(ctx context.Context, tx pgx.Tx) error {
	for _, t := range s.have.Tags {
		if err := s.removeOldName(ctx, tx, t); err != nil {
			return err
		}
	}

	for _, t := range s.want.Tags {
		old := s.have.StoredTag(t)
		keepsName := old != nil && old.Name == t.Name
		if keepsName && slices.Equal(rowsOf(Tag(*old)), rowsOf(Tag(t))) {
			continue
		}
		if err := store.SaveTag(ctx, tx, t); err != nil {
			return err
		}
	}

	return nil
}

// removeOldName removes a stored tag unless a wanted tag has exactly its name. If the tag was renamed, or only
// its spelling changed, its row is deleted. If it is no longer wanted, it is only retired, so that
// conversations keep it.
func (s saving) removeOldName(ctx context.Context, tx pgx.Tx, t store.Tag) error {
	keepsName := slices.ContainsFunc(s.want.Tags, func(want store.Tag) bool { return want.Name == t.Name })
	if keepsName {
		return nil
	}
	isRenamed := s.want.TagByFormerName(t.Name) != nil
	isRespelled := s.want.Tag(t.Name) != nil
	if isRenamed || isRespelled {
		return store.ForgetTag(ctx, tx, t.Name)
	}
	return store.RetireTag(ctx, tx, t.Name)
}

// saveKnowledge writes the folders and web sites of the knowledge base, if they changed.
func (s saving) saveKnowledge(ctx context.Context, tx pgx.Tx) error {
	if slices.Equal(s.have.Knowledge, s.want.Knowledge) {
		return nil
	}
	return store.SaveKnowledgePlaces(ctx, tx, s.want.Knowledge, s.super)
}

// saveRoles writes the company's own roles, if they changed.
func (s saving) saveRoles(ctx context.Context, tx pgx.Tx) error {
	if reflect.DeepEqual(s.have.Roles, s.want.Roles) {
		return nil
	}
	return store.SetOwnRoles(ctx, tx, s.want.Roles)
}

// saveCanned writes the canned replies for all, if they changed.
func (s saving) saveCanned(ctx context.Context, tx pgx.Tx) error {
	if slices.Equal(s.have.Canned, s.want.Canned) {
		return nil
	}
	return store.SetCanned(ctx, tx, s.want.Canned)
}

// saveAutomations writes all automations, if any has changed.
func (s saving) saveAutomations(ctx context.Context, tx pgx.Tx) error {
	if reflect.DeepEqual(s.have.Automations, s.want.Automations) {
		return nil
	}
	body, err := json.Marshal(s.want.Automations)
	if err != nil {
		return fmt.Errorf("setup: automations: %w", err)
	}
	return store.SetAutomations(ctx, tx, body)
}
