package blockkit

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/verb"
	"parley/bot/view"
	"parley/bridge"
	"parley/channels/markdown"
)

// Limits of modals.
const (
	titleRunes   = 24
	inputRunes   = 3000
	privateBytes = 3000
	optionsMost  = 100
	optionRunes  = 75
	fieldPrefix  = "f:"
	inputID      = "v"
	viewBlocks   = 98
)

// FormCallback is the callback id of the views that are forms. Others show a card, and nothing in them can be submitted.
const FormCallback = "form"

// FieldID is the block id of a form's field.
func FieldID(name string) string { return fieldPrefix + name }

// encode gives what a form remembers as the private metadata of its view.
func encode(p view.Memory) string {
	raw, err := json.Marshal(p)
	if err == nil && len(raw) > privateBytes && p.Text != "" {
		p.Text = "" // the form asks again
		raw, err = json.Marshal(p)
	}
	if err != nil || len(raw) > privateBytes {
		return ""
	}
	return string(raw)
}

// Remember makes the memory of a form that is opened at a place now, or that began when f says.
func Remember(at bridge.Place, zone *time.Location, f view.Form, now time.Time) view.Memory {
	if !f.At.IsZero() {
		now = f.At
	}
	return view.Remember(at, zone, now)
}

// ReadMemory reads what a form carried; what is none of ours gives the zero value.
func ReadMemory(s string) view.Memory {
	var p view.Memory
	if json.Unmarshal([]byte(s), &p) != nil {
		return view.Memory{}
	}
	return p
}

// Form lays a form out as a modal that carries p.
//
// Its title, its fields' values and its options are cut to what Slack takes.
func (h Home) Form(f view.Form, p view.Memory) slackapi.ModalViewRequest {
	m := modalOf(f.Title, h.lay("i", f.Intro, f.Quick))
	for _, field := range f.Fields {
		m.Blocks.BlockSet = append(m.Blocks.BlockSet, inputBlock(field))
	}
	m.CallbackID = FormCallback
	m.Submit = plainObject(markdown.Cut(f.Submit, titleRunes))
	p.Verb, p.Args = string(f.Verb), verb.Value(f.Args)
	m.PrivateMetadata = encode(p)
	return m
}

// lay lays out what stands in a modal: blocks, and buttons below them. The ids of its blocks begin with seed.
func (h Home) lay(seed string, blocks []view.Block, buttons []view.Button) []slackapi.Block {
	r := renderer{home: h, seed: seed}
	for _, b := range blocks {
		r.block(b)
	}
	r.buttons(buttons)
	r.end()
	return r.all()
}

// Window shows a card in a modal, opened at a place.
func (h Home) Window(c view.Card, at bridge.Place) slackapi.ModalViewRequest {
	m := modalOf(cmp.Or(c.Title, "Parley"), h.lay("w", c.Blocks, c.Buttons))
	m.Close = plainObject("Done")
	m.CallbackID = "card"
	m.PrivateMetadata = encode(view.Memory{Place: at})
	return m
}

func (r *renderer) all() []slackapi.Block {
	var out []slackapi.Block
	for _, d := range r.done {
		out = append(out, d.Blocks...)
	}
	return out[:min(len(out), viewBlocks)]
}

func modalOf(title string, blocks []slackapi.Block) slackapi.ModalViewRequest {
	return slackapi.ModalViewRequest{
		Type: slackapi.VTModal, Title: plainObject(markdown.Cut(title, titleRunes)), Close: plainObject("Cancel"),
		Blocks: slackapi.Blocks{BlockSet: blocks},
	}
}

func inputBlock(f view.Field) *slackapi.InputBlock {
	var hint *slackapi.TextBlockObject
	if f.Hint != "" {
		hint = plainObject(markdown.Cut(f.Hint, 2000))
	}
	b := slackapi.NewInputBlock(FieldID(f.Name), plainObject(markdown.Cut(f.Label, 2000)), hint, inputElement(f))
	b.Optional = f.Optional
	return b
}

func inputElement(f view.Field) slackapi.BlockElement {
	var example *slackapi.TextBlockObject
	if f.Example != "" {
		example = plainObject(markdown.Cut(f.Example, 150))
	}
	switch f.Kind {
	case view.FieldOne:
		return oneOf(f, example)
	case view.FieldSeveral:
		return severalOf(f, example)
	case view.FieldText, view.FieldLong:
	}
	e := slackapi.NewPlainTextInputBlockElement(example, inputID)
	e.Multiline = f.Kind == view.FieldLong
	e.MaxLength = inputRunes
	if f.MaxRunes > 0 {
		e.MaxLength = min(f.MaxRunes, inputRunes)
	}
	if len(f.Value) > 0 {
		e.InitialValue = markdown.Cut(f.Value[0], e.MaxLength)
	}
	return e
}

func oneOf(f view.Field, example *slackapi.TextBlockObject) slackapi.BlockElement {
	kind := slackapi.OptTypeStatic
	options := optionObjects(f.Options)
	if len(options) > optionsMost {
		kind, options = slackapi.OptTypeExternal, nil
	}
	e := slackapi.NewOptionsSelectBlockElement(kind, example, inputID, options...)
	if chosen := chosen(f); len(chosen) > 0 {
		e.InitialOption = chosen[0]
	}
	if kind == slackapi.OptTypeExternal {
		zero := 0
		e.MinQueryLength = &zero
	}
	return e
}

func severalOf(f view.Field, example *slackapi.TextBlockObject) slackapi.BlockElement {
	kind := slackapi.MultiOptTypeStatic
	options := optionObjects(f.Options)
	if len(options) > optionsMost {
		kind, options = slackapi.MultiOptTypeExternal, nil
	}
	e := slackapi.NewOptionsMultiSelectBlockElement(kind, example, inputID, options...)
	e.InitialOptions = chosen(f)
	if kind == slackapi.MultiOptTypeExternal {
		zero := 0
		e.MinQueryLength = &zero
	}
	return e
}

func optionObjects(options []view.Option) []*slackapi.OptionBlockObject {
	out := make([]*slackapi.OptionBlockObject, 0, len(options))
	for _, o := range options {
		if o.Value == "" || len(o.Value) > 150 {
			continue
		}
		out = append(out, slackapi.NewOptionBlockObject(o.Value, plainObject(markdown.Cut(o.Label, optionRunes)), nil))
	}
	return out
}

// chosen gives the options that are selected when a form opens.
func chosen(f view.Field) []*slackapi.OptionBlockObject {
	var out []view.Option
	for _, v := range f.Value {
		if i := slices.IndexFunc(f.Options, func(o view.Option) bool { return o.Value == v }); i >= 0 {
			out = append(out, f.Options[i])
		}
	}
	return optionObjects(out)
}

// Problem makes the window that says why there is nothing else to show: the words of a *bridge.Problem, or a
// general sentence.
func (h Home) Problem(err error, at bridge.Place) slackapi.ModalViewRequest {
	var p *bridge.Problem
	if errors.Is(err, bridge.ErrNoConversation) {
		p = &bridge.Problem{Code: "no_conversation", Text: "There is no conversation here.", Hint: "Try it on a message in a conversation's thread."}
	} else if !errors.As(err, &p) {
		p = &bridge.Problem{Code: "internal", Text: "Internal error.", Hint: "Try again."}
	}
	return h.Window(view.Problem(p), at)
}

// Matching gives the options of a field that contain what was typed into its menu: as many as one answer may
// hold, of less than maxBytes with its envelope.
func Matching(f view.Field, typed string, maxBytes int) slackapi.OptionsResponse {
	typed = strings.ToLower(strings.TrimSpace(typed))
	match := f.Options[:0:0]
	for _, o := range f.Options {
		if strings.Contains(strings.ToLower(o.Label), typed) {
			match = append(match, o)
		}
	}
	return fitting(optionObjects(match), maxBytes)
}

// fitting gives as many of the options as one answer may hold.
func fitting(options []*slackapi.OptionBlockObject, maxBytes int) slackapi.OptionsResponse {
	options = options[:min(len(options), optionsMost)]
	for {
		r := slackapi.OptionsResponse{Options: options}
		if raw, err := json.Marshal(r); err != nil || len(raw) < maxBytes-1000 || len(options) == 0 {
			return r
		}
		options = options[:len(options)*3/4]
	}
}

// NoOptions is the answer for a menu that has nothing to offer.
func NoOptions() slackapi.OptionsResponse {
	return slackapi.OptionsResponse{Options: []*slackapi.OptionBlockObject{}}
}
