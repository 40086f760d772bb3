package state

import (
	"strings"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// Template is a template of one account.
type Template struct {
	Row     store.Template // ID 0 means new
	Account string
}

// Title names a template for people.
func (t Template) Title() string {
	return "template " + t.Row.Name + " (" + t.Row.Language + ") of " + t.Account
}

// Resubmit has a template handed in again if the provider rejected it.
func (t *Template) Resubmit() {
	if t.Row.Status == string(channels.TemplateRejected) {
		t.Row.Status, t.Row.AgentID = string(channels.TemplatePending), nil
	}
}

// NeedsSubmission reports whether the provider has to be told of a template again: it says something else than before, or it was
// rejected and no longer shall be.
func (t Template) NeedsSubmission(old Template) bool {
	return bridge.TemplateDiffers(old.Row, t.Row) || old.Row.Status != t.Row.Status
}

// Template finds a template of an account, or returns nil if there is none.
func (s *State) Template(account, name, language string) *Template {
	return find(s.Templates, func(t Template) bool {
		isNamed := strings.EqualFold(t.Row.Name, name) && t.Row.Language == language
		return isNamed && strings.EqualFold(t.Account, account)
	})
}

// FindTwin finds another template that its account's provider would know by the same name, or returns nil if there is none.
func (s *State) FindTwin(t Template) *Template {
	return find(s.Templates, func(other Template) bool {
		isOfAccount := other.Account == t.Account && other.Row.Language == t.Row.Language
		return isOfAccount && other.Row.ProviderName == t.Row.ProviderName && other.Row.Name != t.Row.Name
	})
}

// Attributes lists what a template is like.
func (t Template) Attributes() []Attribute {
	var buttons, examples []string
	for _, b := range t.Row.Buttons {
		buttons = append(buttons, strings.TrimSuffix(b.Title+" "+b.URL, " "))
	}
	for _, name := range channels.Variables(t.Row.Header, t.Row.Body) {
		examples = append(examples, name+": "+t.Row.Examples[name])
	}
	return []Attribute{
		{Name: "provider_name", Value: t.Row.ProviderName},
		{Name: "category", Value: t.Row.Category},
		{Name: "types", Value: joinSorted(t.Row.Uses)},
		{Name: "labels", Value: joinSorted(t.Row.Labels)},
		{Name: "header", Value: t.Row.Header},
		{Name: "body", Value: t.Row.Body},
		{Name: "footer", Value: t.Row.Footer},
		{Name: "buttons", Value: strings.Join(buttons, ", ")},
		{Name: "examples", Value: strings.Join(examples, ", ")},
	}
}
