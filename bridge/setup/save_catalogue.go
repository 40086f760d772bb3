package setup

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/setup/state"
	"parley/store"
	"parley/store/knowledge"
	tags "parley/store/tag"
)

// saveTemplates writes changed templates. `parley serve` submits them to the providers later.
func (s saving) saveTemplates(ctx context.Context, tx pgx.Tx) error {
	accounts, err := store.ListAccounts(ctx, tx) // with the new ones, which have ids by now
	if err != nil {
		return err
	}
	for _, t := range s.want.Templates {
		old := s.have.Template(t.Account, t.Row.Name, t.Row.Language)
		if old != nil && slices.Equal(old.Attributes(), t.Attributes()) {
			continue
		}
		if i := slices.IndexFunc(accounts, func(a store.Account) bool { return strings.EqualFold(a.Name, t.Account) }); i >= 0 {
			t.Row.AccountID = accounts[i].ID
		}
		if _, err := store.SaveTemplate(ctx, tx, t.Row, old == nil || bridge.TemplateDiffers(old.Row, t.Row)); err != nil {
			return err
		}
	}
	for _, t := range s.have.Templates {
		if s.want.Account(t.Account) == nil || s.want.Template(t.Account, t.Row.Name, t.Row.Language) != nil {
			continue
		}
		if err := store.RetireTemplate(ctx, tx, t.Row.ID); err != nil {
			return err
		}
	}
	return nil
}

func (s saving) saveTags(ctx context.Context, tx pgx.Tx) error {
	// Remove old names first: such a name may be another tag's from now on.
	for _, t := range s.have.Tags {
		var err error
		keepsName := slices.ContainsFunc(s.want.Tags, func(want store.Tag) bool { return want.Name == t.Name })
		renamed := s.want.TagThatWas(t.Name) != nil
		respelled := s.want.Tag(t.Name) != nil
		if keepsName {
			continue
		}
		if renamed || respelled {
			err = tags.Forget(ctx, tx, t.Name)
		} else {
			err = tags.Retire(ctx, tx, t.Name)
		}
		if err != nil {
			return err
		}
	}
	for _, t := range s.want.Tags {
		old := s.have.TagBefore(t)
		keepsName := old != nil && old.Name == t.Name
		if keepsName && slices.Equal(state.TagAttributes(*old), state.TagAttributes(t)) {
			continue
		}
		if err := tags.Save(ctx, tx, t); err != nil {
			return err
		}
	}
	return nil
}

func (s saving) saveKnowledge(ctx context.Context, tx pgx.Tx) error {
	if slices.Equal(s.have.Knowledge, s.want.Knowledge) {
		return nil
	}
	return knowledge.SavePlaces(ctx, tx, s.want.Knowledge, s.super)
}
