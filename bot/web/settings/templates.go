package settings

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"parley/bot/web"
	"parley/bridge/setup"
	"parley/channels"
)

// TemplateState is what the provider says of a template. A template is a text with variables, such as {{first_name}},
// that agents fill in and send. WhatsApp requires that Meta approves each template before.
type TemplateState struct {
	Status  string // draft, pending, approved, rejected, paused, disabled
	Reason  string // why, for people
	Waiting bool   // a change has not reached the provider yet
}

// Paths of a template's values.
const (
	buttonsPath  = "buttons."
	examplesPath = "examples."
	moreButtons  = 2 // empty rows for further buttons
)

type templateRow struct {
	TemplateState

	Name, Path, Account, Language, Body string
	Types, Labels                       []string
}

func (p pages) templatePages() entryPages {
	return entryPages{pages: p, kind: setup.EntryTemplate, path: "/settings/templates", singular: "template", title: "Templates",
		help: "Texts that are prepared once and filled in when they are sent. " +
			"WhatsApp wants to approve them first; that takes up to two days.",
		takeOutHelp: "It is deleted, at the provider too. Some block a deleted name for a month.",
		parts: []fieldGroup{
			{paths: []string{"accounts", "name", "language", "types", "labels"}},
			{title: "Text", paths: []string{"header", "body", "footer"}},
			{title: "At the provider", paths: []string{"category", "provider_name"}},
		},
		rows: p.templateRows,
		newName: func(v *web.Visit) string {
			return setup.TemplateEntry(v.Value("accounts"), v.Value("language"), v.Value("name"))
		},
		refineForm:   refineTemplate,
		finishChange: templateChange,
	}
}

func (p pages) templateRows(v *web.Visit, s *listFilter, all []setup.Entry) (any, error) {
	states, err := p.desk.TemplateStates(v.Context())
	if err != nil {
		return nil, err
	}

	var rows []templateRow
	for _, e := range pageOf(v, s, ofKind(all, setup.EntryTemplate)) {
		rows = append(rows, templateRow{
			TemplateState: states[e.Name],
			Name:          e.Value("name"),
			Path:          "/settings/templates/" + pathOf(e.Name),
			Account:       e.Value("accounts"),
			Language:      e.Value("language"),
			Body:          e.Value("body"),
			Types:         e.Values["types"],
			Labels:        e.Values["labels"],
		})
	}

	return rows, nil
}

// refineTemplate makes the account a choice, and adds fields for buttons and for examples of the text's variables.
func refineTemplate(v *web.Visit, form *web.Form, e *setup.Entry, all []setup.Entry) {
	account := findField(form, "accounts")
	if e != nil {
		account.Kind = ""
	} else {
		account.Kind, account.Choices = web.KindChoice, nil
		for _, a := range ofKind(all, setup.EntryAccount) {
			account.Choices = append(account.Choices, web.Choice{Value: a.Name, Text: a.Name})
		}

		for i := range findField(form, "types").Choices {
			c := &findField(form, "types").Choices[i]
			c.Chosen = c.Value != "start" // the default of parley.yaml
		}
	}

	if e == nil {
		e = &setup.Entry{}
	}

	buttons := web.Group{Title: "Buttons", Help: "A button with an address leads there; one without is an answer to tap."}
	for i := range countOf(e, buttonsPath) + moreButtons {
		at := fmt.Sprintf("%s%d.", buttonsPath, i)
		buttons.Fields = append(buttons.Fields, web.Field{
			Name:  at + "title",
			Label: fmt.Sprintf("Button %d", i+1),
			Value: e.Value(at + "title"),
		},
			web.Field{Name: at + "url", Label: fmt.Sprintf("Address of button %d", i+1), Kind: "url", Value: e.Value(at + "url")})
	}

	header, body := e.Value("header"), e.Value("body")
	if v.Request.Method == http.MethodPost {
		header, body = v.Value("header"), v.Value("body")
	}

	examples := web.Group{Title: "Examples", Help: "The provider checks the text with them."}
	for _, name := range channels.Variables(header, body) {
		examples.Fields = append(examples.Fields, web.Field{
			Name:  examplesPath + name,
			Label: "{{" + name + "}}",
			Value: e.Value(examplesPath + name),
		})
	}

	added := []web.Group{buttons}
	if len(examples.Fields) > 0 {
		added = append(added, examples)
	}

	const behindText = 2 // the index behind the group "Text"; see templatePages
	form.Groups = slices.Insert(form.Groups, behindText, added...)
}

// countOf returns how many groups a list has.
func countOf(e *setup.Entry, prefix string) int {
	n := 0
	for path := range e.Values {
		rest, isBelow := strings.CutPrefix(path, prefix)
		if isBelow && strings.HasSuffix(rest, ".title") {
			n++
		}
	}
	return n
}

// templateChange completes a change of one button, or of one example, by all the others, because they are replaced
// together. It returns what is wrong.
func templateChange(c *setup.Change, v *web.Visit, old *setup.Entry) []string {
	for _, prefix := range []string{buttonsPath, examplesPath} {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(c.Values)), func(path string) bool { return strings.HasPrefix(path, prefix) }) {
			continue
		}

		key := strings.TrimSuffix(prefix, ".")
		c.Values[key] = nil
		for path := range v.Request.PostForm {
			rest, ok := strings.CutPrefix(path, prefix)
			depth := 0 // of the path below prefix: "name" for examples, "0.title" for buttons
			if prefix == buttonsPath {
				depth = 1
			}
			if !ok || strings.Count(rest, ".") != depth {
				continue
			}

			delete(c.Values, path)

			if v.Value(path) != "" {
				c.Values[path] = []string{v.Value(path)}
			}
		}
	}

	if old == nil && v.Value("accounts") == "" {
		return []string{"Choose the account that may send it."}
	}

	delete(c.Values, "accounts")
	return nil
}
