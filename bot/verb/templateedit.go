package verb

import (
	"fmt"
	"slices"
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// templateEditVerb describes the form in which admins create or edit a template: a prepared text with
// variables, such as "Hello {{first_name}}", which a provider has to approve. The verb can't be typed; it has
// a button in the list of templates. The type Verb explains the fields.
func templateEditVerb() *Verb {
	return &Verb{
		Name:     bridge.VerbTemplateEdit,
		Typed:    TypedLine{Words: []string{"templateedit"}, Syntax: "!templateedit"},
		Help:     Help{Hidden: true, Sentence: "Makes or changes a template.", Examples: []string{"!templateedit"}},
		Anywhere: true,
		Button:   Button{Label: "Edit"},
		Form: Form{
			Ask:    askTemplateEdit,
			Read:   readTemplateEdit,
			Lists:  []List{AllTemplates},
			Needed: func(args bridge.Args) bool { return args.Template == nil || args.Template.Draft == nil },
		},
		Shown: templateChanged,
	}
}

// Maximum lengths in characters. Those of the header, the text and the footer are the providers'.
const (
	maxHeaderRunes          = 60
	maxBodyRunes            = 1024
	maxFooterRunes          = 60
	maxTemplateNameRunes    = 100
	maxLanguageRunes        = 10
	maxLabelsRunes          = 200 // all labels
	maxTemplateLabelRunes   = 40  // one label
	maxTemplateButtonsRunes = 1000
	maxExamplesRunes        = 2000
	maxReasonRunes          = 500 // the provider's reason for rejecting the template
)

// templateDone confirms that a template was created, changed or deleted.
func templateDone(l bridge.Line) string {
	name, status := "The template", ""
	changed, ok := l.Content.(*bridge.TemplateChangedLine)
	if ok && len(changed.Templates) > 0 {
		name = "Template " + shape.TemplateName(changed.Templates[0])
		status = changed.Templates[0].Status
	}
	if l.Verb == bridge.VerbTemplateDelete {
		return name + " is deleted, here and at the provider."
	}
	if status == "pending" {
		return name + " is kept and handed in. You hear when the provider has decided: it may take up to two days."
	}
	if status == "approved" {
		return name + " is kept. It can be sent now."
	}

	return name + " is kept."
}

// askTemplateEdit fills in the form for the template in.Args.Template, or for a new one.
func askTemplateEdit(form *shape.Form, in shape.FormInput) error {
	if !in.Templates.Admin {
		return &bridge.Problem{Code: "not_allowed", Text: "Only admins change templates.", Hint: "Ask one of them."}
	}
	if in.Args.Template != nil && in.Args.Template.ID != 0 {
		return askTemplateChange(form, in)
	}
	return askNewTemplate(form, in)
}

// askTemplateChange fills in the form for an existing template, whose account, name and language can't be changed.
func askTemplateChange(form *shape.Form, in shape.FormInput) error {
	index := slices.IndexFunc(in.Templates.List, func(t bridge.Template) bool { return t.ID == in.Args.Template.ID })
	if index < 0 {
		return &bridge.Problem{Code: "no_template", Text: "That template was deleted meanwhile."}
	}
	t := in.Templates.List[index]

	form.Title = "Edit a template"
	form.Submit = "Hand in"
	about := shape.Between + shape.OneLine(t.Account, shape.MaxNameRunes) + shape.Between + shape.TemplateWords(t)
	form.Intro = []shape.Block{shape.Line(shape.Bold(shape.TemplateName(t)), shape.Text(about))}
	if t.Reason != "" {
		form.Intro = append(form.Intro, shape.SmallPrint(shape.Text(shape.OneLine(t.Reason, maxReasonRunes))))
	}
	form.Args.Template = &bridge.TemplateArgs{ID: t.ID, Draft: &bridge.Template{Account: t.Account, Name: t.Name, Language: t.Language}}
	form.Fields = append(form.Fields, contentFields(t)...)
	return nil
}

// askNewTemplate fills in the form for a new template.
func askNewTemplate(form *shape.Form, in shape.FormInput) error {
	accounts := shape.Field{Name: fieldAccount, Kind: shape.FieldOne, Label: "Account"}
	for _, a := range in.Templates.Accounts {
		accounts.Options = append(accounts.Options, shape.Option{Value: a, Label: shape.OneLine(a, shape.MaxNameRunes)})
	}
	if len(accounts.Options) == 0 {
		return &bridge.Problem{Code: "no_account", Text: "There is no account yet.", Hint: "Set one up first."}
	}
	if len(accounts.Options) == 1 {
		accounts.Value = []string{accounts.Options[0].Value}
	}

	form.Title = "New template"
	form.Submit = "Hand in"
	form.Intro = nil
	form.Fields = append([]shape.Field{
		accounts,
		{
			Name:     fieldName,
			Kind:     shape.FieldText,
			Label:    "Name",
			Hint:     "For colleagues.",
			Example:  "Order update",
			MaxRunes: maxTemplateNameRunes,
		},
		{
			Name:     fieldLanguage,
			Kind:     shape.FieldText,
			Label:    "Language",
			Value:    textValue("en"),
			Example:  "en_US",
			MaxRunes: maxLanguageRunes,
		},
	}, contentFields(bridge.Template{Category: "utility", Uses: []string{bridge.TemplateReply, bridge.TemplateWindow}})...)
	return nil
}

// contentFields returns the fields for a template's content and use, with the values of t.
func contentFields(t bridge.Template) []shape.Field {
	return append([]shape.Field{
		{
			Name:  fieldTypes,
			Kind:  shape.FieldSeveral,
			Label: "May be sent",
			Value: t.Uses,
			Options: []shape.Option{
				{Value: bridge.TemplateStart, Label: "to begin a conversation"},
				{Value: bridge.TemplateReply, Label: "as a reply"},
				{Value: bridge.TemplateWindow, Label: "after the reply window has closed"},
			},
		},
		{
			Name:  fieldCategory,
			Kind:  shape.FieldOne,
			Label: "Category",
			Value: textValue(t.Category),
			Hint:  "It decides the price. Providers check it.",
			Options: []shape.Option{
				{Value: "utility", Label: "Utility: about something the customer asked for"},
				{Value: "marketing", Label: "Marketing"},
				{Value: "authentication", Label: "Authentication: a code"},
			},
		},
		{
			Name:     fieldLabels,
			Kind:     shape.FieldText,
			Label:    "Labels",
			Value:    textValue(strings.Join(t.Labels, ", ")),
			Hint:     "Separate them by commas.",
			Optional: true,
			MaxRunes: maxLabelsRunes,
		},
	}, wordsFields(t)...)
}

// wordsFields returns the fields for the parts of a template that customers see, and for examples of its variables.
func wordsFields(t bridge.Template) []shape.Field {
	var buttons, examples []string
	for _, b := range t.Buttons {
		buttons = append(buttons, strings.TrimSuffix(b.Title+" | "+b.URL, " | "))
	}
	for _, name := range t.Variables {
		if e := t.Examples[name]; e != "" {
			examples = append(examples, name+": "+e)
		}
	}

	return []shape.Field{
		{Name: fieldHeader, Kind: shape.FieldText, Label: "Header", Value: textValue(t.Header), Optional: true, MaxRunes: maxHeaderRunes},
		{
			Name:  fieldBody,
			Kind:  shape.FieldLong,
			Label: "Text",
			Value: textValue(t.Body),
			Hint: "Filled in by themselves: {{customer_name}}, {{first_name}}, {{email}}, {{agent_name}}, {{company_name}}. " +
				"Asked for: all others.",
			Example:  "Hello {{first_name}}, your quote {{quote_number}} is ready.",
			MaxRunes: maxBodyRunes,
		},
		{Name: fieldFooter, Kind: shape.FieldText, Label: "Footer", Value: textValue(t.Footer), Optional: true, MaxRunes: maxFooterRunes},
		{
			Name:     fieldButtons,
			Kind:     shape.FieldLong,
			Label:    "Buttons",
			Value:    textValue(strings.Join(buttons, "\n")),
			Hint:     "One per line; with a link: Track it | https://shop.example",
			Optional: true,
			MaxRunes: maxTemplateButtonsRunes,
		},
		{
			Name:     fieldExamples,
			Kind:     shape.FieldLong,
			Label:    "Examples",
			Value:    textValue(strings.Join(examples, "\n")),
			Hint:     "What the variables may look like, one per line: quote_number: Q-1042",
			Optional: true,
			MaxRunes: maxExamplesRunes,
		},
	}
}

// readTemplateEdit reads the submitted form. It returns the first problem with the template, if there is one.
func readTemplateEdit(out *shape.Filled, v Values, _ Reading) (field, problem string) {
	args, draft := bridge.TemplateArgs{}, bridge.Template{}
	if out.Args.Template != nil {
		args = *out.Args.Template
	}

	if args.ID != 0 && args.Draft != nil {
		draft = *args.Draft
	} else {
		draft.Account = v.Text(fieldAccount)
		draft.Name = v.Text(fieldName)
		draft.Language = v.Text(fieldLanguage)
	}

	draft.Category, draft.Uses = v.Text(fieldCategory), v.List(fieldTypes)
	draft.Header = v.Text(fieldHeader)
	draft.Body = v.Text(fieldBody)
	draft.Footer = v.Text(fieldFooter)
	for _, l := range strings.Split(v.Text(fieldLabels), ",") {
		label := shape.OneLine(l, maxTemplateLabelRunes)
		if label != "" && !slices.Contains(draft.Labels, label) {
			draft.Labels = append(draft.Labels, label)
		}
	}

	draft.Buttons = readTemplateButtons(v)
	if draft.Examples, problem = readTemplateExamples(v); problem != "" {
		return fieldExamples, problem
	}
	if draft.Account == "" {
		return fieldAccount, "Choose an account."
	}

	args.Draft, out.Args.Template = &draft, &args

	row := bridge.TemplateRow(draft)
	row.ID = args.ID
	for _, f := range bridge.TemplateFaults(row) {
		return f.Field, strings.TrimSpace("It " + f.Text + ". " + f.Hint)
	}

	return "", ""
}

// readTemplateButtons parses a template's buttons, one per line: "Title" or "Title | https://…". Without
// buttons, the list is empty but not nil.
func readTemplateButtons(v Values) []bridge.TemplateButton {
	buttons := []bridge.TemplateButton{}
	for _, row := range strings.Split(v.Text(fieldButtons), "\n") {
		if strings.TrimSpace(row) == "" {
			continue
		}
		title, url, _ := strings.Cut(row, "|")
		buttons = append(buttons, bridge.TemplateButton{Title: strings.TrimSpace(title), URL: strings.TrimSpace(url)})
	}
	return buttons
}

// readTemplateExamples parses examples of a template's variables, one per line: "quote_number: Q-1042".
// problem is a message for the agent about the first invalid line.
func readTemplateExamples(v Values) (examples map[string]string, problem string) {
	examples = map[string]string{}
	for _, row := range strings.Split(v.Text(fieldExamples), "\n") {
		name, value, hasColon := strings.Cut(row, ":")
		name = strings.Trim(name, "{} \t\r")
		if hasColon && name != "" {
			examples[name] = strings.TrimSpace(value)
			continue
		}
		if strings.TrimSpace(row) != "" {
			return nil, fmt.Sprintf("“%s” has no colon. Write name: example.", shape.OneLine(row, maxWrongRunes))
		}
	}
	return examples, ""
}

// templateChanged returns the confirmation of templateDone as blocks.
func templateChanged(l bridge.Line, _ bridge.Facts) []shape.Block {
	return confirmationBlocks(l, templateDone(l))
}
