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
