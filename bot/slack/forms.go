package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// private is what a form carries until it is submitted, such as where it was opened. It comes back from
// a client, so the ids in it are claims that the engine authorises again.
type private struct {
	Verb  string       `json:"verb"`
	Args  string       `json:"args,omitempty"` // verb.Value
	Place bridge.Place `json:"place"`
	Zone  string       `json:"zone,omitempty"` // IANA name
	At    int64        `json:"at,omitempty"`   // unix seconds when it was opened
	Text  string       `json:"text,omitempty"` // what was typed before a conversation was picked
	Pick  bool         `json:"pick,omitempty"` // the form only asks which conversation is meant
}

func (p private) encode() string {
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

// remember makes the private data of a form; the verb and its arguments are added later.
func (w *windows) remember(at bridge.Place, zone *time.Location, f view.Form) private {
	p := private{Place: at, At: w.now().Unix()}
	if !f.At.IsZero() {
		p.At = f.At.Unix()
	}
	if zone != nil {
		p.Zone = zone.String()
	}
	return p
}

func readPrivate(s string) private {
	var p private
	if json.Unmarshal([]byte(s), &p) != nil {
		return private{}
	}
	return p
}

func (p private) zone() *time.Location {
	if z, err := time.LoadLocation(p.Zone); err == nil {
		return z
	}
	return time.UTC
}

// submit reads a filled form. Pure: it reads times as of when the form was opened.
func (v *formView) submit() (view.Filled, map[string]string) {
	p := readPrivate(v.Private)
	name, args, err := verb.Pressed(p.Verb, p.Args)
	if err != nil {
		return view.Filled{}, map[string]string{"": "This form is no longer valid. Close it and open it again."}
	}
	out, errs := view.Submit(name, args, v.values(), time.Unix(p.At, 0), p.zone())
	if p.Pick && out.Text == "" {
		out.Text = p.Text
	}
	return out, errs
}

// values gives the inputs by field name.
func (v *formView) values() map[string][]string {
	out := map[string][]string{}
	for block, inputs := range v.State.Values {
		name, ok := strings.CutPrefix(block, fieldPrefix)
		if !ok {
			continue
		}
		in := inputs[inputID]
		switch {
		case in.Selected != nil:
			out[name] = []string{in.Selected.Value}
		case len(in.Several) > 0:
			for _, o := range in.Several {
				out[name] = append(out[name], o.Value)
			}
		case in.Value != "":
			out[name] = []string{in.Value}
		}
	}
	return out
}

// formErrors shows each error at its field, and errors of no field at the first one.
func (v *formView) formErrors(errs map[string]string) map[string]any {
	at := map[string]string{}
	first := ""
	for _, b := range v.Blocks {
		if b.Type == "input" && first == "" {
			first = b.BlockID
		}
	}
	for name, text := range errs {
		id := fieldPrefix + name
		if _, ok := v.State.Values[id]; !ok {
			id = first
		}
		at[id] = text
	}
	return map[string]any{"response_action": "errors", "errors": at}
}

// modal renders a form.
func (me *self) modal(f view.Form, p private) slackapi.ModalViewRequest {
	r := renderer{me: me, seed: "i"}
	for _, b := range f.Intro {
		r.block(b)
	}
	r.buttons(f.Quick)
	r.end()
	m := modalOf(f.Title, r.all())
	for _, field := range f.Fields {
		m.Blocks.BlockSet = append(m.Blocks.BlockSet, inputBlock(field))
	}
	m.CallbackID = "form"
	m.Submit = plainObject(markdown.Cut(f.Submit, titleRunes))
	p.Verb, p.Args = string(f.Verb), verb.Value(f.Args)
	m.PrivateMetadata = p.encode()
	return m
}

// window shows a card in a modal.
func (me *self) window(c view.Card, at bridge.Place) slackapi.ModalViewRequest {
	r := renderer{me: me, seed: "w"}
	for _, b := range c.Blocks {
		r.block(b)
	}
	r.buttons(c.Buttons)
	r.end()
	title := c.Title
	if title == "" {
		title = "Parley"
	}
	m := modalOf(title, r.all())
	m.Close = plainObject("Done")
	m.CallbackID = "card"
	m.PrivateMetadata = private{Place: at}.encode()
	return m
}

func (r *renderer) all() []slackapi.Block {
	var out []slackapi.Block
	for _, d := range r.done {
		out = append(out, d.blocks...)
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
	b := slackapi.NewInputBlock(fieldPrefix+f.Name, plainObject(markdown.Cut(f.Label, 2000)), hint, inputElement(f))
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

// problem makes the window that says why there is nothing else to show.
func (me *self) problem(err error, at bridge.Place) slackapi.ModalViewRequest {
	var p *bridge.Problem
	if errors.Is(err, bridge.ErrNoConversation) {
		p = &bridge.Problem{Code: "no_conversation", Text: "There is no conversation here.", Hint: "Try it on a message in a conversation's thread."}
	} else if !errors.As(err, &p) {
		p = &bridge.Problem{Code: "internal", Text: "Internal error.", Hint: "Try again."}
	}
	return me.window(view.Problem(p), at)
}

// suggest gives the options of a long menu while somebody types into it.
func (w *windows) suggest(ctx context.Context, in *interaction) (any, error) {
	if in.View == nil {
		return emptyOptions(), nil
	}
	p := readPrivate(in.View.Private)
	name, args, err := verb.Pressed(p.Verb, p.Args)
	if err != nil {
		return emptyOptions(), nil
	}
	form, _, err := w.forms().Form(ctx, name, args, p.Place, in.User.ID, "")
	if err != nil {
		return emptyOptions(), fmt.Errorf("slack: options: %w", err)
	}
	query := strings.ToLower(strings.TrimSpace(in.Value))
	for _, f := range form.Fields {
		if fieldPrefix+f.Name != in.BlockID {
			continue
		}
		match := f.Options[:0:0]
		for _, o := range f.Options {
			if strings.Contains(strings.ToLower(o.Label), query) {
				match = append(match, o)
			}
		}
		return fitting(optionObjects(match)), nil
	}
	return emptyOptions(), nil
}

// fitting gives as many of the options as one answer may hold.
func fitting(options []*slackapi.OptionBlockObject) slackapi.OptionsResponse {
	options = options[:min(len(options), optionsMost)]
	for {
		r := slackapi.OptionsResponse{Options: options}
		if raw, err := json.Marshal(r); err != nil || len(raw) < answerBytes-1000 || len(options) == 0 {
			return r
		}
		options = options[:len(options)*3/4]
	}
}

func emptyOptions() slackapi.OptionsResponse {
	return slackapi.OptionsResponse{Options: []*slackapi.OptionBlockObject{}}
}
