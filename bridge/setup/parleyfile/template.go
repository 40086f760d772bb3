package parleyfile

import (
	"parley/bridge"
	"parley/bridge/setup/document"
	"parley/channels"
)

// Template is the entry of a template: of a text with gaps, prepared in advance, that some channels demand to begin a
// conversation. One entry may be for several accounts.
type Template struct {
	At       document.Position // where the entry begins
	Name     string
	Language string
	Accounts []document.Text
	Places   map[string]document.Position // where each key of the entry stands

	// What may be left out: nil, or missing in Texts, means not given.
	Texts    map[string]*document.Text // by the keys of templateTexts
	Types    *document.List            // for what the template may be used: bridge.TemplateStart, …
	Labels   *document.List
	Buttons  *[]bridge.TemplateButton
	Examples []Field // by the names of the template's variables
}

// templateTexts returns the keys of a template's texts, in the order in which they are written.
func templateTexts() []string {
	return []string{"provider_name", "category", "header", "body", "footer"}
}

// readTemplate reads a template's entry, and notes its faults in o. ok is false if it lacks a name, a language or an account,
// so that nothing can be done with it.
func readTemplate(o *object) (entry Template, ok bool) {
	e := Template{At: o.At, Texts: map[string]*document.Text{}, Places: o.Places}
	e.Name = o.readName("name", "Colleagues know a template by its name: order update.")
	if e.Name != "" {
		o.Where = "template " + e.Name
	}

	e.Language = o.readName("language", "Write it like en or en_US.")
	e.readAccounts(o)
	for _, name := range templateTexts() {
		e.Texts[name] = o.Text(name)
	}

	if c := e.Texts["category"]; c != nil {
		o.checkOneOf(*c, "category", channels.TemplateCategories()...)
	}

	if e.Types = o.List("types"); e.Types != nil {
		for _, use := range e.Types.Items {
			o.checkOneOf(use, "types", bridge.TemplateStart, bridge.TemplateReply, bridge.TemplateWindow)
		}
	}

	e.Labels = o.List("labels")
	e.readButtons(o)
	e.readExamples(o)
	o.Done()
	return e, e.Name != "" && e.Language != "" && len(e.Accounts) > 0
}

func (e *Template) readAccounts(o *object) {
	accounts := o.List("accounts")
	if accounts == nil {
		if o.Values["accounts"] == nil { // otherwise the value has a fault already
			o.Fault(o.At, "accounts", "are missing", "Name the accounts that may send it.")
		}
		return
	}
	e.Accounts = accounts.Items
	if len(e.Accounts) == 0 {
		o.Fault(accounts.At, "accounts", "are none", "Name the accounts that may send it.")
	}
}

func (e *Template) readButtons(o *object) {
	groups, given := o.readObjects("buttons", o.Label("button"))
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
