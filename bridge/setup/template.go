package setup

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// readTemplate reads the entry of a template, a prepared text with variables that a provider has to approve before it can be sent.
// Some channels, such as WhatsApp, only allow a template as the first message of a conversation. Each account has its own copy.
//
//	templates:
//	  - name: order update
//	    language: en
//	    accounts: [support-whatsapp]
//	    types: [start]
//	    body: "Your order {{number}} is on its way."
//	    examples:
//	      number: "4711"
func (o *overlay) readTemplate(e *Group) {
	name := e.readName("name", "Colleagues know a template by its name: order update.")
	if name != "" {
		e.Where = "template " + name // faults found from here on name the template
	}
	language := e.readName("language", "Write it like en or en_US.")
	accounts := readTemplateAccounts(e)
	if o.isAlone { // with none of the accounts
		e.changeTemplate(&store.Template{})
		e.Done()
	}
	for _, account := range accounts {
		given := strings.TrimSpace(account.Value)
		if name != "" && language != "" {
			o.entries.add("template", templateName(name, language, given), e, e.At)
		}
		if o.isAlone {
			continue
		}
		o.later = append(o.later, func() {
			if o.Account(given) == nil {
				o.fault(e, account.At, "accounts", fmt.Sprintf("there is no account %q", account.Raw), "Add it first.")
			}
		})
		a := o.Account(given)
		if a == nil {
			continue
		}

		t := o.Template(a.Row.Name, name, language)
		if t == nil {
			t = added(&o.Templates, StateTemplate{Account: a.Row.Name, Row: store.Template{
				Name: name, Language: language, Category: "utility", Uses: []string{bridge.TemplateReply, bridge.TemplateWindow},
			}})
		}
		stored := t.Row
		e.changeTemplate(&t.Row)
		o.checkTemplate(e, *t)
		if stored.ID != 0 && bridge.TemplateDiffers(stored, t.Row) {
			t.Row.AgentID = nil // without an agent, the provider's verdict is announced in the team's channel
		}
	}
}

func templateName(name, language, account string) string {
	return name + " (" + language + ") of " + account
}

func (t StateTemplate) name() string { return templateName(t.Row.Name, t.Row.Language, t.Account) }

// readTemplateAccounts reads the required list of accounts. It adds a fault if the list is missing or empty.
func readTemplateAccounts(e *Group) []Text {
	const hint = "Name the accounts that may send it."
	accounts := e.List("accounts")
	switch {
	case accounts == nil && !e.has("accounts"):
		e.Fault(e.At, "accounts", "are missing", hint)
	case accounts != nil && len(accounts.Items) == 0:
		e.Fault(accounts.At, "accounts", "are none", hint)
	}
	if accounts == nil {
		return nil
	}
	return accounts.Items
}

// changeTemplate changes a row to what the entry says. A property that is missing in the entry stays as it is, and so does everything
// else, such as the provider's verdict.
func (g *Group) changeTemplate(row *store.Template) {
	draft := bridge.Template{Name: row.Name, Language: row.Language, Category: row.Category, Uses: row.Uses, Labels: row.Labels,
		Header: row.Header, Body: row.Body, Footer: row.Footer, Examples: row.Examples}
	for _, b := range row.Buttons {
		draft.Buttons = append(draft.Buttons, bridge.TemplateButton{Title: b.Title, URL: b.URL})
	}

	setText(g, "provider_name", &row.ProviderName)
	setOneOf(g, "category", &draft.Category, channels.TemplateCategories()...)
	setText(g, "header", &draft.Header)
	setText(g, "body", &draft.Body)
	setText(g, "footer", &draft.Footer)
	setList(g, "types", &draft.Uses, bridge.TemplateStart, bridge.TemplateReply, bridge.TemplateWindow)
	setList(g, "labels", &draft.Labels)
	if buttons, ok := g.Groups("buttons", g.Label("button")); ok {
		draft.Buttons = nil
		for _, b := range buttons {
			button := added(&draft.Buttons, bridge.TemplateButton{})
			setText(b, "title", &button.Title)
			setText(b, "url", &button.URL)
			b.Done()
		}
	}
	if examples := g.Group("examples"); examples != nil {
		draft.Examples = map[string]string{}
		for _, variable := range examples.Names {
			if t := examples.Text(variable); t != nil {
				draft.Examples[variable] = t.Value
			}
		}
	}

	changed := bridge.TemplateRow(draft)
	row.Category, row.Uses, row.Labels, row.TemplateContent = changed.Category, changed.Uses, changed.Labels, changed.TemplateContent
	row.ProviderName = cmp.Or(row.ProviderName, changed.ProviderName)
}

// checkTemplate adds a fault for everything that is wrong with a changed template.
func (o *overlay) checkTemplate(e *Group, t StateTemplate) {
	for _, f := range bridge.TemplateFaults(t.Row) {
		at, ok := e.Positions[f.Field]
		if !ok {
			at = e.At
		}
		o.fault(e, at, f.Field, f.Text, f.Hint)
	}

	if examples := e.Group("examples"); examples != nil {
		for _, name := range examples.Names {
			if !slices.Contains(channels.Variables(t.Row.Header, t.Row.Body), name) {
				o.fault(e, examples.Positions[name], "examples", fmt.Sprintf("there is no variable {{%s}}", name),
					"Take it out, or use it in the body.")
			}
		}
	}

	o.later = append(o.later, func() {
		// The provider would take two templates with the same name for one.
		if twin := o.FindTwin(t); twin != nil {
			o.fault(e, e.At, "provider_name", fmt.Sprintf("is %q as that of %q", t.Row.ProviderName, twin.Row.Name), "Write another one.")
		}
	})
}

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

// templateFields describes a message template: a text that the provider of a channel, such as WhatsApp, approves before it
// may be sent.
func templateFields() []Field {
	return []Field{
		{
			Path: "accounts", Label: "Account", Input: InputChoice, Required: true, Fixed: true,
			Help: "The account that may send it.",
		},
		{
			Path: "name", Label: "Name", Input: InputLine, Required: true, Fixed: true,
			Help: "Colleagues select it by this name. Customers never see it.",
		},
		{
			Path: "language", Label: "Language", Input: InputLine, Required: true, Fixed: true,
			Help: "For example `en` or `en_US`.",
		},
		{
			Path: "types", Label: "For", Input: InputList,
			Choices: []string{bridge.TemplateStart, bridge.TemplateReply, bridge.TemplateWindow},
			Help:    "What colleagues may use it for.",
		},
		{Path: "labels", Label: "Labels", Help: "Words for finding it.", Input: InputList},
		{
			Path: "category", Label: "Category at the provider", Input: InputChoice,
			Choices: channels.TemplateCategories(), Default: "utility",
		},
		{
			Path: "provider_name", Label: "Name at the provider", Input: InputLine,
			Help: "Lower-case letters, digits and `_`. Empty: derived from the name.",
		},
		{Path: "header", Label: "Header", Input: InputLine},
		{
			Path: "body", Label: "Text", Input: InputText, Required: true,
			Help: "Write variables in double braces: `{{first_name}}`, `{{quote_number}}`.",
		},
		{Path: "footer", Label: "Footer", Input: InputLine},
		{Path: "buttons", Label: "Buttons", Input: InputList}, // of groups: buttons.0.title
		{
			Path: "examples", Label: "Examples", Input: InputGroup,
			Help: "Values for the variables. The provider uses them to review the text.",
		},
	}
}
