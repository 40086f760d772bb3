package verb

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"parley/bridge"
	"parley/bridge/when"
)

// Some emoji are commands. Skin tones and colons around a name don't matter.
//
func TestEmoji(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bridge.Verb{
		"eyes":                      bridge.VerbTake,
		":eyes:":                    bridge.VerbTake,
		"raised_hand::skin-tone-3":  bridge.VerbTake,
		"white_check_mark":          bridge.VerbResolve,
		"zzz":                       bridge.VerbSnooze,
		"alarm_clock":               bridge.VerbSnooze,
		"lock":                      bridge.VerbKeep,
		"leftwards_arrow_with_hook": bridge.VerbUndo,
		"thumbsup":                  "",
		"":                          "",
		"heavy_check_mark":          "",
	} {
		got, args, ok := Emoji(name)
		if got != want || ok != (want != "") {
			t.Errorf("%q is %q (a command: %v), want %q", name, got, ok, want)
		}
		if want == bridge.VerbSnooze && !when.Known(args.Until) {
			t.Errorf("%q snoozes until %q, want a time", name, args.Until)
		}
	}
}

// A button's arguments come back as they were written into its value.
func TestPressed(t *testing.T) {
	t.Parallel()
	full := bridge.Args{
		Conversation: 12, Message: 34, Delivery: 56, Agents: []string{"UANN"}, Team: "Billing", Add: true, Remove: true, Tags: []string{"a, b"},
		Until: "friday 14:00", Note: "<b> & \u2028", Addresses: []string{"bob@shop.example"}, Emoji: "eyes", ListArgs: bridge.ListArgs{List: "mine", Page: 2},
	}
	for value, want := range map[string]bridge.Args{
		"":                                   {},
		Value(bridge.Args{}):                 {},
		Value(bridge.Args{Conversation: 12}): {Conversation: 12},
		Value(full):                          full,
	} {
		verb, got, err := Pressed("snooze", value)
		if err != nil || verb != bridge.VerbSnooze {
			t.Errorf("%q is read as %q, %v, want %q", value, verb, err, bridge.VerbSnooze)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q is read as %+v, want %+v", value, got, want)
		}
	}
}

// tooLong are arguments that don't fit into a button's value.
func tooLong() bridge.Args {
	return bridge.Args{Conversation: 12, Note: strings.Repeat("x", MaxValueBytes)}
}

// Surfaces refuse longer values, and with them the whole card.
func TestValueFits(t *testing.T) {
	t.Parallel()
	if got := Value(tooLong()); len(got) > MaxValueBytes {
		t.Errorf("got a value of %d bytes, want at most %d", len(got), MaxValueBytes)
	}
}

// A value that Parley didn't write, or that was cut, does nothing. No button says, edits or deletes something.
func TestPressedRefuses(t *testing.T) {
	t.Parallel()
	const noArgs = `{"v":1,"a":{}}`
	for _, tt := range []struct{ name, verb, value string }{
		{name: "arguments that didn't fit", verb: "take", value: Value(tooLong())},
		{name: "another version", verb: "snooze", value: `{"v":2,"a":{}}`},
		{name: "an unknown argument", verb: "resolve", value: `{"v":1,"a":{"conversation":1,"later":2}}`},
		{name: "no arguments", verb: "tag", value: `{"v":1}`},
		{name: "more behind the value", verb: "cc", value: noArgs + "{}"},
		{name: "no object", verb: "to", value: "12"},
		{name: "half a value", verb: "note", value: "{"},
		{name: "an argument of another type", verb: "wake", value: `{"v":1,"a":{"conversation":"1"}}`},
		{name: "too many bytes", verb: "reply", value: noArgs + strings.Repeat(" ", MaxValueBytes)},
		{name: "a text", verb: "say", value: noArgs},
		{name: "an edit", verb: "edit", value: noArgs},
		{name: "no command", verb: "", value: noArgs},
		{name: "an unknown command", verb: "nonsense", value: ""},
		{name: "the word for unknown commands", verb: "unknown", value: ""},
	} {
		got, args, err := Pressed(tt.verb, tt.value)
		if !errors.Is(err, ErrValue) {
			t.Errorf("%s: got error %v, want ErrValue", tt.name, err)
		}
		if got != "" || !reflect.DeepEqual(args, bridge.Args{}) {
			t.Errorf("%s: is read as %q %+v, want nothing", tt.name, got, args)
		}
	}
}

// The name of a template's variable may have any characters.
func TestVariableLabel(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"": "", "order_number": "Order number", "übergabe": "Übergabe", "名前": "名前"} {
		if got := variableLabel(name); got != want {
			t.Errorf("the label of %q is %q, want %q", name, got, want)
		}
	}
}

// Whatever a button brings back, it does nothing that no button may do, and what is read can be written and read again.
func FuzzPressed(f *testing.F) {
	f.Add("take", Value(bridge.Args{Conversation: 12}))
	f.Add("snooze", Value(bridge.Args{Until: "2h", Agents: []string{"x"}}))
	f.Add("take", `{"v":1,"a":{"conversation":1}}x`)
	f.Add("say", "")
	f.Fuzz(func(t *testing.T, verb, val string) {
		v, args, err := Pressed(verb, val)
		if err != nil {
			if !errors.Is(err, ErrValue) || v != "" {
				t.Fatalf("%q with %q is read as %q, %v, want ErrValue alone", verb, val, v, err)
			}
			return
		}
		if v == bridge.VerbSay || v == bridge.VerbEdit || v == bridge.VerbDelete {
			t.Fatalf("a button does %q, which no button may", v)
		}
		again := Value(args)
		if len(again) > MaxValueBytes {
			t.Fatalf("got a value of %d bytes, want at most %d", len(again), MaxValueBytes)
		}
		if _, back, err := Pressed(verb, again); err == nil && !reflect.DeepEqual(back, args) {
			t.Fatalf("%+v came back as %+v", args, back)
		}
	})
}
