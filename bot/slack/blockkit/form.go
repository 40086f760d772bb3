package blockkit

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/verb"
	"parley/bot/view"
	"parley/bridge"
)

// Limits of modals. Sources: docs.slack.dev/reference/views and /reference/block-kit, read 2026-11.
const (
	maxTitleRunes       = 24
	maxInputRunes       = 3000
	maxMemoryBytes      = 3000 // of the private metadata
	maxOptions          = 100
	maxOptionRunes      = 75
	maxOptionValueBytes = 150
	maxInputLabelRunes  = 2000
	maxExampleRunes     = 150
	maxViewBlocks       = 98 // Slack's limit is 100
)

// Ids in our forms.
const (
	fieldPrefix = "f:"    // begins the block id of a field; its name follows
	inputID     = "v"     // the action id of each field's input
	typedField  = "typed" // the name of the field with what was typed, if that doesn't fit into the form's memory
)

// FormCallback is the callback id of the views that are forms. Others show a card, and nothing in them can be submitted.
const FormCallback = "form"

// FieldID is the block id of a form's field.
func FieldID(name string) string { return fieldPrefix + name }

// encodeMemory writes a form's memory as the private metadata of its view, in which Slack keeps it until the form comes back.
// If the memory is too long, encodeMemory leaves out the text or, if that isn't enough, everything.
func encodeMemory(m view.Memory) string {
	raw, err := json.Marshal(m)
	isTooLong := err == nil && len(raw) > maxMemoryBytes
	if isTooLong && m.Text != "" {
		m.Text = ""
		raw, err = json.Marshal(m)
	}
	if err != nil || len(raw) > maxMemoryBytes {
		return ""
	}
	return string(raw)
}

// Remember makes the memory of a form that is opened at a place: now, or at f.At if that isn't zero.
func Remember(at bridge.Place, zone *time.Location, f view.Form, now time.Time) view.Memory {
	if !f.At.IsZero() {
		now = f.At
	}
	return view.Remember(at, zone, now)
}

// ReadMemory reads what encodeMemory wrote. Anything else makes the zero value.
func ReadMemory(private string) view.Memory {
	var m view.Memory
	if json.Unmarshal([]byte(private), &m) != nil {
		return view.Memory{}
	}
	return m
}

// Form draws a form as a modal, which is Slack's dialog. It cuts everything to what Slack accepts. If the memory's text is too
// long for the private metadata, the modal has a field with it.
func (h Home) Form(f view.Form, memory view.Memory) slackapi.ModalViewRequest {
	modal := newModal(f.Title, h.modalBlocks("i", f.Intro, f.Quick))
	for _, field := range f.Fields {
		modal.Blocks.BlockSet = append(modal.Blocks.BlockSet, inputBlock(field))
	}
	modal.CallbackID = FormCallback
	modal.Submit = cutObject(f.Submit, maxTitleRunes)
	memory.Verb = string(f.Verb)
	memory.Args = verb.Value(f.Args)
	modal.PrivateMetadata = encodeMemory(memory)
	if memory.Text != ReadMemory(modal.PrivateMetadata).Text {
		typed := view.Field{Name: typedField, Kind: view.FieldLong, Label: "What you typed", Value: []string{memory.Text}, Optional: true}
		modal.Blocks.BlockSet = append(modal.Blocks.BlockSet, inputBlock(typed))
	}
	return modal
}

// Window shows a card in a modal, opened at a place.
func (h Home) Window(c view.Card, at bridge.Place) slackapi.ModalViewRequest {
	modal := newModal(cmp.Or(c.Title, "Parley"), h.modalBlocks("w", c.Blocks, c.Buttons))
	modal.Close = plainObject("Done")
	modal.CallbackID = "card"
	modal.PrivateMetadata = encodeMemory(view.Memory{Place: at})
	return modal
}

// modalBlocks lays out what stands in a modal: blocks, and buttons below them. The ids of its blocks begin with seed.
func (h Home) modalBlocks(seed string, blocks []view.Block, buttons []view.Button) []slackapi.Block {
	var all []slackapi.Block
	for _, m := range h.render(blocks, buttons, seed) {
		all = append(all, m.Blocks...)
	}
	return all[:min(len(all), maxViewBlocks)]
}

func newModal(title string, blocks []slackapi.Block) slackapi.ModalViewRequest {
	return slackapi.ModalViewRequest{
		Type:   slackapi.VTModal,
		Title:  cutObject(title, maxTitleRunes),
		Close:  plainObject("Cancel"),
		Blocks: slackapi.Blocks{BlockSet: blocks},
	}
}

func inputBlock(f view.Field) *slackapi.InputBlock {
	f = f.CutText(maxInputRunes)
	label := cutObject(f.Label, maxInputLabelRunes)
	hint := optionalObject(f.Hint, maxInputLabelRunes)
	block := slackapi.NewInputBlock(FieldID(f.Name), label, hint, inputElement(f))
	block.Optional = f.Optional
	return block
}

// optionalObject makes a text, or nil if there are no words.
func optionalObject(text string, maxRunes int) *slackapi.TextBlockObject {
	if text == "" {
		return nil
	}
	return cutObject(text, maxRunes)
}

func inputElement(f view.Field) slackapi.BlockElement {
	example := optionalObject(f.Example, maxExampleRunes)
	switch f.Kind {
	case view.FieldOne:
		return selectElement(f, example)
	case view.FieldSeveral:
		return multiSelectElement(f, example)
	case view.FieldText, view.FieldLong:
	}

	input := slackapi.NewPlainTextInputBlockElement(example, inputID)
	input.Multiline = f.Kind == view.FieldLong
	input.MaxLength = f.MaxInputRunes(maxInputRunes)
	if len(f.Value) > 0 {
		input.InitialValue = f.Value[0]
	}
	return input
}

// selectElement makes a menu of which one option can be chosen. If there are more than maxOptions, Slack asks us for some while
// somebody types (MatchOptions).
func selectElement(f view.Field, example *slackapi.TextBlockObject) slackapi.BlockElement {
	options := optionObjects(f.Options)
	isExternal := len(options) > maxOptions
	kind := slackapi.OptTypeStatic
	if isExternal {
		kind = slackapi.OptTypeExternal
		options = nil
	}

	menu := slackapi.NewOptionsSelectBlockElement(kind, example, inputID, options...)
	if chosen := chosenOptions(f); len(chosen) > 0 {
		menu.InitialOption = chosen[0]
	}
	if isExternal {
		menu.MinQueryLength = new(int) // zero: Slack asks before anything is typed, too
	}

	return menu
}

// multiSelectElement makes a menu of which several options can be chosen; see selectElement.
func multiSelectElement(f view.Field, example *slackapi.TextBlockObject) slackapi.BlockElement {
	options := optionObjects(f.Options)
	isExternal := len(options) > maxOptions
	kind := slackapi.MultiOptTypeStatic
	if isExternal {
		kind = slackapi.MultiOptTypeExternal
		options = nil
	}
	menu := slackapi.NewOptionsMultiSelectBlockElement(kind, example, inputID, options...)
	menu.InitialOptions = chosenOptions(f)
	if isExternal {
		menu.MinQueryLength = new(int) // see selectElement
	}
	return menu
}

// optionObjects makes the options of a menu. It leaves out those whose value Slack refuses.
func optionObjects(options []view.Option) []*slackapi.OptionBlockObject {
	out := make([]*slackapi.OptionBlockObject, 0, len(options))
	for _, o := range options {
		if o.Value == "" || len(o.Value) > maxOptionValueBytes {
			continue
		}
		out = append(out, slackapi.NewOptionBlockObject(o.Value, cutObject(o.Label, maxOptionRunes), nil))
	}
	return out
}

// chosenOptions returns the options that are selected when a form opens.
func chosenOptions(f view.Field) []*slackapi.OptionBlockObject {
	var chosen []view.Option
	for _, value := range f.Value {
		i := slices.IndexFunc(f.Options, func(o view.Option) bool { return o.Value == value })
		if i >= 0 {
			chosen = append(chosen, f.Options[i])
		}
	}
	return optionObjects(chosen)
}

// Problem makes the window that says why there is nothing else to show. It gives back what was typed into a form, if it takes the
// place of that form.
func (h Home) Problem(err error, at bridge.Place, typed string) slackapi.ModalViewRequest {
	return h.Window(view.Problem(err, typed), at)
}

// Options is the answer to Slack's question for the options of a menu. An empty list must not be null, or Slack goes on showing
// what it was offered last.
type Options struct {
	Options []*slackapi.OptionBlockObject `json:"options"`
}

// MatchOptions returns the options of a field that contain what was typed into its menu: as many as fit into one answer
// of less than maxBytes.
func MatchOptions(f view.Field, typed string, maxBytes int) Options {
	typed = strings.ToLower(strings.TrimSpace(typed))
	var matching []view.Option
	for _, o := range f.Options {
		if strings.Contains(strings.ToLower(o.Label), typed) {
			matching = append(matching, o)
		}
	}
	return fitOptions(optionObjects(matching), maxBytes)
}

// fitOptions makes an answer of as many options as fit into maxBytes.
func fitOptions(options []*slackapi.OptionBlockObject, maxBytes int) Options {
	const envelopeBytes = 1000 // what surrounds the answer on its way
	options = options[:min(len(options), maxOptions)]
	for {
		answer := Options{Options: options}
		raw, err := json.Marshal(answer)
		hasRest := err == nil && len(options) > 0
		if !hasRest || len(raw) < maxBytes-envelopeBytes {
			return answer
		}
		options = options[:len(options)*3/4] // a quarter fewer, until they fit
	}
}

// NoOptions is the answer for a menu that has nothing to offer.
func NoOptions() Options { return Options{Options: []*slackapi.OptionBlockObject{}} }
