package settings

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"parley/bot/web"
	"parley/bridge/setup"
)

// The pages of automations: a list of sentences, and a form with a row for each action. entryPages implements them; this file
// configures it.

// Rows for actions in the form: some more than there are actions.
const (
	minActionRows = 4
	maxActionRows = 10
)

type automationRow struct{ Name, Path, Sentence string }

func (p pages) automationPages() entryPages {
	return entryPages{
		pages:       p,
		kind:        setup.EntryAutomation,
		path:        "/settings/automations",
		singular:    "automation",
		title:       "Automations",
		help:        "What Parley does by itself. When something happens to a conversation, and all conditions are met, all of it is done.",
		takeOutHelp: "What it has done stays.",
		parts:       []fieldGroup{{paths: []string{"name", "when"}}, {title: "Only if", folded: true, paths: []string{"if."}}},
		rows: func(v *web.Visit, s *listFilter, all []setup.Entry) (any, error) {
			var rows []automationRow
			for _, e := range pageOf(v, s, ofKind(all, setup.EntryAutomation)) {
				rows = append(rows, automationRow{e.Name, "/settings/automations/" + pathOf(e.Name), e.Sentence})
			}
			return rows, nil
		},
		newName:      func(v *web.Visit) string { return strings.Join(strings.Fields(v.Value("name")), " ") },
		refineForm:   p.refineAutomation,
		finishChange: finishAutomation,
	}
}

// valueAt returns the key and the value of the trigger or action at a path: "tagged" and "Urgent" at "when".
func valueAt(e *setup.Entry, path string) (key, value string) {
	if e == nil {
		return "", ""
	}
	for p := range e.Values {
		if rest, isBelow := strings.CutPrefix(p, path+"."); isBelow {
			return rest, e.Value(p)
		}
	}
	return "", ""
}

// refineAutomation adds the values of the trigger and of the actions.
func (p pages) refineAutomation(v *web.Visit, form *web.Form, e *setup.Entry, _ []setup.Entry) {
	key, value := valueAt(e, "when")
	when := findField(form, "when")
	for i := range when.Choices {
		when.Choices[i].Chosen = when.Choices[i].Value == key
	}
	fields := &form.Groups[0].Fields
	*fields = append(*fields, web.Field{
		Name: "when_value", Label: "Which one, or how long", Value: value,
		Help: "The tag, the status, a time such as `30m` in business hours, a mood, or a time of cron such as `0 9 * * mon-fri`.",
	})
	if e != nil && slices.ContainsFunc(form.Groups[1].Fields, func(f web.Field) bool { return f.Value != "" }) {
		form.Groups[1].Folded = false
	}

	then := web.Group{Title: "Then", Help: "All of it is done, in this order."}
	all := p.desk.Fields(setup.EntryAutomation, "")
	action := all[slices.IndexFunc(all, func(f setup.Field) bool { return f.Path == "then" })]
	stored := 0
	for key != "" && e != nil {
		if next, _ := valueAt(e, fmt.Sprintf("then.%d", stored)); next == "" {
			break
		}
		stored++
	}
	for n := range min(max(stored+2, minActionRows, countSubmitted(v, "then.", ".value")), maxActionRows) {
		path := fmt.Sprintf("then.%d", n)
		key, value := valueAt(e, path)
		field := fieldOf(action, nil)
		field.Name, field.Label, field.Choices = path, fmt.Sprintf("%d.", n+1), makeChoices(action, key)
		what := web.Field{Name: path + ".value", Label: "Whom or what", Value: value}
		if strings.Contains(value, "\n") {
			what.Kind = web.KindText
		}
		then.Fields = append(then.Fields, field, what)
	}
	form.Groups = append(form.Groups, then)
}

// finishAutomation turns the submitted trigger and actions into values of parley.yaml. A change has all values, since it replaces the
// automation.
func finishAutomation(c *setup.Change, v *web.Visit, _ *setup.Entry) []string {
	const (
		always  = "true"    // the value of what needs none
		resolve = "resolve" // an action that needs none
	)
	values := map[string][]string{}
	for path, sent := range v.Request.PostForm {
		if value := strings.TrimSpace(strings.Join(sent, " ")); strings.HasPrefix(path, "if.") && value != "" {
			values[path] = []string{value}
		}
	}
	if when := v.Value("when"); when != "" {
		values["when."+when] = []string{cmp.Or(strings.TrimSpace(v.Value("when_value")), always)}
	}
	var problems []string
	for n := range maxActionRows {
		path := fmt.Sprintf("then.%d", n)
		do, value := v.Value(path), strings.TrimSpace(strings.ReplaceAll(v.Value(path+".value"), "\r\n", "\n"))
		switch {
		case do == resolve:
			value = always
		case do != "" && value == "":
			problems = append(problems, fmt.Sprintf("%d. Say whom or what.", n+1))
		case do == "" && value != "":
			problems = append(problems, fmt.Sprintf("%d. Choose what is done.", n+1))
		}
		if do != "" {
			values[path+"."+do] = []string{value}
		}
	}
	c.Values = values
	return problems
}
