package overlay

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"parley/bridge"
	"parley/bridge/setup/parleyfile"
	"parley/bridge/setup/state"
	"parley/channels"
	"parley/store"
)

// templateEntry changes the templates of the entry's accounts to what the entry says.
func (o *overlay) templateEntry(e parleyfile.Template) {
	where := "template " + e.Name
	for _, name := range e.Accounts {
		a := o.Account(strings.TrimSpace(name.Value))
		if a == nil {
			o.faults.Add(name.At, where+": accounts", fmt.Sprintf("there is no account %q", name.Raw), "Add it under accounts:.")
			continue
		}
		t := o.Template(a.Row.Name, e.Name, e.Language)
		if t == nil {
			o.Templates = append(o.Templates, state.Template{Account: a.Row.Name, Row: store.Template{Name: e.Name, Language: e.Language, Category: "utility",
				Uses: []string{bridge.TemplateReply, bridge.TemplateWindow}}})
			t = &o.Templates[len(o.Templates)-1]
		}
		before := t.Row
		changeTemplate(&t.Row, e)
		for _, f := range bridge.TemplateFaults(t.Row) {
			at, ok := e.Places[f.Field]
			if !ok {
				at = e.At
			}
			o.faults.Add(at, where+": "+f.Field, f.Text, f.Hint)
		}
		for _, f := range e.Examples {
			if !slices.Contains(channels.Variables(t.Row.Header, t.Row.Body), f.Path) {
				o.faults.Add(f.At, where+": examples", fmt.Sprintf("there is no variable {{%s}}", f.Path), "Take it out, or use it in the body.")
			}
		}
		if before.ID != 0 && bridge.TemplateDiffers(before, t.Row) {
			t.Row.AgentID = nil // no agent: the provider's verdict is told in the team's channel
		}
		if twin := o.Twin(*t); twin != nil {
			o.faults.Add(e.At, where+": provider_name", fmt.Sprintf("is %q as that of %q", t.Row.ProviderName, twin.Row.Name), "Write another one: provider_name: …")
		}
	}
}

// changeTemplate changes a row to what the entry says.
func changeTemplate(row *store.Template, e parleyfile.Template) {
	draft := bridge.Template{Name: row.Name, Language: row.Language, Category: row.Category, Uses: row.Uses, Labels: row.Labels,
		Header: row.Header, Body: row.Body, Footer: row.Footer, Examples: row.Examples}
	for _, b := range row.Buttons {
		draft.Buttons = append(draft.Buttons, bridge.TemplateButton{Title: b.Title, URL: b.URL})
	}
	name := row.ProviderName
	for key, at := range map[string]*string{"provider_name": &name, "category": &draft.Category, "header": &draft.Header, "body": &draft.Body, "footer": &draft.Footer} {
		if t := e.Texts[key]; t != nil {
			*at = t.Value
		}
	}
	if e.Types != nil {
		draft.Uses = unique(e.Types.Values())
	}
	if e.Labels != nil {
		draft.Labels = unique(trimmed(e.Labels.Values()))
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
	fresh := bridge.TemplateRow(draft)
	row.Category, row.Uses, row.Labels, row.Header, row.Body, row.Footer = fresh.Category, fresh.Uses, fresh.Labels, fresh.Header, fresh.Body, fresh.Footer
	row.Buttons, row.Examples, row.ProviderName = fresh.Buttons, fresh.Examples, cmp.Or(strings.TrimSpace(name), fresh.ProviderName)
}
