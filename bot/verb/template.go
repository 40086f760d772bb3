package verb

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"parley/bot/shape"
	"parley/bridge"
)

// templateVerb describes "!template order update", by which an agent sends a prepared text with variables. On
// WhatsApp only such templates, which Meta has approved, may be sent after the reply window has closed. The form asks
// first which template to send, then for its variables. Verb explains the fields.
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

// templateBlocks confirms !template at more length.
func templateBlocks(l bridge.Line, f bridge.Facts) []shape.Block {
	if l.Text == "" {
		return nil
	}
	lead := shape.Sentence(shape.Icon("scroll"), " ", shape.LeadingMentions(l), shape.DoerName(l)+" to "+shape.Customer(l, f)+", template ",
		shape.Bold(templateName(l)), begunCountWords(l)+":")
	return append([]shape.Block{lead}, shape.Quote(l.Text)...)
}

// templateName returns the name of the template with which something was written, or "" if there was none.
func templateName(l bridge.Line) string {
	if c, ok := l.Content.(*bridge.BegunLine); ok {
		return shape.OneLine(c.Template, shape.MaxNameRunes)
	}
	return ""
}

// begunCountWords says how many text messages a template, or the first message of a conversation, counts as.
func begunCountWords(l bridge.Line) string {
	if c, ok := l.Content.(*bridge.BegunLine); ok {
		return textCountWords(c.Count)
	}
	return ""
}

// Bounds of what a form shows of templates, and of a variable's value.
const (
	maxValueRunes = 1000
	maxBodyStart  = 60 // runes of a template's text, beside its name, to choose it by
)

// askTemplate asks which template to send, and then for its variables. Above the fields of the variables stands the
// text, filled in. Exactly what people read there is sent. Errors: *bridge.Problem if no template can be sent.
func askTemplate(form *shape.Form, in shape.FormInput) error {
	list := in.Templates.List
	args := bridge.TemplateArgs{}
	if in.Args.Template != nil {
		args = *in.Args.Template
	}

	name := strings.TrimSpace(in.Args.Note)
	if name != "" && args.ID == 0 {
		named := slices.DeleteFunc(slices.Clone(list), func(t bridge.Template) bool { return !strings.EqualFold(t.Name, name) })
		if len(named) > 0 {
			list = named
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
	if args.ID == 0 { // there is nothing to choose between
		args.ID = list[0].ID
	}

	at := slices.IndexFunc(list, func(t bridge.Template) bool { return t.ID == args.ID })
	if at < 0 {
		return &bridge.Problem{Code: "no_template", Text: "That template can't be sent here now.", Hint: "Choose another one."}
	}

	fillTemplate(form, in, list[at], args.Values)
	return nil
}

// pickTemplate asks which template. A label other than "" shows only the templates that have it.
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
	if len(filter.Value) > 0 { // some surfaces let nobody clear a choice
		filter.Options = slices.Insert(filter.Options, 0, shape.Option{Value: allLabels, Label: "All templates"})
	}
	form.Fields = []shape.Field{pick, filter}
	form.Args.Template = &bridge.TemplateArgs{Label: label}
}

// allLabels is the choice in place of a label that shows all templates again.
const allLabels = "*"

// templateField offers the templates of a list. If label isn't "", it offers only those with this label.
func templateField(list []bridge.Template, label string) shape.Field {
	pick := shape.Field{Name: fieldTemplate, Kind: shape.FieldOne, Label: "Template", Optional: true}
	for _, t := range list {
		if label != "" && !slices.Contains(t.Labels, label) {
			continue
		}

		words := append([]string{shape.TemplateName(t)}, t.Labels...)
		words = append(words, shape.OneLine(t.Body, maxBodyStart))
		pick.Options = append(pick.Options, shape.Option{
			Value: strconv.FormatInt(int64(t.ID), 10),
			Label: shape.OneLine(strings.Join(words, shape.Between), maxChoiceRunes),
		})
	}
	return pick
}

// fillTemplate shows a template as it would be sent, and asks for its variables. given is what was typed into the form. It is
// nil if the form is shown for the first time: then the fields have what is known of the customer. If it is empty, somebody
// cleared all fields, and they stay empty.
func fillTemplate(form *shape.Form, in shape.FormInput, t bridge.Template, given map[string]string) {
	values := map[string]string{}
	for _, name := range t.Variables {
		v := in.Templates.Known[name]
		if given != nil {
			v = given[name]
		}

		if v = bridge.TemplateValue(v); v != "" {
			values[name] = v
		}

		form.Fields = append(form.Fields, shape.Field{
			Name:     fieldValue + name,
			Kind:     shape.FieldText,
			Label:    variableLabel(name),
			Value:    textValue(v),
			Example:  t.Examples[name],
			MaxRunes: maxValueRunes,
		})
	}

	words, missing := t.Preview(values)
	form.Title, form.Submit = "Send a template", "Send"

	// Seen marks the version and the values that this form shows. If they come back with it unchanged, whoever submits
	// the form has seen exactly what is sent. If not, Ready refuses them, and they are shown once more.
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

// variableLabel makes a label of a variable's name: "order_number" becomes "Order number".
func variableLabel(name string) string {
	label := []rune(strings.ReplaceAll(name, "_", " "))
	if len(label) > 0 {
		label[0] = unicode.ToUpper(label[0])
	}
	return string(label)
}

// readTemplate reads either step of askTemplate; out.Next says that another step follows.
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
