package view

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// Names of a template's fields.
const (
	fieldTemplate = "template"
	fieldLabel    = "label"
	fieldValue    = "v:" // and the variable's name
)

const maxValueRunes = 1000

// templateForm asks which template, then for its variables, above which its words stand as
// they would be sent. What is sent is what was read there.
func templateForm(form *Form, in FormInput) error {
	list := in.Templates.List
	args := bridge.TemplateArgs{}
	if in.Args.Template != nil {
		args = *in.Args.Template
	}
	if name := strings.TrimSpace(in.Args.Note); name != "" && args.ID == 0 {
		named := slices.DeleteFunc(slices.Clone(list), func(t bridge.Template) bool { return !strings.EqualFold(t.Name, name) })
		if len(named) > 0 {
			list = named
		}
	}
	form.Args.Note = ""
	switch {
	case len(list) == 0:
		return &bridge.Problem{Code: "no_template", Text: shape.Or(in.Templates.None, "There is no template that fits."), Hint: "Admins make them: @Parley templates"}
	case args.ID == 0 && len(list) == 1:
		args.ID = list[0].ID
	case args.ID == 0:
		pickTemplate(form, list, args.Label)
		return nil
	}
	at := slices.IndexFunc(list, func(t bridge.Template) bool { return t.ID == args.ID })
	if at < 0 {
		return &bridge.Problem{Code: "no_template", Text: "That template can't be sent here now.", Hint: "Choose another one."}
	}
	fillTemplate(form, in, list[at], args.Values)
	return nil
}

// pickTemplate asks which template; label shows only those with it.
func pickTemplate(form *Form, list []bridge.Template, label string) {
	form.Title, form.Submit = "Send a template", "Next"
	pick := Field{Name: fieldTemplate, Kind: FieldOne, Label: "Template", Optional: true}
	var labels []string
	for _, t := range list {
		labels = append(labels, t.Labels...)
		if label != "" && !slices.Contains(t.Labels, label) {
			continue
		}
		words := append([]string{shape.TemplateName(t)}, t.Labels...)
		words = append(words, shape.OneLine(t.Body, 60))
		pick.Options = append(pick.Options, Option{Value: strconv.FormatInt(t.ID, 10), Label: shape.OneLine(strings.Join(words, shape.Between), 75)})
	}
	slices.Sort(labels)
	labels = slices.Compact(labels)
	if len(labels) < 2 && label == "" {
		pick.Optional = false
		form.Fields = []Field{pick}
		return
	}
	filter := Field{Name: fieldLabel, Kind: FieldOne, Label: "Or only those labelled", Optional: true}
	for _, l := range labels {
		filter.Options = append(filter.Options, Option{Value: shape.OneLine(l, shape.MaxNameRunes), Label: shape.OneLine(l, shape.MaxNameRunes)})
	}
	filter.Value = among([]string{label}, filter.Options)
	form.Fields = []Field{pick, filter}
	form.Args.Template = &bridge.TemplateArgs{Label: label}
}

// fillTemplate shows a template as it would be sent, and asks for its variables.
func fillTemplate(form *Form, in FormInput, t bridge.Template, given map[string]string) {
	values := map[string]string{}
	for _, name := range t.Variables {
		v := in.Templates.Known[name]
		if given != nil {
			v = given[name]
		}
		if v = bridge.TemplateValue(v); v != "" {
			values[name] = v
		}
		form.Fields = append(form.Fields, Field{Name: fieldValue + name, Kind: FieldText, Label: fieldWords(name), Value: one(v),
			Example: t.Examples[name], MaxRunes: maxValueRunes})
	}
	words, missing := t.Preview(values)
	form.Title, form.Submit = "Send a template", "Send"
	form.Args.Template = &bridge.TemplateArgs{ID: t.ID, Version: t.Version, Seen: bridge.TemplateSeen(t.ID, t.Version, values)}
	category := shape.SmallPrint(shape.Text(shape.TemplateName(t) + shape.Between + shape.Or(t.Sees, t.Category) + shape.Between + "goes to " + shape.Recipients(in.Facts)))
	form.Intro = append(append(form.Intro, category), shape.Quote(words)...)
	switch {
	case len(missing) > 0:
		form.Submit, form.Args.Template.Seen = "Preview", ""
		form.Intro = append(form.Intro, shape.SmallPrint(shape.Text("Fill in what is missing. You see it once more before it is sent.")))
	case len(t.Variables) > 0:
		form.Intro = append(form.Intro, shape.SmallPrint(shape.Text("This is what is sent. If you change something, you see it once more.")))
	}
}

// fieldWords makes a label of a variable's name.
func fieldWords(name string) string {
	words := strings.ReplaceAll(name, "_", " ")
	return strings.ToUpper(words[:1]) + words[1:]
}

// submitTemplate reads both steps. Next says that the form goes on.
func submitTemplate(out *Filled, v values) (field, problem string) {
	args := bridge.TemplateArgs{}
	if out.Args.Template != nil {
		args = *out.Args.Template
	}
	out.Args.Template = &args
	if args.ID != 0 {
		args.Values = map[string]string{}
		for name := range v {
			if variable, ok := strings.CutPrefix(name, fieldValue); ok {
				if value := bridge.TemplateValue(v.text(name)); value != "" {
					args.Values[variable] = value
				}
			}
		}
		out.Next = !args.Ready()
		return "", ""
	}
	out.Next = true
	if chosen := v.text(fieldTemplate); chosen != "" {
		id, err := strconv.ParseInt(chosen, 10, 64)
		if args.ID = id; err != nil || id <= 0 {
			return fieldTemplate, "Choose a template."
		}
		return "", ""
	}
	if label := v.text(fieldLabel); label != args.Label {
		args.Label = label
		return "", ""
	}
	return fieldTemplate, "Choose a template."
}

// Names of the fields in which a template is made.
const (
	fieldName     = "name"
	fieldAccount  = "account"
	fieldLanguage = "language"
	fieldCategory = "category"
	fieldTypes    = "types"
	fieldLabels   = "labels"
	fieldHeader   = "header"
	fieldBody     = "body"
	fieldFooter   = "footer"
	fieldButtons  = "buttons"
	fieldExamples = "examples"
)

// templateEditForm makes or changes a template.
func templateEditForm(form *Form, in FormInput) error {
	if !in.Templates.Admin {
		return &bridge.Problem{Code: "not_allowed", Text: "Only admins change templates.", Hint: "Ask one of them."}
	}
	t := bridge.Template{Language: "en", Category: "utility", Uses: []string{bridge.TemplateReply, bridge.TemplateWindow}}
	form.Title, form.Submit, form.Intro = "New template", "Hand in", nil
	if in.Args.Template != nil && in.Args.Template.ID != 0 {
		at := slices.IndexFunc(in.Templates.List, func(t bridge.Template) bool { return t.ID == in.Args.Template.ID })
		if at < 0 {
			return &bridge.Problem{Code: "no_template", Text: "That template was deleted meanwhile."}
		}
		t = in.Templates.List[at]
		form.Title = "Edit a template"
		form.Intro = []Block{shape.Line(shape.Bold(shape.TemplateName(t)), shape.Text(shape.Between+shape.OneLine(t.Account, shape.MaxNameRunes)+shape.Between+templateWords(t)))}
		if t.Reason != "" {
			form.Intro = append(form.Intro, shape.SmallPrint(shape.Text(shape.OneLine(t.Reason, 500))))
		}
		form.Args.Template = &bridge.TemplateArgs{ID: t.ID, Draft: &bridge.Template{Account: t.Account, Name: t.Name, Language: t.Language}}
	} else {
		accounts := Field{Name: fieldAccount, Kind: FieldOne, Label: "Account"}
		for _, a := range in.Templates.Accounts {
			accounts.Options = append(accounts.Options, Option{Value: a, Label: shape.OneLine(a, shape.MaxNameRunes)})
		}
		if len(accounts.Options) == 0 {
			return &bridge.Problem{Code: "no_account", Text: "There is no account yet.", Hint: "Set one up first."}
		}
		if len(accounts.Options) == 1 {
			accounts.Value = []string{accounts.Options[0].Value}
		}
		form.Fields = []Field{accounts,
			{Name: fieldName, Kind: FieldText, Label: "Name", Hint: "For colleagues.", Example: "Order update", MaxRunes: 100},
			{Name: fieldLanguage, Kind: FieldText, Label: "Language", Value: one(t.Language), Example: "en_US", MaxRunes: 10}}
	}
	form.Fields = append(form.Fields, contentFields(t)...)
	return nil
}

func contentFields(t bridge.Template) []Field {
	var buttons, examples []string
	for _, b := range t.Buttons {
		buttons = append(buttons, strings.TrimSuffix(b.Title+" | "+b.URL, " | "))
	}
	for _, name := range t.Variables {
		if e := t.Examples[name]; e != "" {
			examples = append(examples, name+": "+e)
		}
	}
	return []Field{
		{Name: fieldTypes, Kind: FieldSeveral, Label: "May be sent", Value: t.Uses, Options: []Option{
			{Value: bridge.TemplateStart, Label: "to begin a conversation"}, {Value: bridge.TemplateReply, Label: "as a reply"}, {Value: bridge.TemplateWindow, Label: "after the reply window has closed"}}},
		{Name: fieldCategory, Kind: FieldOne, Label: "Category", Value: one(t.Category), Hint: "It decides the price. Providers check it.", Options: []Option{
			{Value: "utility", Label: "Utility: about something the customer asked for"}, {Value: "marketing", Label: "Marketing"}, {Value: "authentication", Label: "Authentication: a code"}}},
		{Name: fieldLabels, Kind: FieldText, Label: "Labels", Value: one(strings.Join(t.Labels, ", ")), Hint: "Separate them by commas.", Optional: true, MaxRunes: 200},
		{Name: fieldHeader, Kind: FieldText, Label: "Header", Value: one(t.Header), Optional: true, MaxRunes: 60},
		{Name: fieldBody, Kind: FieldLong, Label: "Text", Value: one(t.Body), Hint: "Filled in by themselves: {{customer_name}}, {{first_name}}, {{email}}, {{agent_name}}, {{company_name}}. Asked for: all others.",
			Example: "Hello {{first_name}}, your quote {{quote_number}} is ready.", MaxRunes: 1024},
		{Name: fieldFooter, Kind: FieldText, Label: "Footer", Value: one(t.Footer), Optional: true, MaxRunes: 60},
		{Name: fieldButtons, Kind: FieldLong, Label: "Buttons", Value: one(strings.Join(buttons, "\n")), Hint: "One per line; with a link: Track it | https://shop.example", Optional: true, MaxRunes: 1000},
		{Name: fieldExamples, Kind: FieldLong, Label: "Examples", Value: one(strings.Join(examples, "\n")), Hint: "What the variables may look like, one per line: quote_number: Q-1042", Optional: true, MaxRunes: 2000},
	}
}

// submitTemplateEdit reads the form in which a template is made.
func submitTemplateEdit(out *Filled, v values) (field, problem string) {
	args, draft := bridge.TemplateArgs{}, bridge.Template{}
	if out.Args.Template != nil {
		args = *out.Args.Template
	}
	if args.ID != 0 && args.Draft != nil {
		draft = *args.Draft
	} else {
		draft.Account, draft.Name, draft.Language = v.text(fieldAccount), v.text(fieldName), v.text(fieldLanguage)
	}
	draft.Category, draft.Uses = v.text(fieldCategory), v.list(fieldTypes)
	draft.Header, draft.Body, draft.Footer = v.text(fieldHeader), v.text(fieldBody), v.text(fieldFooter)
	for _, l := range strings.Split(v.text(fieldLabels), ",") {
		if l = shape.OneLine(l, 40); l != "" && !slices.Contains(draft.Labels, l) {
			draft.Labels = append(draft.Labels, l)
		}
	}
	draft.Buttons = []bridge.TemplateButton{}
	for _, row := range strings.Split(v.text(fieldButtons), "\n") {
		if title, url, _ := strings.Cut(row, "|"); strings.TrimSpace(row) != "" {
			draft.Buttons = append(draft.Buttons, bridge.TemplateButton{Title: strings.TrimSpace(title), URL: strings.TrimSpace(url)})
		}
	}
	draft.Examples = map[string]string{}
	for _, row := range strings.Split(v.text(fieldExamples), "\n") {
		name, value, ok := strings.Cut(row, ":")
		if name = strings.Trim(name, "{} \t\r"); ok && name != "" {
			draft.Examples[name] = strings.TrimSpace(value)
		} else if strings.TrimSpace(row) != "" {
			return fieldExamples, fmt.Sprintf("“%s” has no colon. Write name: example.", shape.OneLine(row, 60))
		}
	}
	if draft.Account == "" {
		return fieldAccount, "Choose an account."
	}
	args.Draft, out.Args.Template = &draft, &args
	for _, f := range bridge.TemplateFaults(bridge.TemplateRow(draft)) {
		return f.Field, strings.TrimSpace("It " + f.Text + ". " + f.Hint)
	}
	return "", ""
}
