package card

import (
	"maps"
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

// A form asks a person for the arguments of a verb (an action such as "snooze"): until when, and why. This file draws
// a view.Form as a dialog of Teams. When the dialog is submitted, Read reads the values. If some are wrong, RedrawForm
// draws the form again with the errors.

// Bounds of forms.
const (
	maxInputRunes  = 3000
	maxExpanded    = 5   // options that are all shown at once
	maxCompact     = 12  // options of a plain list; a longer one can be searched
	maxChoices     = 400 // options of one field
	maxChoiceRunes = 75
)

// Memory is the state of an open form. It is sent to the client and comes back when the form is submitted, so that
// Parley needn't store open forms.
type Memory struct {
	view.Memory
	Files bool   `json:"files,omitempty"` // submitted with the button that opens the upload page
	Nonce string `json:"nonce,omitempty"` // identifies this form, so that it counts once
}

// Remember makes the Memory of a form that is opened at a place (channel, thread and message). Form adds the verb and
// its arguments. zone may be nil.
func Remember(at bridge.Place, zone *time.Location, now time.Time, nonce string) Memory {
	return Memory{Memory: view.Remember(at, zone, now), Nonce: nonce}
}

// formData is what a form's button carries. When the form is submitted, Teams adds the values of the inputs by their
// ids: {"form":{…},"t:note":"Call her","o:until":"tomorrow"}.
type formData struct {
	Form Memory `json:"form"`
}

// Prefixes of the ids of inputs. They give the type of the submitted value.
const (
	textPrefix    = "t:" // a text
	onePrefix     = "o:" // one choice
	severalPrefix = "m:" // choices, separated by commas
)

// Form draws a form as a dialog of Teams. Verb and Args of m become those of f.
func Form(f view.Form, m Memory, h Home) Dialog {
	return formDialog(f, m, nil, nil, h)
}

// RedrawForm draws a form again that was submitted with errors. It keeps what was typed, even if it is too long. errs
// has the errors by field name. Each is shown below its field, and errors of unknown fields are shown at the top.
func RedrawForm(f view.Form, s Submitted, errs map[string]string, h Home) Dialog {
	return formDialog(f, s.Memory, s.Values, errs, h)
}

// formDialog draws a form. values and errs are those of an earlier submission by field name; values is nil if there was none.
func formDialog(f view.Form, m Memory, values map[string][]string, errs map[string]string, h Home) Dialog {
	r := renderer{home: h, dialog: &m.Place, seed: m.Nonce}
	withFiles := f.Files && h.Attach
	r.addFields(f, values, errs, withFiles)
	r.body = append(r.body, submitButtons(f, m, withFiles))
	r.addButtons(f.Quick)
	return r.finishDialog(f.Title)
}

// addFields adds what comes before the buttons of a form: errors of unknown fields, the introduction and the inputs.
// withFiles means that there is also a button that opens the upload page.
func (r *renderer) addFields(f view.Form, values map[string][]string, errs map[string]string, withFiles bool) {
	for _, name := range slices.Sorted(maps.Keys(errs)) {
		isKnown := slices.ContainsFunc(f.Fields, func(field view.Field) bool { return field.Name == name })
		if !isKnown {
			r.body = append(r.body, faultElement(errs[name]))
		}
	}

	r.addBlocks(f.Intro)
	for _, field := range f.Fields {
		if withFiles { // a client would require the fields for both buttons, so Parley checks them itself
			field.Optional = true
		}
		isClearable := field.Optional && len(field.Value) == 0
		if values != nil {
			field = fieldAsTyped(field, values[field.Name])
		}
		r.addField(field, isClearable, errs[field.Name])
	}
}

// submitButtons makes the button that submits a form and, if withFiles is set, the one that opens the upload page.
func submitButtons(f view.Form, m Memory, withFiles bool) element {
	m.Verb = string(f.Verb)
	m.Args = verb.Value(f.Args)
	m.Files = false
	submit := markdown.Cut(f.Submit, maxLabelRunes)
	buttons := []action{{Type: "Action.Submit", Title: submit, Style: "positive", Data: encode(formData{Form: m})}}
	if withFiles {
		m.Files = true
		buttons = append(buttons, action{Type: "Action.Submit", Title: "Attach files…", Data: encode(formData{Form: m})})
	}
	return element{Type: "ActionSet", Actions: buttons}
}

// fieldAsTyped returns a field with the submitted value. A text that is too long isn't cut.
func fieldAsTyped(f view.Field, value []string) view.Field {
	f.Value = value
	if len(value) > 0 && f.MaxRunes > 0 {
		f.MaxRunes = max(f.MaxRunes, utf8.RuneCountInString(value[0]))
	}
	return f
}

// faultElement shows an error as text, since a card can't set the error message of an input.
func faultElement(text string) element {
	e := makeParagraph("⚠️ " + oneLine(text))
	e.Inlines[0].Color = "Attention"
	e.Spacing = "Small"
	return e
}

// addField adds an input and, below it, the error of its value ("" if it has none) and a hint. isClearable means that
// a person who has chosen an option can choose none again.
func (r *renderer) addField(f view.Field, isClearable bool, errorText string) {
	f = f.CutText(maxInputRunes)
	in := inputElement(f, isClearable)
	hint := f.Hint
	if len(f.Options) > maxChoices {
		hint = strings.TrimSpace(hint + " Only the first are listed.")
	}

	r.body = append(r.body, in)
	if errorText != "" {
		r.body = append(r.body, faultElement(errorText))
	}

	if hint != "" {
		e := makeParagraph(oneLine(hint))
		e.Spacing = "Small"
		e.Inlines[0].Size, e.Inlines[0].Subtle = sizeSmall, true
		r.body = append(r.body, e)
	}
}

// inputElement makes the input of a field. Clients read labels and the titles of choices as Markdown, so characters
// that would be markup are replaced.
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

// setChoices makes e an input of f's options. isClearable adds the option "—", which means none.
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

// choiceStyle chooses how options are shown. A searchable list is used only for a single choice without a default
// value, because on phones such a list loses the default. hasEmpty means that "—" is one of the choices.
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

// chosenValue returns the chosen values that are among the offered ones, joined as Teams wants them: "ann,ben".
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

// packValue escapes commas in an option's value, because Teams joins several values with commas.
func packValue(v string) string { return strings.NewReplacer("%", "%25", ",", "%2C").Replace(v) }

// unpackValue undoes packValue. It returns a value that can't be unescaped as it is, since a client may send anything.
func unpackValue(v string) string {
	if plain, err := url.PathUnescape(v); err == nil {
		return plain
	}
	return v
}
