package settings

import (
	"slices"
	"strings"

	"parley/bot/web"
	"parley/bridge/setup"
)

// This file converts between entries of the configuration and HTML forms. An entry, such as an account, has values at
// paths like those of parley.yaml: "email.imap.host". setup.Field describes the value at a path.
//
//	formOf    returns a form for an entry: its fields, filled with the stored values
//	changeOf  returns the values that somebody changed in the submitted form

// fieldGroup is a group of fields of a form. A path that ends with "." means all fields below it.
type fieldGroup struct {
	title  string
	help   string
	folded bool
	paths  []string
}

// formOf returns the form of an entry; e is nil for a new one. fields are all fields of its kind. It omits those that are
// in none of the parts.
func formOf(action string, fields []setup.Field, e *setup.Entry, parts []fieldGroup) web.Form {
	form := web.Form{Action: action}
	if e != nil {
		form.Version = e.Version
	}

	for _, p := range parts {
		group := web.Group{Title: p.title, Help: p.help, Folded: p.folded}
		for _, path := range p.paths {
			for _, f := range fields {
				isBelow := strings.HasSuffix(path, ".") && strings.HasPrefix(f.Path, path)
				isMeant := f.Path == path || isBelow
				if isMeant && f.Input != setup.InputGroup {
					group.Fields = append(group.Fields, fieldOf(f, e))
				}
			}
		}

		if len(group.Fields) > 0 {
			form.Groups = append(form.Groups, group)
		}
	}

	return form
}

// fieldOf returns the form field for the value of an entry; e is nil for a new entry.
func fieldOf(f setup.Field, e *setup.Entry) web.Field {
	field := web.Field{
		Name:        f.Path,
		Label:       f.Label,
		Help:        f.Help,
		Required:    f.Required && f.Default == "",
		Placeholder: f.Default,
		Fixed:       f.Fixed && e != nil,
	}

	var values []string
	if e != nil {
		values = e.Values[f.Path]
		field.Stored = slices.Contains(e.Stored, f.Path)
	}

	field.Value = strings.Join(values, "\n")
	switch f.Input {
	case setup.InputText:
		field.Kind = web.KindText
	case setup.InputList:
		field.Kind = web.KindLines
		if f.Choices != nil {
			field.Kind, field.Choices = web.KindChecks, web.Choose(values, f.Choices...)
			for i, c := range field.Choices {
				field.Choices[i].Text = f.Word(c.Value)
			}
		}
	case setup.InputYesNo:
		field.Kind = web.KindCheck
	case setup.InputSecret:
		field.Kind = web.KindSecret
	case setup.InputChoice:
		field.Kind, field.Choices = web.KindChoice, makeChoices(f, field.Value)
	case setup.InputLine, setup.InputGroup:
		if f.Path == "zone" || strings.HasSuffix(f.Path, ".zone") {
			field.Offers = listZones()
		}
	}

	return field
}

// makeChoices returns the choices of a field. The value "" means the default or, without a default, no choice.
func makeChoices(f setup.Field, chosen string) []web.Choice {
	values := f.Choices
	if !slices.Contains(values, "") {
		if f.Default == "" && !f.Required { // without an empty choice, browsers would select the first
			values = append([]string{""}, values...)
		} else if chosen == "" {
			chosen = f.Default
		}
	}

	list := web.Choose([]string{chosen}, values...)
	for i := range list {
		if list[i].Value != "" {
			list[i].Text = f.Word(list[i].Value)
			continue
		}

		list[i].Text = "not chosen"
		if f.Default != "" {
			list[i].Text = "as usual: " + defaultWords(f)
		}
	}

	return list
}

// defaultWords returns the display text of a field's default. Some defaults differ between mail and chats: "A for mail, B
// for chats".
func defaultWords(f setup.Field) string {
	mail, chats, isDivided := strings.Cut(f.Default, " for mail, ")
	if !isDivided {
		return f.Word(f.Default)
	}
	return f.Word(mail) + " for mail, " + f.Word(strings.TrimSuffix(chats, " for chats")) + " for chats"
}

// isShownDefault reports whether the submitted value is the default that the page selected because nothing was stored.
func isShownDefault(f web.Field, given []string) bool {
	if f.Kind != web.KindChoice || f.Value != "" {
		return false
	}
	isGiven := func(c web.Choice) bool { return c.Chosen && slices.Equal(given, []string{c.Value}) }
	return slices.ContainsFunc(f.Choices, isGiven)
}

// changeOf returns the submitted values that differ from the stored ones, by path; e is nil for a new entry. An empty value
// means that the stored value is removed. Submitted values without a field in the form are ignored.
func changeOf(v *web.Visit, form web.Form, e *setup.Entry) map[string][]string {
	values := map[string][]string{}
	for _, g := range form.Groups {
		for _, f := range g.Fields {
			sent, isSent := v.Request.PostForm[f.Name]
			given := trimValues(f, sent)
			isEditable := !f.Fixed && (isSent || isBox(f))
			if isEditable && isChanged(f, given, e) {
				values[f.Name] = given
			}
		}
	}
	return values
}

// countSubmitted returns the number of submitted fields whose names begin and end so: those of the rows of a list, such as
// "buttons.0.title" and "buttons.1.title".
func countSubmitted(v *web.Visit, prefix, suffix string) (n int) {
	for name := range v.Request.PostForm {
		if strings.HasPrefix(name, prefix) && strings.HasSuffix(name, suffix) {
			n++
		}
	}
	return n
}

// isBox reports whether a field consists of checkboxes. Browsers don't submit unchecked ones, so a missing value is a
// value.
func isBox(f web.Field) bool { return f.Kind == web.KindCheck || f.Kind == web.KindChecks }

// isChanged reports whether the submitted value of a field has to be stored; e is nil for a new entry.
func isChanged(f web.Field, given []string, e *setup.Entry) bool {
	isEmpty := strings.Join(given, "") == ""
	if f.Kind == web.KindSecret && isEmpty { // an empty secret keeps the stored one
		return false
	}
	if e == nil {
		return !isEmpty
	}
	isStored := slices.Equal(given, e.Values[f.Name])
	isShown := f.Value == strings.Join(given, "\n") || isShownDefault(f, given)
	return !isStored && !isShown
}

// trimValues returns the submitted values of a field as they are stored.
func trimValues(f web.Field, given []string) []string {
	text := strings.ReplaceAll(strings.Join(given, "\n"), "\r\n", "\n")
	switch f.Kind {
	case web.KindChecks:
		return given
	case web.KindSecret:
		return []string{strings.Join(given, "")}
	case web.KindCheck:
		if text != "true" {
			text = "false"
		}
		return []string{text}
	case web.KindLines:
		var lines []string
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if line != "" {
				lines = append(lines, line)
			}
		}
		return lines
	case web.KindText:
		return []string{strings.TrimRight(text, " \n")}
	}

	oneLine := strings.ReplaceAll(text, "\n", " ") // browsers submit one line, but other programs may submit several
	return []string{readTyped(f.Name, strings.TrimSpace(oneLine))}
}
