package card

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"parley/bot/verb"
	"parley/bot/view"
	"parley/bridge"
	"parley/channels/markdown"
)

// Bounds of forms.
const (
	inputRunes    = 3000
	choicesOpen   = 5   // up to so many options are all shown at once
	choicesClosed = 12  // a list of more options can be searched
	choicesMost   = 400 // options of one field
	choiceRunes   = 75
)

// Memory is what a form's dialog carries until it is submitted.
type Memory struct {
	view.Memory
	Files bool   `json:"files,omitempty"` // set by the button that opens the upload page
	Nonce string `json:"nonce,omitempty"` // names this form, so that it counts once
}

// Remember makes the Memory of a form; Form adds the verb and its arguments. zone may be nil.
func Remember(at bridge.Place, zone *time.Location, now time.Time, nonce string) Memory {
	return Memory{Memory: view.Remember(at, zone, now), Nonce: nonce}
}

// formData is what a form's button carries; Teams puts the inputs beside it, by their ids.
type formData struct {
	Form Memory `json:"form"`
}

// Prefixes of the ids of inputs: what comes back as a value.
const (
	textPrefix    = "t:" // text
	onePrefix     = "o:" // one choice
	severalPrefix = "m:" // choices, separated by commas
)

// Form makes the dialog of a form. Verb and Args of m become those of f.
func Form(f view.Form, m Memory, h Home) Dialog { return form(f, m, h, nil) }

// Again makes the dialog of a form that was submitted with errors, given by field name. What was typed
// is kept. Each error stands at its field; errors of no field stand on top.
func Again(f view.Form, s Submitted, errs map[string]string, h Home) Dialog {
	f.Fields = slices.Clone(f.Fields)
	for i := range f.Fields {
		f.Fields[i].Value = s.Values[f.Fields[i].Name]
	}
	return form(f, s.Memory, h, errs)
}

func form(f view.Form, m Memory, h Home, errs map[string]string) Dialog {
	r := renderer{home: h, dialog: &m.Place, seed: m.Nonce}
	for _, name := range sorted(errs) {
		if !slices.ContainsFunc(f.Fields, func(f view.Field) bool { return f.Name == name }) {
			r.body = append(r.body, fault(errs[name]))
		}
	}
	r.blocks(f.Intro)
	attach := f.Files && h.Attach
	for _, field := range f.Fields {
		field.Optional = field.Optional || attach // with a second button, clients would require the fields for it, too: we check them ourselves
		r.field(field, errs[field.Name])
	}
	m.Verb, m.Args, m.Files = string(f.Verb), verb.Value(f.Args), false
	buttons := []action{{Type: "Action.Submit", Title: markdown.Cut(f.Submit, labelRunes), Style: "positive", Data: encode(formData{Form: m})}}
	if attach {
		m.Files = true
		buttons = append(buttons, action{Type: "Action.Submit", Title: "Attach files…", Data: encode(formData{Form: m})})
	}
	r.body = append(r.body, element{Type: "ActionSet", Actions: buttons})
	r.buttons(f.Quick)
	return r.dialogue(f.Title)
}

func sorted(m map[string]string) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// fault shows an error as text, since a card can't set the error message of an input.
func fault(text string) element {
	e := words("⚠️ " + oneLine(text))
	e.Inlines[0].Color = "Attention"
	e.Spacing = "Small"
	return e
}

// field adds an input, and under it what is wrong and a hint.
func (r *renderer) field(f view.Field, wrong string) {
	in := input(f)
	hint := f.Hint
	if more := len(f.Options) - choicesMost; more > 0 {
		hint = strings.TrimSpace(hint + " Only the first are listed.")
	}
	r.body = append(r.body, in)
	if wrong != "" {
		r.body = append(r.body, fault(wrong))
	}
	if hint != "" {
		e := words(oneLine(hint))
		e.Spacing = "Small"
		e.Inlines[0].Size, e.Inlines[0].Subtle = sized(true)
		r.body = append(r.body, e)
	}
}

// input is a field's element. Clients read labels and the titles of choices as Markdown.
func input(f view.Field) element {
	e := element{Spacing: "Medium", question: question{Label: neutral(f.Label), Placeholder: f.Example, Required: !f.Optional}}
	if e.Required {
		e.Error = "Fill this in."
	}
	switch f.Kind {
	case view.FieldOne, view.FieldSeveral:
		choices(&e, f)
		return e
	case view.FieldText, view.FieldLong:
	}
	e.Type, e.ID, e.Multiline, e.MaxLength = "Input.Text", textPrefix+f.Name, f.Kind == view.FieldLong, inputRunes
	if f.MaxRunes > 0 {
		e.MaxLength = min(f.MaxRunes, inputRunes)
	}
	if len(f.Value) > 0 {
		e.Value = markdown.Cut(f.Value[0], e.MaxLength)
	}
	return e
}

// choices makes a choice of options. A few options are all shown, many can be searched. A choice of
// several can't be searched, and a searchable one loses its first value on phones.
// Source: schema 1.5.0; github.com/MicrosoftDocs/msteams-docs issue 10472, read 2026-11.
func choices(e *element, f view.Field) {
	e.Type, e.ID, e.Multiselect, e.Wrap = "Input.ChoiceSet", onePrefix+f.Name, f.Kind == view.FieldSeveral, true
	if e.Required {
		e.Error = "Choose one."
	}
	if e.Multiselect {
		e.ID, e.Error = severalPrefix+f.Name, strings.Replace(e.Error, "one", "at least one", 1)
	} else if f.Optional && len(f.Value) == 0 {
		e.Choices = append(e.Choices, choice{Title: "—", Value: ""}) // without it a choice could not be cleared
	}
	for _, o := range f.Options[:min(len(f.Options), choicesMost)] {
		if o.Value != "" {
			e.Choices = append(e.Choices, choice{Title: fronted(neutral(markdown.Cut(o.Label, choiceRunes))), Value: pack(o.Value)})
		}
	}
	switch {
	case len(f.Options) > choicesClosed && !e.Multiselect && len(f.Value) == 0:
		e.Style = "filtered"
	case len(f.Options) > choicesOpen || len(e.Choices) > len(f.Options):
		e.Style = "compact"
	default:
		e.Style, e.Placeholder = "expanded", ""
	}
	var chosen []string
	for _, v := range f.Value {
		if slices.ContainsFunc(e.Choices, func(c choice) bool { return c.Value == pack(v) && v != "" }) {
			chosen = append(chosen, pack(v))
		}
	}
	e.Value = strings.Join(chosen, ",")
}

// pack escapes the comma in an option's value, because commas separate several values.
func pack(v string) string { return strings.NewReplacer("%", "%25", ",", "%2C").Replace(v) }

func unpack(v string) string {
	if plain, err := url.PathUnescape(v); err == nil {
		return plain
	}
	return v
}
