package settings

import (
	"slices"
	"strings"

	"parley/bot/web"
	"parley/bridge/setup"
)

// part is a group of fields of a page, by their paths. A path that ends with "." stands for all below it.
type part struct {
	title  string
	help   string
	folded bool
	paths  []string
}

// formOf makes the form of an entry: nil = of a new one.
func formOf(action string, fields []setup.Field, e *setup.Entry, parts []part) web.Form {
	form := web.Form{Action: action}
	if e != nil {
		form.Version = e.Version
	}
	for _, p := range parts {
		group := web.Group{Title: p.title, Help: p.help, Folded: p.folded}
		for _, path := range p.paths {
			for _, f := range fields {
				if f.Input != setup.InputGroup && (f.Path == path || strings.HasSuffix(path, ".") && strings.HasPrefix(f.Path, path)) {
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

// fieldOf makes the field of a form.
func fieldOf(f setup.Field, e *setup.Entry) web.Field {
	field := web.Field{Name: f.Path, Label: f.Label, Help: f.Help, Required: f.Required && f.Default == "", Placeholder: f.Default, Fixed: f.Fixed && e != nil}
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
		field.Kind, field.Choices = web.KindChoice, choices(f, field.Value)
	case setup.InputLine, setup.InputGroup:
	}
	return field
}

// choices lists what may be chosen; "" stands for the default, and for nothing where there is none.
func choices(f setup.Field, chosen string) []web.Choice {
	values := f.Choices
	switch {
	case slices.Contains(values, ""):
	case f.Default == "" && !f.Required: // without an empty one the browser would choose the first
		values = append([]string{""}, values...)
	case chosen == "":
		chosen = f.Default
	}
	list := web.Choose([]string{chosen}, values...)
	for i := range list {
		switch {
		case list[i].Value != "":
			list[i].Text = f.Word(list[i].Value)
		case f.Default != "":
			list[i].Text = "as usual: " + usual(f)
		default:
			list[i].Text = "not chosen"
		}
	}
	return list
}

// usual names the default of a choice in words; mail may have another one than chats.
func usual(f setup.Field) string {
	mail, chats, two := strings.Cut(f.Default, " for mail, ")
	if !two {
		return f.Word(f.Default)
	}
	return f.Word(mail) + " for mail, " + f.Word(strings.TrimSuffix(chats, " for chats")) + " for chats"
}

// asShown reports whether a choice was sent as it was shown: the default, where nothing is stored.
func asShown(f web.Field, given []string) bool {
	return f.Kind == web.KindChoice && f.Value == "" && slices.ContainsFunc(f.Choices, func(c web.Choice) bool {
		return c.Chosen && slices.Equal(given, []string{c.Value})
	})
}

// changeOf makes a change of what was sent. Only fields of the form count, whatever else was sent.
func changeOf(v *web.Visit, form web.Form, e *setup.Entry) map[string][]string {
	values := map[string][]string{}
	for _, g := range form.Groups {
		for _, f := range g.Fields {
			sent, isSent := v.Request.PostForm[f.Name]
			if f.Fixed || !isSent && f.Kind != web.KindCheck && f.Kind != web.KindChecks {
				continue // only boxes that are not ticked aren't sent
			}
			given := trimmed(f, sent)
			if f.Kind == web.KindSecret && strings.Join(given, "") == "" {
				continue // what is stored stays
			}
			if e != nil && slices.Equal(given, e.Values[f.Name]) || e != nil && (f.Value == strings.Join(given, "\n") || asShown(f, given)) {
				continue
			}
			if e == nil && strings.Join(given, "") == "" {
				continue
			}
			values[f.Name] = given
		}
	}
	return values
}

// trimmed returns the values of a field as parley.yaml writes them.
func trimmed(f web.Field, given []string) []string {
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
			if line = strings.TrimSpace(line); line != "" {
				lines = append(lines, line)
			}
		}
		return lines
	case web.KindText:
		return []string{strings.TrimRight(text, " \n")}
	}
	return []string{strings.TrimSpace(strings.ReplaceAll(text, "\n", " "))} // browsers send one line, too
}
