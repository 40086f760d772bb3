package setup

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/setup/document"
	"parley/channels"
	"parley/store"
)

// templatesOf adds the templates to a state.
func (s *state) templatesOf(ctx context.Context, q store.Querier) error {
	rows, err := store.ListTemplates(ctx, q, 0)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if a := find(s.accounts, func(a account) bool { return a.row.ID == row.AccountID }); a != nil {
			s.templates = append(s.templates, template{row: row, account: a.row.Name})
		}
	}
	return nil
}

// saveTemplates writes changed templates. `parley serve` submits them to the providers later.
func (w *work) saveTemplates(ctx context.Context, tx pgx.Tx) error {
	accounts, err := store.ListAccounts(ctx, tx) // with the new ones, which have ids by now
	if err != nil {
		return err
	}
	for _, t := range w.want.templates {
		old := w.have.template(t.account, t.row.Name, t.row.Language)
		if old != nil && slices.Equal(old.attributes(), t.attributes()) {
			continue
		}
		if a := find(accounts, func(a store.Account) bool { return strings.EqualFold(a.Name, t.account) }); a != nil {
			t.row.AccountID = a.ID
		}
		if _, err := store.SaveTemplate(ctx, tx, t.row, old == nil || bridge.TemplateDiffers(old.row, t.row)); err != nil {
			return err
		}
	}
	for _, t := range w.have.templates {
		if w.want.account(t.account) == nil || w.want.template(t.account, t.row.Name, t.row.Language) != nil {
			continue
		}
		if err := store.DropTemplate(ctx, tx, t.row.ID); err != nil {
			return err
		}
	}
	return nil
}

// exportTemplates writes equal templates of several accounts once, with all of these accounts.
func (s *state) exportTemplates() []*document.Draft {
	var groups []*document.Draft
	done := make([]bool, len(s.templates))
	for i, t := range s.templates {
		if done[i] {
			continue
		}
		accounts := []string{t.account}
		for j := i + 1; j < len(s.templates); j++ {
			other := s.templates[j]
			if other.row.Name == t.row.Name && other.row.Language == t.row.Language && slices.Equal(other.attributes(), t.attributes()) &&
				!slices.Contains(accounts, other.account) {
				accounts, done[j] = append(accounts, other.account), true
			}
		}
		groups = append(groups, exportTemplate(t, accounts))
	}
	return groups
}

func exportTemplate(t template, accounts []string) *document.Draft {
	g := &document.Draft{}
	g.Text("name", t.row.Name)
	g.Text("language", t.row.Language)
	g.List("accounts", accounts)
	g.List("types", t.row.Uses)
	g.List("labels", t.row.Labels)
	if t.row.ProviderName != channels.TemplateName(t.row.Name) {
		g.Text("provider_name", t.row.ProviderName)
	}
	g.Text("category", t.row.Category)
	g.Text("header", t.row.Header)
	g.Text("body", t.row.Body)
	g.Text("footer", t.row.Footer)
	var buttons []*document.Draft
	for _, b := range t.row.Buttons {
		one := &document.Draft{}
		one.Text("title", b.Title)
		one.Text("url", b.URL)
		buttons = append(buttons, one)
	}
	if len(buttons) > 0 {
		g.Put("buttons", buttons)
	}
	for _, name := range channels.Variables(t.row.Header, t.row.Body) {
		if value := t.row.Examples[name]; value != "" {
			g.Sub("examples").Text(name, value)
		}
	}
	return g
}
