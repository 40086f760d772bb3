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

// Memory is what the dialog of a form carries from when it is opened until it is submitted. It goes to the client and comes
// back, so that Parley needn't store open forms.
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

// Form draws a form, which asks for the arguments of a verb, as a dialog of Teams. Verb and Args of m become those of f.
func Form(f view.Form, m Memory, h Home) Dialog { return formDialog(f, m, nil, nil, h) }

// RedrawForm draws a form once more that was submitted with errors. It keeps what was typed, even what is too long. errs has
// the errors by field name. Each stands at its field, and errors of no field on top.
func RedrawForm(f view.Form, s Submitted, errs map[string]string, h Home) Dialog {
	return formDialog(f, s.Memory, &s, errs, h)
}

// formDialog draws a form. again is how it was submitted, and errs is why it is shown again. Both are nil if it is shown for
// the first time.
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
		if attach { // a client would require the fields for both buttons, so Parley checks them itself
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
	submit := markdown.Cut(f.Submit, maxLabelRunes)
	buttons := []action{{Type: "Action.Submit", Title: submit, Style: "positive", Data: encode(formData{Form: m})}}
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

// addField adds an input and, below it, what is wrong with its value, and a hint. isClearable means that the choice of one
// option can be taken back.
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
		e.Inlines[0].Size, e.Inlines[0].Subtle = sizeSmall, true
		r.body = append(r.body, e)
	}
}

// inputElement makes the input of a field. Clients read labels, and the titles of choices, as Markdown, so what would be
// markup there is changed.
func inputElement(f view.Field, isClearable bool) element {
	asked := question{Label: literalBlock(f.Label), Placeholder: f.Example, Required: !f.Optional}
	e := element{Spacing: "Medium", question: asked}
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

// setChoices makes e a choice of options. isClearable means that the choice of one option can be taken back.
func setChoices(e *element, f view.Field, isClearable bool) {
	e.Type = "Input.ChoiceSet"
	e.Wrap = true
	e.ID = onePrefix + f.Name
	missing := "Choose one."
	if f.Kind == view.FieldSeveral {
		e.Multiselect = true
		e.ID = severalPrefix + f.Name
		missing = "Choose at least one."
	}
	if e.Required {
		e.ErrorMessage = missing
	}

	if isClearable && !e.Multiselect {
		e.Choices = append(e.Choices, choice{Title: "—", Value: ""})
	}
	for _, o := range f.Options[:min(len(f.Options), maxChoices)] {
		if o.Value != "" {
			title := guardStart(literalBlock(markdown.Cut(o.Label, maxChoiceRunes)))
			e.Choices = append(e.Choices, choice{Title: title, Value: packValue(o.Value)})
		}
	}

	e.Value = chosenValue(f, e.Choices)
	e.Style = choiceStyle(f, len(e.Choices) > len(f.Options))
	if e.Style == styleExpanded {
		e.Placeholder = ""
	}
}

// How a choice is shown.
const (
	styleExpanded = "expanded" // a few options, which are all shown
	styleCompact  = "compact"  // a list that opens
	styleFiltered = "filtered" // a long list that can be searched
)

// choiceStyle chooses how options are shown. A list can be searched only if it is for one option and none is chosen
// yet, because on phones a searchable list loses it. hasEmpty means that "—" is one of the choices.
// Source: schema 1.5.0; github.com/MicrosoftDocs/msteams-docs issue 10472, read 2026-11.
func choiceStyle(f view.Field, hasEmpty bool) string {
	isSearchable := f.Kind == view.FieldOne && len(f.Value) == 0
	switch {
	case isSearchable && len(f.Options) > maxCompact:
		return styleFiltered
	case hasEmpty || len(f.Options) > maxExpanded:
		return styleCompact
	}
	return styleExpanded
}

// chosenValue joins the values of a field that are offered: "ann,ben".
func chosenValue(f view.Field, offered []choice) string {
	var chosen []string
	for _, v := range f.Value {
		packed := packValue(v)
		isOffered := slices.ContainsFunc(offered, func(c choice) bool { return c.Value == packed })
		if v != "" && isOffered {
			chosen = append(chosen, packed)
		}
	}
	return strings.Join(chosen, ",")
}

// packValue escapes commas in an option's value, because commas separate several values.
func packValue(v string) string { return strings.NewReplacer("%", "%25", ",", "%2C").Replace(v) }

// unpackValue undoes packValue. What can't be unescaped stays as it is: a client may send anything.
func unpackValue(v string) string {
	if plain, err := url.PathUnescape(v); err == nil {
		return plain
	}
	return v
}
