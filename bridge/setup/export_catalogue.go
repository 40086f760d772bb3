package setup

import (
	"slices"

	"parley/channels"
	"parley/store"
)

// templateEntries returns the entries of all message templates: texts that the provider of a channel, such as WhatsApp,
// approves before they may be sent. The database has a row for each account; accounts with equal templates share an entry:
//
//	name: greeting
//	language: en
//	accounts: [support-whatsapp, sales-whatsapp]
func templateEntries(s *State) []*Mapping {
	var entries []*Mapping
	isWritten := make([]bool, len(s.Templates)) // true for one that shares the entry of an earlier one
	for i, t := range s.Templates {
		if isWritten[i] {
			continue
		}

		accounts := []string{t.Account}
		for j := i + 1; j < len(s.Templates); j++ {
			other := s.Templates[j]
			if haveEqualText(t, other) && !slices.Contains(accounts, other.Account) {
				accounts = append(accounts, other.Account)
				isWritten[j] = true
			}
		}

		entries = append(entries, Template(t, accounts))
	}

	return entries
}

// haveEqualText reports whether two templates differ at most in their account.
func haveEqualText(a, b StateTemplate) bool {
	isSameName := a.Row.Name == b.Row.Name && a.Row.Language == b.Row.Language
	return isSameName && slices.Equal(rowsOf(Template(a, nil)), rowsOf(Template(b, nil)))
}

// Template returns the entry of a template that these accounts have. The provider's name for it is only written if it isn't
// derived from the template's name.
func Template(t StateTemplate, accounts []string) *Mapping {
	entry := &Mapping{}
	entry.AddText("name", t.Row.Name)
	entry.AddText("language", t.Row.Language)
	entry.AddList("accounts", accounts)
	entry.AddList("types", t.Row.Uses)
	entry.AddList("labels", t.Row.Labels)
	if t.Row.ProviderName != channels.TemplateName(t.Row.Name) {
		entry.AddText("provider_name", t.Row.ProviderName)
	}

	entry.AddText("category", t.Row.Category)
	entry.AddText("header", t.Row.Header)
	entry.AddText("body", t.Row.Body)
	entry.AddText("footer", t.Row.Footer)
	var buttons []*Mapping
	for _, b := range t.Row.Buttons {
		button := &Mapping{}
		button.AddText("title", b.Title)
		button.AddText("url", b.URL)
		buttons = append(buttons, button)
	}

	if len(buttons) > 0 {
		entry.Put("buttons", buttons)
	}

	for _, name := range channels.Variables(t.Row.Header, t.Row.Body) {
		if value := t.Row.Examples[name]; value != "" {
			entry.Child("examples").AddText(name, value)
		}
	}

	return entry
}

// Tag returns the entry of a tag. Empty values are written, too: a new database comes with some tags that have values, and the file
// overrides them.
func Tag(t store.Tag) *Mapping {
	entry := &Mapping{}
	entry.AddText("name", t.Name)
	entry.AddText("description", t.Description)
	entry.Put("color", t.Color)
	entry.Put("category", t.Category)
	entry.Put("kind", string(t.Kind))
	entry.AddList("formerly", t.Formerly)
	return entry
}

// Canned returns the entry of a canned reply for all.
func Canned(c store.Canned) *Mapping {
	entry := &Mapping{}
	entry.AddText("keyword", c.Keyword)
	entry.AddText("topic", c.Topic)
	entry.AddText("text", c.Text)
	return entry
}

// Role returns the entry of one of the company's own roles.
func Role(r store.Role) *Mapping {
	entry := &Mapping{}
	entry.AddText("name", r.Name)
	entry.AddList("lists", r.Lists)
	return entry
}

// Source returns the entry of a folder or web site from which replies are suggested.
func Source(place string) *Mapping {
	entry := &Mapping{}
	if (store.KnowledgePlace{Place: place}).IsSite() {
		entry.AddText("url", place)
	} else {
		entry.AddText("folder", place)
	}
	return entry
}
