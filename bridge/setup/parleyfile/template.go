package parleyfile

import (
	"strings"

	"parley/bridge"
	"parley/bridge/setup/document"
	"parley/channels"
)

// Template is a template's entry. It may be for several accounts.
type Template struct {
	At       document.Position
	Name     string
	Language string
	Accounts []document.Text
	Texts    map[string]*document.Text // category, header, body, footer, provider_name
	Types    *document.List
	Labels   *document.List
	Buttons  *[]bridge.TemplateButton
	Examples []Field // nil means not given
	Places   map[string]document.Position
}

// templateTexts returns the keys of a template's texts, in the order in which they are written.
func templateTexts() []string {
	return []string{"provider_name", "category", "header", "body", "footer"}
}

func readTemplate(o *object) (Template, bool) {
	e := Template{At: o.At, Texts: map[string]*document.Text{}, Places: o.Places}
	if name := o.Text("name"); name != nil && strings.TrimSpace(name.Value) != "" {
		e.Name = strings.TrimSpace(name.Value)
		o.Where = "template " + e.Name
	} else if name != nil || o.Values["name"] == nil {
		o.Fault(o.At, "name", "is missing", "Colleagues know a template by its name: order update.")
	}
	if language := o.Text("language"); language != nil && strings.TrimSpace(language.Value) != "" {
		e.Language = strings.TrimSpace(language.Value)
	} else if language != nil || o.Values["language"] == nil {
		o.Fault(o.At, "language", "is missing", "Write it like en or en_US.")
	}
	switch accounts := o.List("accounts"); {
	case accounts != nil && len(accounts.Items) == 0:
		o.Fault(accounts.At, "accounts", "are none", "Name the accounts that may send it.")
	case accounts != nil:
		e.Accounts = accounts.Items
	case o.Values["accounts"] == nil:
		o.Fault(o.At, "accounts", "are missing", "Name the accounts that may send it: accounts: [support].")
	}
	for _, name := range templateTexts() {
		e.Texts[name] = o.Text(name)
	}
	if c := e.Texts["category"]; c != nil {
		o.oneOf(*c, "category", channels.TemplateCategories()...)
	}
	if e.Types = o.List("types"); e.Types != nil {
		for _, use := range e.Types.Items {
			o.oneOf(use, "types", bridge.TemplateStart, bridge.TemplateReply, bridge.TemplateWindow)
		}
	}
	e.Labels = o.List("labels")
	e.readButtons(o)
	e.readExamples(o)
	o.Done()
	return e, e.Name != "" && e.Language != "" && len(e.Accounts) > 0
}

func (e *Template) readButtons(o *object) {
	groups, given := o.objects("buttons", o.Label("button"))
	if !given {
		return
	}
	e.Buttons = &[]bridge.TemplateButton{}
	for _, g := range groups {
		b := bridge.TemplateButton{}
		if t := g.Text("title"); t != nil {
			b.Title = t.Value
		}
		if t := g.Text("url"); t != nil {
			b.URL = t.Value
		}
		g.Done()
		*e.Buttons = append(*e.Buttons, b)
	}
}

func (e *Template) readExamples(o *object) {
	group := o.group("examples")
	if group == nil {
		return
	}
	e.Examples = []Field{}
	for _, name := range group.Names {
		if t := group.Text(name); t != nil {
			e.Examples = append(e.Examples, Field{Path: name, At: group.Places[name], One: t})
		}
	}
}
