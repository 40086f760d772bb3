package settings

import (
	"slices"
	"strings"

	"parley/bot/web"
	"parley/bridge/setup"
)

// The forms of the set-up are made and read here. A path names one value of an entry, as in parley.yaml:
// "email.imap.host". setup.Field describes the value at a path, formOf makes a form of such fields and of what an
// entry has stored, and changeOf reads back which values somebody changed.

// fieldGroup is a group of fields of a page. A path that ends with "." stands for all fields below it.
type fieldGroup struct {
	title  string
	help   string
	folded bool
	paths  []string
}

// formOf makes the form of an entry; e is nil for a new one.
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

// fieldOf makes the field of a form; e is nil for a new entry.
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
	}

	return field
}

// makeChoices lists what may be chosen. The value "" stands for the default, or for no choice if there is no default.
func makeChoices(f setup.Field, chosen string) []web.Choice {
	values := f.Choices
	if !slices.Contains(values, "") {
		if f.Default == "" && !f.Required { // without an empty one the browser would choose the first
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

// defaultWords writes the default of a choice in words. Mail may have another default than chats: "A for mail, B for
// chats".
func defaultWords(f setup.Field) string {
	mail, chats, isDivided := strings.Cut(f.Default, " for mail, ")
	if !isDivided {
		return f.Word(f.Default)
	}
	return f.Word(mail) + " for mail, " + f.Word(strings.TrimSuffix(chats, " for chats")) + " for chats"
}

// isShownDefault reports whether what was sent is the default that the page showed, because nothing is stored.
func isShownDefault(f web.Field, given []string) bool {
	if f.Kind != web.KindChoice || f.Value != "" {
		return false
	}
	return slices.ContainsFunc(f.Choices, func(c web.Choice) bool { return c.Chosen && slices.Equal(given, []string{c.Value}) })
}

// changeOf returns, by path, the values that were sent and differ from what is stored; e is nil for a new entry. It
// ignores values for which the form has no field. A path with an empty value means that the stored value is removed.
func changeOf(v *web.Visit, form web.Form, e *setup.Entry) map[string][]string {
	values := map[string][]string{}
	for _, g := range form.Groups {
		for _, f := range g.Fields {
			sent, isSent := v.Request.PostForm[f.Name]
			given := trimValues(f, sent)
			if !f.Fixed && (isSent || isBox(f)) && isChanged(f, given, e) {
				values[f.Name] = given
			}
		}
	}
	return values
}

// isBox reports whether a field is one of boxes. Browsers don't send boxes that are not ticked.
func isBox(f web.Field) bool { return f.Kind == web.KindCheck || f.Kind == web.KindChecks }

// isChanged reports whether what was sent for a field is to be stored.
func isChanged(f web.Field, given []string, e *setup.Entry) bool {
	isEmpty := strings.Join(given, "") == ""
	switch {
	case f.Kind == web.KindSecret && isEmpty: // the stored secret stays
		return false
	case e == nil:
		return !isEmpty
	}
	return !isUnchanged(f, given, e)
}

// isUnchanged reports whether what was sent is what is stored, or what the page showed.
func isUnchanged(f web.Field, given []string, e *setup.Entry) bool {
	if slices.Equal(given, e.Values[f.Name]) || f.Value == strings.Join(given, "\n") {
		return true
	}
	return isShownDefault(f, given)
}

// trimValues returns the values that were sent for a field as parley.yaml writes them.
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

	return []string{strings.TrimSpace(strings.ReplaceAll(text, "\n", " "))} // a browser sends one line, other programs may send several
}
