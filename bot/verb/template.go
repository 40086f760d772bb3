package verb

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"parley/bot/shape"
	"parley/bridge"
)

// templateVerb describes the command "!template order update", with which an agent sends a prepared text with
// variables, such as "Hello {{first_name}}". On WhatsApp, only templates that Meta has approved may be sent
// more than 24 hours after the customer's last message. The form asks for the template and then for its
// variables. The type Verb explains the fields.
func templateVerb() *Verb {
	return &Verb{
		Name:  bridge.VerbTemplate,
		Typed: TypedLine{Words: []string{"template", "tpl"}, AskIfAlone: true, Syntax: "!template [NAME]", Rest: RestNote},
		Help: Help{
			Sentence: "Sends an approved template, also when the reply window is closed.",
			Examples: []string{"!template", "!template order update", "@Parley #12 template"},
		},
		Slash:  true,
		Button: Button{Label: "Send template"},
		Form: Form{
			Ask:       askTemplateReply,
			Needed:    func(args bridge.Args) bool { return !args.Template.IsPreviewed() },
			Read:      readTemplate,
			Lists:     []List{Templates},
			Answering: true,
		},
		Shown: templateBlocks,
	}
}

// askTemplateReply fills in the form of !template.
func askTemplateReply(form *shape.Form, in shape.FormInput) error {
	if err := checkAnswerable(in.Facts); err != nil {
		return err
	}
	return askTemplate(form, in)
}

// templateBlocks confirms !template and shows the text.
func templateBlocks(l bridge.Line, f bridge.Facts) []shape.Block {
	if l.Text == "" {
		return nil
	}
	lead := shape.Sentence(shape.Icon("scroll"), " ", shape.LeadingMentions(l), shape.DoerName(l)+" to "+shape.Customer(l, f)+", template ",
		shape.Bold(templateName(l)), begunCountWords(l)+":")
	return append([]shape.Block{lead}, shape.Quote(l.Text)...)
}

// templateName returns the name of the template that was sent, or "" if the message wasn't a template.
func templateName(l bridge.Line) string {
	if c, ok := l.Content.(*bridge.BegunLine); ok {
		return shape.OneLine(c.Template, shape.MaxNameRunes)
	}
	return ""
}

// begunCountWords returns how many text messages (SMS) a template, or the first message of a conversation, is
// billed as.
func begunCountWords(l bridge.Line) string {
	if c, ok := l.Content.(*bridge.BegunLine); ok {
		return textCountWords(c.Count)
	}
	return ""
}

// Maximum lengths in characters.
const (
	maxValueRunes = 1000 // the value of a variable
	maxBodyStart  = 60   // the part of a template's text that is shown next to its name
)

// askTemplate fills in the step of the form that comes next: the choice of a template, or its variables with
// a preview of the text. Only a text that was shown in a preview is sent. Errors: *bridge.Problem if no
// template can be sent.
func askTemplate(form *shape.Form, in shape.FormInput) error {
	list := in.Templates.List
	args := bridge.TemplateArgs{}
	if in.Args.Template != nil {
		args = *in.Args.Template
	}

	name := strings.TrimSpace(in.Args.Note)
	if name != "" && args.ID == 0 {
		sameName := slices.DeleteFunc(slices.Clone(list), func(t bridge.Template) bool { return !strings.EqualFold(t.Name, name) })
		if len(sameName) > 0 {
			list = sameName
		}
	}

	form.Args.Note = ""
	if len(list) == 0 {
		if in.Templates.None != nil {
			return in.Templates.None
		}
		return &bridge.Problem{Code: "no_template", Text: "There is no template that fits.", Hint: "Admins make them: @Parley templates"}
	}
	if args.ID == 0 && len(list) > 1 {
		pickTemplate(form, list, args.Label)
		return nil
	}
	if args.ID == 0 { // the only template
		args.ID = list[0].ID
	}

	index := slices.IndexFunc(list, func(t bridge.Template) bool { return t.ID == args.ID })
	if index < 0 {
		return &bridge.Problem{Code: "no_template", Text: "That template can't be sent here now.", Hint: "Choose another one."}
	}

	fillTemplate(form, in, list[index], args.Values)
	return nil
}

// pickTemplate fills in the choice of a template. If label isn't "", only templates with that label are offered.
func pickTemplate(form *shape.Form, list []bridge.Template, label string) {
	form.Title, form.Submit = "Send a template", "Next"
	pick := templateField(list, label)
	var labels []string
	for _, t := range list {
		labels = append(labels, t.Labels...)
	}

	slices.Sort(labels)
	labels = slices.Compact(labels)
	if len(labels) == 0 && label == "" {
		pick.Optional = false
		form.Fields = []shape.Field{pick}
		return
	}

	filter := shape.Field{Name: fieldLabel, Kind: shape.FieldOne, Label: "Or only those labelled", Optional: true}
	for _, l := range labels {
		filter.Options = append(filter.Options,
			shape.Option{Value: shape.OneLine(l, shape.MaxNameRunes), Label: shape.OneLine(l, shape.MaxNameRunes)})
	}

	filter.Value = chosenOf([]string{label}, filter.Options)
	if len(filter.Value) > 0 { // some chats don't let people clear a choice
		filter.Options = slices.Insert(filter.Options, 0, shape.Option{Value: allLabels, Label: "All templates"})
	}
	form.Fields = []shape.Field{pick, filter}
	form.Args.Template = &bridge.TemplateArgs{Label: label}
}

// allLabels is the option that removes the filter by label.
const allLabels = "*"

// templateField returns a field with the templates of a list. If label isn't "", only templates with that
// label are offered.
func templateField(list []bridge.Template, label string) shape.Field {
	field := shape.Field{Name: fieldTemplate, Kind: shape.FieldOne, Label: "Template", Optional: true}
	for _, t := range list {
		if label != "" && !slices.Contains(t.Labels, label) {
			continue
		}

		words := append([]string{shape.TemplateName(t)}, t.Labels...)
		words = append(words, shape.OneLine(t.Body, maxBodyStart))
		field.Options = append(field.Options, shape.Option{
			Value: strconv.FormatInt(int64(t.ID), 10),
			Label: shape.OneLine(strings.Join(words, shape.Between), maxChoiceRunes),
		})
	}
	return field
}

// fillTemplate fills in the fields for a template's variables and a preview of the text. entered has the
// values that were submitted so far. If it is nil, the form is shown for the first time, and the fields have
// the known values, such as the customer's name. An empty map means that a person cleared all fields.
func fillTemplate(form *shape.Form, in shape.FormInput, t bridge.Template, entered map[string]string) {
	values := map[string]string{}
	for _, name := range t.Variables {
		value := in.Templates.Known[name]
		if entered != nil {
			value = entered[name]
		}

		value = bridge.TemplateValue(value)
		if value != "" {
			values[name] = value
		}

		form.Fields = append(form.Fields, shape.Field{
			Name:     fieldValue + name,
			Kind:     shape.FieldText,
			Label:    variableLabel(name),
			Value:    textValue(value),
			Example:  t.Examples[name],
			MaxRunes: maxValueRunes,
		})
	}

	words, missing := t.Preview(values)
	form.Title, form.Submit = "Send a template", "Send"

	// Seen is a hash of the version and the values in this preview. If the submitted values match it, the agent has
	// seen exactly what is sent. If not, the form is shown once more with a new preview; see TemplateArgs.IsPreviewed.
	form.Args.Template = &bridge.TemplateArgs{ID: t.ID, Version: t.Version, Seen: bridge.PreviewMark(t.ID, t.Version, values)}
	about := shape.TemplateName(t) + shape.Between + shape.Or(t.ProviderCategory, t.Category) + shape.Between
	to := shape.SmallPrint(shape.Text(about), shape.Text("goes to "+shape.Recipients(in.Facts.Recipients)))
	form.Intro = append(append(form.Intro, to), shape.Quote(words)...)

	switch {
	case len(missing) > 0:
		form.Submit, form.Args.Template.Seen = "Preview", ""
		form.Intro = append(form.Intro, shape.SmallPrint(shape.Text("Fill in what is missing. You see it once more before it is sent.")))
	case len(t.Variables) > 0:
		form.Intro = append(form.Intro, shape.SmallPrint(shape.Text("This is what is sent. If you change something, you see it once more.")))
	}
}

// variableLabel converts the name of a variable into a label: "order_number" becomes "Order number".
func variableLabel(name string) string {
	label := []rune(strings.ReplaceAll(name, "_", " "))
	if len(label) > 0 {
		label[0] = unicode.ToUpper(label[0])
	}
	return string(label)
}

// readTemplate reads a submitted step of the form. out.Next means that another step follows.
func readTemplate(out *shape.Filled, v Values, _ Reading) (field, problem string) {
	args := bridge.TemplateArgs{}
	if out.Args.Template != nil {
		args = *out.Args.Template
	}

	out.Args.Template = &args
	if args.ID != 0 {
		args.Values = map[string]string{}
		for name := range v {
			variable, isVariable := strings.CutPrefix(name, fieldValue)
			value := bridge.TemplateValue(v.Text(name))
			if isVariable && value != "" {
				args.Values[variable] = value
			}
		}

		out.Next = !args.IsPreviewed()
		return "", ""
	}

	out.Next = true
	if chosen := v.Text(fieldTemplate); chosen != "" {
		id, err := strconv.ParseInt(chosen, 10, 64)
		if err != nil || id <= 0 {
			return fieldTemplate, "Choose a template."
		}

		args.ID = bridge.TemplateID(id)
		return "", ""
	}

	label := v.Text(fieldLabel)
	if label == allLabels {
		label = ""
	}
	if label != args.Label {
		args.Label = label
		return "", ""
	}

	return fieldTemplate, "Choose a template."
}
