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

// templateEntry applies the entry of a template, a message that a provider has to approve before it can be
// sent, such as a WhatsApp template. It changes or makes one template for each account in the entry. Faults are
// added to o.faults.
func (o *overlay) templateEntry(e ParleyfileTemplate) {
	for _, name := range e.Accounts {
		a := o.Account(strings.TrimSpace(name.Value))
		if a == nil {
			o.faults.Add(Fault{
				At: name.At, Where: "template " + e.Name + ": accounts",
				What: fmt.Sprintf("there is no account %q", name.Raw), Hint: "Add it first.",
			})
			continue
		}

		t := o.Template(a.Row.Name, e.Name, e.Language)
		if t == nil {
			t = o.addTemplate(a.Row.Name, e)
		}

		stored := t.Row
		changeTemplate(&t.Row, e)
		o.checkTemplate(*t, e)
		if stored.ID != 0 && bridge.TemplateDiffers(stored, t.Row) {
			t.Row.AgentID = nil // without an agent, the provider's verdict is announced in the team's channel
		}
	}
}

// addTemplate adds a template with the defaults for everything that the entry may omit.
func (o *overlay) addTemplate(account string, e ParleyfileTemplate) *StateTemplate {
	o.Templates = append(o.Templates, StateTemplate{Account: account, Row: store.Template{
		Name:     e.Name,
		Language: e.Language,
		Category: "utility",
		Uses:     []string{bridge.TemplateReply, bridge.TemplateWindow},
	}})
	return &o.Templates[len(o.Templates)-1]
}

// checkTemplate adds a fault for everything that is wrong with a changed template.
func (o *overlay) checkTemplate(t StateTemplate, e ParleyfileTemplate) {
	where := "template " + e.Name
	for _, f := range bridge.TemplateFaults(t.Row) {
		at, ok := e.Positions[f.Field]
		if !ok {
			at = e.At
		}
		o.faults.Add(Fault{At: at, Where: where + ": " + f.Field, What: f.Text, Hint: f.Hint})
	}

	for _, f := range e.Examples {
		if !slices.Contains(channels.Variables(t.Row.Header, t.Row.Body), f.Path) {
			o.faults.Add(Fault{
				At: f.At, Where: where + ": examples",
				What: fmt.Sprintf("there is no variable {{%s}}", f.Path),
				Hint: "Take it out, or use it in the body.",
			})
		}
	}

	// The provider would take two templates with the same name for one.
	if twin := o.FindTwin(t); twin != nil {
		o.faults.Add(Fault{
			At: e.At, Where: where + ": provider_name",
			What: fmt.Sprintf("is %q as that of %q", t.Row.ProviderName, twin.Row.Name),
			Hint: "Write another one.",
		})
	}
}

// changeTemplate changes a row to what the entry says. A property that is missing in the entry stays as it is.
func changeTemplate(row *store.Template, e ParleyfileTemplate) {
	draft := bridge.Template{Name: row.Name, Language: row.Language, Category: row.Category, Uses: row.Uses, Labels: row.Labels,
		Header: row.Header, Body: row.Body, Footer: row.Footer, Examples: row.Examples}
	for _, b := range row.Buttons {
		draft.Buttons = append(draft.Buttons, bridge.TemplateButton{Title: b.Title, URL: b.URL})
	}

	providerName := row.ProviderName
	texts := map[string]*string{
		"provider_name": &providerName,
		"category":      &draft.Category,
		"header":        &draft.Header,
		"body":          &draft.Body,
		"footer":        &draft.Footer,
	}
	for key, value := range texts {
		if t := e.Texts[key]; t != nil {
			*value = t.Value
		}
	}

	if e.Types != nil {
		draft.Uses = removeDuplicates(e.Types.Values())
	}
	if e.Labels != nil {
		draft.Labels = removeDuplicates(trimAll(e.Labels.Values()))
	}
	if e.Buttons != nil {
		draft.Buttons = *e.Buttons
	}

	if e.Examples != nil {
		draft.Examples = map[string]string{}
		for _, f := range e.Examples {
			draft.Examples[f.Path] = f.One.Value
		}
	}

	// The row keeps everything else, such as the provider's verdict.
	changed := bridge.TemplateRow(draft)
	row.Category = changed.Category
	row.Uses = changed.Uses
	row.Labels = changed.Labels
	row.Header = changed.Header
	row.Body = changed.Body
	row.Footer = changed.Footer
	row.Buttons = changed.Buttons
	row.Examples = changed.Examples
	row.ProviderName = cmp.Or(strings.TrimSpace(providerName), changed.ProviderName)
}
