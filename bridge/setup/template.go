package setup

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"parley/bridge"
	"parley/bridge/setup/document"
	"parley/channels"
	"parley/store"
)

// templateEntry is a template of the file. It may be for several accounts.
type templateEntry struct {
	at       Position
	name     string
	language string
	accounts []document.Text
	texts    map[string]*document.Text // category, header, body, footer, provider_name
	types    *document.List
	labels   *document.List
	buttons  *[]bridge.TemplateButton
	examples []field // nil = not given
	places   map[string]Position
}

// template is a template of one account.
type template struct {
	row     store.Template // ID 0 = new
	account string
}

func (t template) title() string {
	return "template " + t.row.Name + " (" + t.row.Language + ") of " + t.account
}

// templateTexts returns the keys of a template's texts, in the order in which they are written.
func templateTexts() []string {
	return []string{"provider_name", "category", "header", "body", "footer"}
}

func readTemplate(o *object) (templateEntry, bool) {
	e := templateEntry{at: o.At, texts: map[string]*document.Text{}, places: o.Places}
	if name := o.Text("name"); name != nil && strings.TrimSpace(name.Value) != "" {
		e.name = strings.TrimSpace(name.Value)
		o.Where = "template " + e.name
	} else if name != nil || o.Values["name"] == nil {
		o.Fault(o.At, "name", "is missing", "Colleagues know a template by its name: order update.")
	}
	if language := o.Text("language"); language != nil && strings.TrimSpace(language.Value) != "" {
		e.language = strings.TrimSpace(language.Value)
	} else if language != nil || o.Values["language"] == nil {
		o.Fault(o.At, "language", "is missing", "Write it like en or en_US.")
	}
	switch accounts := o.List("accounts"); {
	case accounts != nil && len(accounts.Items) == 0:
		o.Fault(accounts.At, "accounts", "are none", "Name the accounts that may send it.")
	case accounts != nil:
		e.accounts = accounts.Items
	case o.Values["accounts"] == nil:
		o.Fault(o.At, "accounts", "are missing", "Name the accounts that may send it: accounts: [support].")
	}
	for _, name := range templateTexts() {
		e.texts[name] = o.Text(name)
	}
	if c := e.texts["category"]; c != nil {
		o.oneOf(*c, "category", channels.TemplateCategories()...)
	}
	if e.types = o.List("types"); e.types != nil {
		for _, use := range e.types.Items {
			o.oneOf(use, "types", bridge.TemplateStart, bridge.TemplateReply, bridge.TemplateWindow)
		}
	}
	e.labels = o.List("labels")
	e.readButtons(o)
	e.readExamples(o)
	o.Done()
	return e, e.name != "" && e.language != "" && len(e.accounts) > 0
}

func (e *templateEntry) readButtons(o *object) {
	groups, given := o.objects("buttons", o.Label("button"))
	if !given {
		return
	}
	e.buttons = &[]bridge.TemplateButton{}
	for _, g := range groups {
		b := bridge.TemplateButton{}
		if t := g.Text("title"); t != nil {
			b.Title = t.Value
		}
		if t := g.Text("url"); t != nil {
			b.URL = t.Value
		}
		g.Done()
		*e.buttons = append(*e.buttons, b)
	}
}

func (e *templateEntry) readExamples(o *object) {
	group := o.group("examples")
	if group == nil {
		return
	}
	e.examples = []field{}
	for _, name := range group.Names {
		if t := group.Text(name); t != nil {
			e.examples = append(e.examples, field{path: name, at: group.Places[name], one: t})
		}
	}
}

func (s *state) template(account, name, language string) *template {
	return find(s.templates, func(t template) bool {
		return strings.EqualFold(t.account, account) && strings.EqualFold(t.row.Name, name) && t.row.Language == language
	})
}

// templateEntry changes the templates of the entry's accounts to what the entry says.
func (o *overlay) templateEntry(e templateEntry) {
	where := "template " + e.name
	for _, name := range e.accounts {
		a := o.account(strings.TrimSpace(name.Value))
		if a == nil {
			o.faults.Add(name.At, where+": accounts", fmt.Sprintf("there is no account %q", name.Raw), "Add it under accounts:.")
			continue
		}
		t := o.template(a.row.Name, e.name, e.language)
		if t == nil {
			o.templates = append(o.templates, template{account: a.row.Name, row: store.Template{Name: e.name, Language: e.language, Category: "utility",
				Uses: []string{bridge.TemplateReply, bridge.TemplateWindow}}})
			t = &o.templates[len(o.templates)-1]
		}
		before := t.row
		e.change(&t.row)
		for _, f := range bridge.TemplateFaults(t.row) {
			at, ok := e.places[f.Field]
			if !ok {
				at = e.at
			}
			o.faults.Add(at, where+": "+f.Field, f.Text, f.Hint)
		}
		for _, f := range e.examples {
			if !slices.Contains(channels.Variables(t.row.Header, t.row.Body), f.path) {
				o.faults.Add(f.at, where+": examples", fmt.Sprintf("there is no variable {{%s}}", f.path), "Take it out, or use it in the body.")
			}
		}
		if before.ID != 0 && bridge.TemplateDiffers(before, t.row) {
			t.row.AgentID = nil // no agent: the provider's verdict is told in the team's channel
		}
		if twin := find(o.templates, func(other template) bool {
			return other.account == t.account && other.row.Language == t.row.Language && other.row.ProviderName == t.row.ProviderName && other.row.Name != t.row.Name
		}); twin != nil {
			o.faults.Add(e.at, where+": provider_name", fmt.Sprintf("is %q as that of %q", t.row.ProviderName, twin.row.Name), "Write another one: provider_name: …")
		}
	}
}

// change changes a row to what the entry says.
func (e templateEntry) change(row *store.Template) {
	draft := bridge.Template{Name: row.Name, Language: row.Language, Category: row.Category, Uses: row.Uses, Labels: row.Labels,
		Header: row.Header, Body: row.Body, Footer: row.Footer, Examples: row.Examples}
	for _, b := range row.Buttons {
		draft.Buttons = append(draft.Buttons, bridge.TemplateButton{Title: b.Title, URL: b.URL})
	}
	name := row.ProviderName
	for key, at := range map[string]*string{"provider_name": &name, "category": &draft.Category, "header": &draft.Header, "body": &draft.Body, "footer": &draft.Footer} {
		if t := e.texts[key]; t != nil {
			*at = t.Value
		}
	}
	if e.types != nil {
		draft.Uses = unique(e.types.Values())
	}
	if e.labels != nil {
		draft.Labels = unique(trimmed(e.labels.Values()))
	}
	if e.buttons != nil {
		draft.Buttons = *e.buttons
	}
	if e.examples != nil {
		draft.Examples = map[string]string{}
		for _, f := range e.examples {
			draft.Examples[f.path] = f.one.Value
		}
	}
	fresh := bridge.TemplateRow(draft)
	row.Category, row.Uses, row.Labels, row.Header, row.Body, row.Footer = fresh.Category, fresh.Uses, fresh.Labels, fresh.Header, fresh.Body, fresh.Footer
	row.Buttons, row.Examples, row.ProviderName = fresh.Buttons, fresh.Examples, cmp.Or(strings.TrimSpace(name), fresh.ProviderName)
}

// pruneTemplates removes templates that the file's list doesn't name, and those of removed accounts.
func (o *overlay) pruneTemplates(f *File) {
	o.templates = slices.DeleteFunc(o.templates, func(t template) bool {
		named := slices.ContainsFunc(f.templates, func(e templateEntry) bool {
			return strings.EqualFold(e.name, t.row.Name) && e.language == t.row.Language &&
				slices.ContainsFunc(e.accounts, func(a document.Text) bool { return strings.EqualFold(strings.TrimSpace(a.Value), t.account) })
		})
		return f.sections.templates && !named || o.account(t.account) == nil
	})
}

func (t template) attributes() []attribute {
	var buttons, examples []string
	for _, b := range t.row.Buttons {
		buttons = append(buttons, strings.TrimSuffix(b.Title+" "+b.URL, " "))
	}
	for _, name := range channels.Variables(t.row.Header, t.row.Body) {
		examples = append(examples, name+": "+t.row.Examples[name])
	}
	return []attribute{
		{name: "provider_name", value: t.row.ProviderName}, {name: "category", value: t.row.Category}, {name: "types", value: sorted(t.row.Uses)},
		{name: "labels", value: sorted(t.row.Labels)}, {name: "header", value: t.row.Header}, {name: "body", value: t.row.Body},
		{name: "footer", value: t.row.Footer}, {name: "buttons", value: strings.Join(buttons, ", ")}, {name: "examples", value: strings.Join(examples, ", ")},
	}
}

// templateChanges lists, for people, which templates change.
func templateChanges(have, want *state, kept kept) []string {
	var lines []string
	for _, t := range want.templates {
		old := have.template(t.account, t.row.Name, t.row.Language)
		changed := compare(t.title(), attributesOf(old, template.attributes), t.attributes())
		lines = append(lines, changed...)
		if old != nil && bridge.TemplateDiffers(old.row, t.row) {
			lines = append(lines, "~ "+t.title()+": handed in for approval again")
		}
	}
	for _, t := range have.templates {
		if want.template(t.account, t.row.Name, t.row.Language) != nil {
			continue
		}
		if a := have.account(t.account); a != nil && want.account(t.account) == nil && !kept.accounts[a.row.ID] {
			continue // the removal of its account is listed
		}
		if want.account(t.account) != nil {
			lines = append(lines, "- "+t.title()+": deleted, at the provider too")
		}
	}
	return lines
}
