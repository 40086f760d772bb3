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

// This file draws a view.Form, which is the same in every chat, as a modal: Slack's dialog. For example, "Snooze" has
// one input with a time. A modal also carries private metadata, a string that Slack doesn't show but returns when the
// form is submitted. It holds the form's memory: where and when the form was opened, and for which verb, which is the
// name of what the form asks for, such as "snooze". submitted.go reads the form when it comes back.

// Limits of modals. Sources: docs.slack.dev/reference/views and /reference/block-kit, read 2026-11.
const (
	maxTitleRunes       = 24
	maxInputRunes       = 3000
	maxMemoryBytes      = 3000 // the private metadata
	maxOptions          = 100
	maxOptionRunes      = 75
	maxOptionValueBytes = 150
	maxInputLabelRunes  = 2000
	maxExampleRunes     = 150
	maxViewBlocks       = 98 // Slack's limit is 100
)

// Ids in our forms.
const (
	fieldPrefix = "f:"    // the prefix of a field's block id; the field's name follows
	inputID     = "v"     // the action id of each field's input
	typedField  = "typed" // the name of the field that shows the memory's text if the memory is too small for it
)

// FormCallback is the callback id of forms. A modal without it shows a card and can't be submitted.
const FormCallback = "form"

// FieldID is the block id of a form's field.
func FieldID(name string) string { return fieldPrefix + name }

// encodeMemory encodes a form's memory as private metadata. If the result is longer than Slack permits, encodeMemory
// leaves out the text or, if that isn't enough, everything.
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

// Remember returns the memory of a form that is opened at a place: now, or at f.At if that isn't zero.
func Remember(at bridge.Place, zone *time.Location, f view.Form, now time.Time) view.Memory {
	if !f.At.IsZero() {
		now = f.At
	}
	return view.Remember(at, zone, now)
}

// ReadMemory decodes what encodeMemory encoded. For any other text it returns the zero value.
func ReadMemory(private string) view.Memory {
	var m view.Memory
	if json.Unmarshal([]byte(private), &m) != nil {
		return view.Memory{}
	}
	return m
}

// Form draws a form as a modal, and truncates everything to Slack's limits. The memory's text is what somebody typed
// before the form was opened. If it is too long for the private metadata, the modal gets a field that holds it.
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
	isTextLost := ReadMemory(modal.PrivateMetadata).Text != memory.Text
	if isTextLost {
		typed := view.Field{Name: typedField, Kind: view.FieldLong, Label: "What you typed", Value: []string{memory.Text}, Optional: true}
		modal.Blocks.BlockSet = append(modal.Blocks.BlockSet, inputBlock(typed))
	}
	return modal
}

// Window draws a card as a modal that can only be closed. at is the message from which it is opened.
func (h Home) Window(c view.Card, at bridge.Place) slackapi.ModalViewRequest {
	modal := newModal(cmp.Or(c.Title, "Parley"), h.modalBlocks("w", c.Blocks, c.Buttons))
	modal.Close = plainObject("Done")
	modal.CallbackID = "card"
	modal.PrivateMetadata = encodeMemory(view.Memory{Place: at})
	return modal
}

// HomeTab draws a card as a home tab. args name what it shows; they come back with clicks, and when it is opened again.
func (h Home) HomeTab(c view.Card, args bridge.Args) slackapi.HomeTabViewRequest {
	return slackapi.HomeTabViewRequest{
		Type: slackapi.VTHomeTab, Blocks: slackapi.Blocks{BlockSet: h.modalBlocks("h", c.Blocks, c.Buttons)},
		PrivateMetadata: encodeMemory(view.Memory{Verb: string(bridge.VerbList), Args: verb.Value(args)}),
	}
}

// modalBlocks renders the contents of a modal or a home tab: blocks, and buttons below them. seed is the prefix of the block ids.
func (h Home) modalBlocks(seed string, blocks []view.Block, buttons []view.Button) []slackapi.Block {
	var all []slackapi.Block
	for _, m := range h.render(blocks, buttons, seed) {
		all = append(all, m.Blocks...)
	}
	return all[:min(len(all), maxViewBlocks)]
}

func newModal(title string, blocks []slackapi.Block) slackapi.ModalViewRequest {
	return slackapi.ModalViewRequest{
		Type: slackapi.VTModal, Title: cutObject(title, maxTitleRunes), Close: plainObject("Cancel"),
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

// optionalObject returns a text object, or nil for an empty text, which Slack refuses.
func optionalObject(text string, maxRunes int) *slackapi.TextBlockObject {
	if text == "" {
		return nil
	}
	return cutObject(text, maxRunes)
}

func inputElement(f view.Field) slackapi.BlockElement {
	example := optionalObject(f.Example, maxExampleRunes)
	switch f.Kind {
	case view.FieldOne, view.FieldSeveral:
		return selectElement(f, example)
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

// selectElement returns a menu in which one option or, for FieldSeveral, several can be chosen. If there are more than maxOptions,
// the menu is external: Slack requests the options that match what the user types (MatchOptions).
func selectElement(f view.Field, example *slackapi.TextBlockObject) slackapi.BlockElement {
	options, chosen := optionObjects(f.Options), chosenOptions(f)
	var minQueryLength *int
	one, several := slackapi.OptTypeStatic, slackapi.MultiOptTypeStatic
	if len(options) > maxOptions {
		one, several = slackapi.OptTypeExternal, slackapi.MultiOptTypeExternal
		options, minQueryLength = nil, new(int) // zero: Slack requests options even before anything is typed
	}
	if f.Kind == view.FieldSeveral {
		menu := slackapi.NewOptionsMultiSelectBlockElement(several, example, inputID, options...)
		menu.InitialOptions, menu.MinQueryLength = chosen, minQueryLength
		return menu
	}
	menu := slackapi.NewOptionsSelectBlockElement(one, example, inputID, options...)
	menu.MinQueryLength = minQueryLength
	if len(chosen) > 0 {
		menu.InitialOption = chosen[0]
	}
	return menu
}

// optionObjects returns the options of a menu, without those whose value Slack would refuse.
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

// Problem draws a modal that explains an error. If it replaces a form, typed is what the user had typed into the form,
// so that they can copy it.
func (h Home) Problem(err error, at bridge.Place, typed string) slackapi.ModalViewRequest {
	return h.Window(view.Problem(err, typed), at)
}

// Options is our response when Slack requests the options of an external menu. An empty list must be [] and not null,
// or Slack keeps showing the previous options.
type Options struct {
	Options []*slackapi.OptionBlockObject `json:"options"`
}

// MatchOptions returns the options whose label contains what was typed into the menu, ignoring case. It returns only
// as many as fit into a response of less than maxBytes.
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

// fitOptions returns a response with the first of the options, as many as fit into maxBytes.
func fitOptions(options []*slackapi.OptionBlockObject, maxBytes int) Options {
	const envelopeBytes = 1000 // reserved for the Socket Mode envelope around the response
	options = options[:min(len(options), maxOptions)]
	for {
		response := Options{Options: options}
		raw, err := json.Marshal(response)
		if err != nil || len(options) == 0 || len(raw) < maxBytes-envelopeBytes {
			return response
		}
		options = options[:len(options)*3/4] // drop a quarter and try again
	}
}

// NoOptions returns the response for a menu without options.
func NoOptions() Options { return Options{Options: []*slackapi.OptionBlockObject{}} }
