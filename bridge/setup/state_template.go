package setup

import (
	"strings"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// StateTemplate is a message template of one account. A provider, such as WhatsApp, must approve a template before
// messages can be sent with it.
type StateTemplate struct {
	Row     store.Template // ID 0 means new
	Account string
}

// Resubmit makes saving submit the template to the provider again, if the provider has rejected it.
func (t *StateTemplate) Resubmit() {
	if t.Row.Status == string(channels.TemplateRejected) {
		t.Row.Status, t.Row.AgentID = string(channels.TemplatePending), nil
	}
}

// NeedsSubmission reports whether the template must be submitted to the provider: its content differs from the
// old one, or Resubmit has changed its status.
func (t StateTemplate) NeedsSubmission(old StateTemplate) bool {
	return bridge.TemplateDiffers(old.Row, t.Row) || old.Row.Status != t.Row.Status
}

// Template returns the template of an account with this name and language, or nil.
func (s *State) Template(account, name, language string) *StateTemplate {
	return find(s.Templates, func(t StateTemplate) bool {
		isNamed := strings.EqualFold(t.Row.Name, name) && t.Row.Language == language
		return isNamed && strings.EqualFold(t.Account, account)
	})
}

// FindTwin returns another template of the same account and language that has the same name at the provider, or
// nil. The provider could not distinguish the two.
func (s *State) FindTwin(t StateTemplate) *StateTemplate {
	return find(s.Templates, func(other StateTemplate) bool {
		isOfAccount := other.Account == t.Account && other.Row.Language == t.Row.Language
		return isOfAccount && other.Row.ProviderName == t.Row.ProviderName && other.Row.Name != t.Row.Name
	})
}
