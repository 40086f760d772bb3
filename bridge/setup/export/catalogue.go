package export

import (
	"cmp"
	"slices"
	"strings"

	"parley/bridge/setup/document"
	"parley/bridge/setup/state"
	"parley/channels"
	"parley/store"
	"parley/store/knowledge"
)

// Templates, tags and the like as entries of parley.yaml. A template that several accounts have in the same form is
// written once.

// templateEntries writes equal templates of several accounts once, with all of these accounts.
func templateEntries(s *state.State) []*document.Draft {
	var groups []*document.Draft
	done := make([]bool, len(s.Templates))
	for i, t := range s.Templates {
		if done[i] {
			continue
		}

		accounts := []string{t.Account}
		for j := i + 1; j < len(s.Templates); j++ {
			other := s.Templates[j]
			if areEqual(t, other) && !slices.Contains(accounts, other.Account) {
				accounts = append(accounts, other.Account)
				done[j] = true
			}
		}

		groups = append(groups, Template(t, accounts))
	}

	return groups
}

// areEqual reports whether two templates differ only in their accounts.
func areEqual(a, b state.Template) bool {
	isSameName := a.Row.Name == b.Row.Name && a.Row.Language == b.Row.Language
	return isSameName && slices.Equal(a.Attributes(), b.Attributes())
}

// Template writes the entry of a template that some accounts have.
func Template(t state.Template, accounts []string) *document.Draft {
	g := &document.Draft{}
	g.Text("name", t.Row.Name)
	g.Text("language", t.Row.Language)
	g.List("accounts", accounts)
	g.List("types", t.Row.Uses)
	g.List("labels", t.Row.Labels)
	if t.Row.ProviderName != channels.TemplateName(t.Row.Name) {
		g.Text("provider_name", t.Row.ProviderName)
	}

	g.Text("category", t.Row.Category)
	g.Text("header", t.Row.Header)
	g.Text("body", t.Row.Body)
	g.Text("footer", t.Row.Footer)
	var buttons []*document.Draft
	for _, b := range t.Row.Buttons {
		one := &document.Draft{}
		one.Text("title", b.Title)
		one.Text("url", b.URL)
		buttons = append(buttons, one)
	}

	if len(buttons) > 0 {
		g.Put("buttons", buttons)
	}

	for _, name := range channels.Variables(t.Row.Header, t.Row.Body) {
		if value := t.Row.Examples[name]; value != "" {
			g.Sub("examples").Text(name, value)
		}
	}

	return g
}

// Tags writes the entries of all tags, by name.
func Tags(s *state.State) []*document.Draft {
	list := slices.Clone(s.Tags)
	slices.SortStableFunc(list, func(a, b store.Tag) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.Name, b.Name))
	})

	var groups []*document.Draft
	for _, t := range list {
		g := &document.Draft{}
		g.Text("name", t.Name)
		g.Text("description", t.Description)
		for _, key := range []state.Attribute{
			{Name: "color", Value: t.Color},
			{Name: "category", Value: t.Category},
			{Name: "kind", Value: string(t.Kind)},
		} {
			g.Put(key.Name, key.Value) // also an empty one: a new database has some of these tags, with values
		}

		g.List("formerly", t.Formerly)
		groups = append(groups, g)
	}

	return groups
}

// Knowledge writes the entries of all folders and web sites that suggested replies may draw on.
func Knowledge(s *state.State) []*document.Draft {
	var groups []*document.Draft
	for _, p := range s.Knowledge {
		g := &document.Draft{}
		if (knowledge.Place{Place: p}).IsSite() {
			g.Text("url", p)
		} else {
			g.Text("folder", p)
		}
		groups = append(groups, g)
	}
	return groups
}
