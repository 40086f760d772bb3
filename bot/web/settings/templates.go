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

// The pages of templates. A template is a prepared message with variables, such as "Hello {{first_name}}", that agents fill
// in and send. WhatsApp only delivers templates that its owner, Meta, has approved. entryPages implements lists and forms
// of entries; this file configures it.

// TemplateState is the approval state of a template at the provider.
type TemplateState struct {
	Status  string // draft, pending, approved, rejected, paused, disabled
	Reason  string // the reason for the status, as text for the page
	Waiting bool   // a change has not been submitted to the provider yet
}

// Path prefixes of a template's values: "buttons.0.title", "examples.first_name".
const (
	buttonsPath  = "buttons."
	examplesPath = "examples."
)

// moreButtons is the number of empty rows for new buttons.
const moreButtons = 2

type templateRow struct {
	TemplateState

	Name, Path, Account, Language, Body string
	Types, Labels                       []string
}

func (p pages) templatePages() entryPages {
	return entryPages{
		pages:    p,
		kind:     setup.EntryTemplate,
		path:     "/settings/templates",
		singular: "template",
		title:    "Templates",
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

// templateRows returns the rows of a page of the list.
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

// refineTemplate makes the account of a new template a choice, and adds the groups of buttons and examples.
func refineTemplate(v *web.Visit, form *web.Form, e *setup.Entry, all []setup.Entry) {
	account := findField(form, "accounts")
	account.Kind = ""
	if e == nil {
		account.Kind, account.Choices = web.KindChoice, nil
		for _, a := range ofKind(all, setup.EntryAccount) {
			account.Choices = append(account.Choices, web.Choice{Value: a.Name, Text: a.Name})
		}

		types := findField(form, "types").Choices
		for i := range types {
			types[i].Chosen = types[i].Value != "start" // the default of parley.yaml
		}

		e = &setup.Entry{}
	}

	added := []web.Group{buttonFields(e, countSubmitted(v, buttonsPath, ".title"))}
	if examples := exampleFields(v, e); len(examples.Fields) > 0 {
		added = append(added, examples)
	}
	const afterText = 2 // the index after the group "Text"; see templatePages
	form.Groups = slices.Insert(form.Groups, afterText, added...)
}

// buttonFields returns the group with a title and a URL for each button. It has at least minRows buttons: a form that was
// submitted is shown again with all of them, also if the template has fewer by now.
func buttonFields(e *setup.Entry, minRows int) web.Group {
	group := web.Group{Title: "Buttons", Help: "A button with an address leads there; one without is an answer to tap."}
	for i := range max(countButtons(e)+moreButtons, minRows) {
		at := fmt.Sprintf("%s%d.", buttonsPath, i)
		group.Fields = append(group.Fields,
			web.Field{Name: at + "title", Label: fmt.Sprintf("Button %d", i+1), Value: e.Value(at + "title")},
			web.Field{Name: at + "url", Label: fmt.Sprintf("Address of button %d", i+1), Kind: "url", Value: e.Value(at + "url")})
	}
	return group
}

// exampleFields returns the group with an example for each variable of the text. For a submitted form, these are the
// variables of the submitted text.
func exampleFields(v *web.Visit, e *setup.Entry) web.Group {
	header, body := e.Value("header"), e.Value("body")
	if v.Request.Method == http.MethodPost {
		header, body = v.Value("header"), v.Value("body")
	}

	group := web.Group{Title: "Examples", Help: "The provider checks the text with them."}
	for _, name := range channels.Variables(header, body) {
		group.Fields = append(group.Fields, web.Field{
			Name:  examplesPath + name,
			Label: "{{" + name + "}}",
			Value: e.Value(examplesPath + name),
		})
	}
	return group
}

// countButtons returns the number of a template's buttons.
func countButtons(e *setup.Entry) int {
	n := 0
	for path := range e.Values {
		if strings.HasPrefix(path, buttonsPath) && strings.HasSuffix(path, ".title") {
			n++
		}
	}
	return n
}

// templateChange completes a change from the submitted form. It returns problems with the form.
func templateChange(c *setup.Change, v *web.Visit, old *setup.Entry) []string {
	completeGroup(c, v, buttonsPath)
	completeGroup(c, v, examplesPath)

	if old == nil && v.Value("accounts") == "" {
		return []string{"Choose the account that may send it."}
	}

	delete(c.Values, "accounts") // part of the entry's name; see newName
	return nil
}

// completeGroup adds all submitted buttons, or all submitted examples, to a change if it has at least one of them: they can
// only be replaced together.
func completeGroup(c *setup.Change, v *web.Visit, prefix string) {
	isInGroup := func(path string) bool { return strings.HasPrefix(path, prefix) }
	if !slices.ContainsFunc(slices.Collect(maps.Keys(c.Values)), isInGroup) {
		return
	}

	dots := 0 // in the path below prefix: "first_name"
	if prefix == buttonsPath {
		dots = 1 // "0.title"
	}
	c.Values[strings.TrimSuffix(prefix, ".")] = nil // clears all that aren't set below
	for path := range v.Request.PostForm {
		rest, isBelow := strings.CutPrefix(path, prefix)
		if !isBelow || strings.Count(rest, ".") != dots {
			continue
		}
		delete(c.Values, path)
		if value := v.Value(path); value != "" {
			c.Values[path] = []string{value}
		}
	}
}
