package card

import (
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"parley/bot/verb"
	"parley/bot/view"
	"parley/bridge"
	"parley/channels/markdown"
)

// Bounds of forms.
const (
	maxInputRunes  = 3000
	maxExpanded    = 5   // options that are all shown at once
	maxCompact     = 12  // options of a plain list; a longer one can be searched
	maxChoices     = 400 // options of one field
	maxChoiceRunes = 75
)

// Memory is what a form's dialog carries until it is submitted.
type Memory struct {
	view.Memory
	Files bool   `json:"files,omitempty"` // the button was the one that opens the upload page
	Nonce string `json:"nonce,omitempty"` // identifies this form, so that it counts once
}

// Remember makes the Memory of a form. Form adds the verb and its arguments. zone may be nil.
func Remember(at bridge.Place, zone *time.Location, now time.Time, nonce string) Memory {
	return Memory{Memory: view.Remember(at, zone, now), Nonce: nonce}
}

// formData is what a form's button carries; Teams puts the inputs beside it, by their ids.
type formData struct {
	Form Memory `json:"form"`
}

// Prefixes of the ids of inputs. They say what the values that come back are.
const (
	textPrefix    = "t:" // a text
	onePrefix     = "o:" // one choice
	severalPrefix = "m:" // choices, separated by commas
)

// Form makes the dialog of a form. Verb and Args of m become those of f.
func Form(f view.Form, m Memory, h Home) Dialog { return formDialog(f, m, nil, nil, h) }

// FormAgain makes the dialog of a form that was submitted with errors, which are by field name. It keeps what was
// typed, also what is too long. Each error stands at its field, and errors of no field on top.
func FormAgain(f view.Form, s Submitted, errs map[string]string, h Home) Dialog {
	return formDialog(f, s.Memory, &s, errs, h)
}

// formDialog lays out a form. again is how it was submitted, and errs, by field name, is why it is shown again; both are nil if it is
// shown for the first time.
func formDialog(f view.Form, m Memory, again *Submitted, errs map[string]string, h Home) Dialog {
	r := renderer{home: h, dialog: &m.Place, seed: m.Nonce}
	for _, name := range sortedNames(errs) {
		if !slices.ContainsFunc(f.Fields, func(f view.Field) bool { return f.Name == name }) {
			r.body = append(r.body, faultElement(errs[name]))
		}
	}

	r.addBlocks(f.Intro)
	attach := f.Files && h.Attach
	for _, field := range f.Fields {
		if attach { // clients would require the fields for the second button, too; so we check them ourselves
			field.Optional = true
		}
		isClearable := field.Optional && len(field.Value) == 0
		if again != nil {
			field = fieldAsTyped(field, again.Values[field.Name])
		}
		r.addField(field, isClearable, errs[field.Name])
	}

	m.Verb = string(f.Verb)
	m.Args = verb.Value(f.Args)
	m.Files = false
	buttons := []action{{Type: "Action.Submit", Title: markdown.Cut(f.Submit, maxLabelRunes), Style: "positive", Data: encode(formData{Form: m})}}
	if attach {
		m.Files = true
		buttons = append(buttons, action{Type: "Action.Submit", Title: "Attach files…", Data: encode(formData{Form: m})})
	}

	r.body = append(r.body, element{Type: "ActionSet", Actions: buttons})
	r.addButtons(f.Quick)
	return r.finishDialog(f.Title)
}

// fieldAsTyped returns a field with what somebody filled in. A text that is too long stays whole.
func fieldAsTyped(f view.Field, value []string) view.Field {
	f.Value = value
	if len(value) > 0 && f.MaxRunes > 0 {
		f.MaxRunes = max(f.MaxRunes, utf8.RuneCountInString(value[0]))
	}
	return f
}

func sortedNames(m map[string]string) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// faultElement shows an error as text, since a card can't set the error message of an input.
func faultElement(text string) element {
	e := makeParagraph("⚠️ " + oneLine(text))
	e.Inlines[0].Color = "Attention"
	e.Spacing = "Small"
	return e
}

// addField adds an input and, below it, what is wrong with its value, and a hint. isClearable means that nothing has to be chosen.
func (r *renderer) addField(f view.Field, isClearable bool, wrong string) {
	f = f.CutText(maxInputRunes)
	in := inputElement(f, isClearable)
	hint := f.Hint
	if len(f.Options) > maxChoices {
		hint = strings.TrimSpace(hint + " Only the first are listed.")
	}

	r.body = append(r.body, in)
	if wrong != "" {
		r.body = append(r.body, faultElement(wrong))
	}

	if hint != "" {
		e := makeParagraph(oneLine(hint))
		e.Spacing = "Small"
		e.Inlines[0].Size, e.Inlines[0].Subtle = textSize(smallText)
		r.body = append(r.body, e)
	}
}

// inputElement makes the input of a field. Labels and the titles of choices are neutralized, because clients read them as
// Markdown.
func inputElement(f view.Field, isClearable bool) element {
	e := element{Spacing: "Medium", question: question{Label: showLiterally(f.Label), Placeholder: f.Example, Required: !f.Optional}}
	if e.Required {
		e.ErrorMessage = "Fill this in."
	}

	switch f.Kind {
	case view.FieldOne, view.FieldSeveral:
		setChoices(&e, f, isClearable)
		return e
	case view.FieldText, view.FieldLong:
	}

	e.Type = "Input.Text"
	e.ID = textPrefix + f.Name
	e.Multiline = f.Kind == view.FieldLong
	e.MaxLength = f.MaxInputRunes(maxInputRunes)
	if len(f.Value) > 0 {
		e.Value = f.Value[0]
	}

	return e
}

// setChoices makes e a choice of options. A few options are all shown, many can be searched. A choice of several can't be
// searched, and a searchable one loses its first value on phones.
// Source: schema 1.5.0; github.com/MicrosoftDocs/msteams-docs issue 10472, read 2026-11.
func setChoices(e *element, f view.Field, isClearable bool) {
	e.Type = "Input.ChoiceSet"
	e.ID = onePrefix + f.Name
	e.Multiselect = f.Kind == view.FieldSeveral
	e.Wrap = true
	if e.Required {
		e.ErrorMessage = "Choose one."
	}

	switch {
	case e.Multiselect:
		e.ID = severalPrefix + f.Name
		e.ErrorMessage = strings.Replace(e.ErrorMessage, "one", "at least one", 1)
	case isClearable:
		e.Choices = append(e.Choices, choice{Title: "—", Value: ""}) // without it a choice could not be cleared
	}

	for _, o := range f.Options[:min(len(f.Options), maxChoices)] {
		if o.Value != "" {
			e.Choices = append(e.Choices, choice{Title: guardStart(showLiterally(markdown.Cut(o.Label, maxChoiceRunes))), Value: packValue(o.Value)})
		}
	}

	isSearchable := !e.Multiselect && len(f.Value) == 0
	switch {
	case len(f.Options) > maxCompact && isSearchable:
		e.Style = "filtered"
	case len(f.Options) > maxExpanded || len(e.Choices) > len(f.Options):
		e.Style = "compact"
	default:
		e.Style, e.Placeholder = "expanded", ""
	}

	var chosen []string
	for _, v := range f.Value {
		isOffered := slices.ContainsFunc(e.Choices, func(c choice) bool { return c.Value == packValue(v) })
		if v != "" && isOffered {
			chosen = append(chosen, packValue(v))
		}
	}

	e.Value = strings.Join(chosen, ",")
}

// packValue escapes the comma in an option's value, because commas separate several values.
func packValue(v string) string { return strings.NewReplacer("%", "%25", ",", "%2C").Replace(v) }

// unpackValue undoes packValue. What can't be unescaped stays as it is: a client may send anything.
func unpackValue(v string) string {
	if plain, err := url.PathUnescape(v); err == nil {
		return plain
	}
	return v
}
