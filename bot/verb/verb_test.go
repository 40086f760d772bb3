package verb

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"parley/bridge"
)

// Some emoji are commands. Skin tones and colons around a name don't matter.
// Requirement R-268: Emoji are commands.
func TestEmoji(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		want bridge.Verb
	}{
		{name: "eyes", want: bridge.VerbTake},
		{name: ":eyes:", want: bridge.VerbTake},
		{name: "raised_hand::skin-tone-3", want: bridge.VerbTake},
		{name: "white_check_mark", want: bridge.VerbResolve},
		{name: "zzz", want: bridge.VerbSnooze},
		{name: "alarm_clock", want: bridge.VerbSnooze},
		{name: "lock", want: bridge.VerbKeep},
		{name: "leftwards_arrow_with_hook", want: bridge.VerbUndo},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, _, ok := Emoji(tt.name)
			if !ok {
				t.Fatalf("Emoji(%q) isn't a command, want %q", tt.name, tt.want)
			}
			if got != tt.want {
				t.Errorf("Emoji(%q) = %q, want %q", tt.name, got, tt.want)
			}
		})
	}
}

// An emoji that snoozes can't say until when, so it comes with a fixed time that can be read.
func TestEmojiThatSnoozesHasATime(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"zzz", "alarm_clock"} {
		if _, args, _ := Emoji(name); !bridge.HasKnownForm(args.Until) {
			t.Errorf("Emoji(%q) snoozes until %q, want a time", name, args.Until)
		}
	}
}

func TestEmojiThatIsNoCommand(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"thumbsup", "heavy_check_mark", ""} {
		got, _, ok := Emoji(name)
		if ok {
			t.Errorf("Emoji(%q) is a command, want none", name)
		}
		if got != "" {
			t.Errorf("Emoji(%q) = %q, want no verb", name, got)
		}
	}
}

// allArgs are arguments with a value in each kind of field, and with characters that JSON and HTML escape.
func allArgs() bridge.Args {
	return bridge.Args{
		Conversation: 12,
		Message:      34,
		Delivery:     56,
		Agents:       []string{"UANN"},
		Team:         "Billing",
		Add:          true,
		Remove:       true,
		Tags:         []string{"a, b"},
		Until:        "friday 14:00",
		Note:         "<b> & \u2028",
		Addresses:    []string{"bob@shop.example"},
		Emoji:        "eyes",
		ListArgs:     bridge.ListArgs{List: "mine", Page: 2},
	}
}

// Pressed returns the arguments that were written into a button's value.
func TestPressed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		value string
		want  bridge.Args
	}{
		{name: "an empty value", value: "", want: bridge.Args{}},
		{name: "no arguments", value: Value(bridge.Args{}), want: bridge.Args{}},
		{name: "one argument", value: Value(bridge.Args{Conversation: 12}), want: bridge.Args{Conversation: 12}},
		{name: "all arguments", value: Value(allArgs()), want: allArgs()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			verb, args, err := Pressed("snooze", tt.value)
			if err != nil {
				t.Fatalf("%q: %v", tt.value, err)
			}
			if verb != bridge.VerbSnooze {
				t.Errorf("%q: got the verb %q, want %q", tt.value, verb, bridge.VerbSnooze)
			}
			if !reflect.DeepEqual(args, tt.want) {
				t.Errorf("%q: got the arguments %+v, want %+v", tt.value, args, tt.want)
			}
		})
	}
}

// tooLong are arguments that don't fit into a button's value.
func tooLong() bridge.Args {
	return bridge.Args{Conversation: 12, Note: strings.Repeat("x", MaxValueBytes)}
}

// A value never exceeds MaxValueBytes, since surfaces refuse a card with a longer one.
func TestValueFits(t *testing.T) {
	t.Parallel()
	if got := Value(tooLong()); len(got) > MaxValueBytes {
		t.Errorf("got a value of %d bytes, want at most %d", len(got), MaxValueBytes)
	}
}

// A value that Parley didn't write, or that was cut, is refused. So are verbs that no button has, such as say and edit.
func TestPressedRefuses(t *testing.T) {
	t.Parallel()
	const noArgs = `{"v":1,"a":{}}`
	for _, tt := range []struct{ name, verb, value string }{
		// The value is at fault.
		{name: "arguments that didn't fit", verb: "take", value: Value(tooLong())},
		{name: "another version", verb: "snooze", value: `{"v":2,"a":{}}`},
		{name: "an unknown argument", verb: "resolve", value: `{"v":1,"a":{"conversation":1,"later":2}}`},
		{name: "no arguments", verb: "tag", value: `{"v":1}`},
		{name: "more behind the value", verb: "cc", value: noArgs + "{}"},
		{name: "no object", verb: "to", value: "12"},
		{name: "half a value", verb: "note", value: "{"},
		{name: "an argument of another type", verb: "wake", value: `{"v":1,"a":{"conversation":"1"}}`},
		{name: "too many bytes", verb: "reply", value: noArgs + strings.Repeat(" ", MaxValueBytes)},

		// The value is fine, but no button has this verb.
		{name: "a text", verb: "say", value: noArgs},
		{name: "an edit", verb: "edit", value: noArgs},
		{name: "no command", verb: "", value: noArgs},
		{name: "an unknown command", verb: "nonsense", value: ""},
		{name: "the word for unknown commands", verb: "unknown", value: ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			verb, args, err := Pressed(tt.verb, tt.value)
			if !errors.Is(err, ErrValue) {
				t.Errorf("got error %v, want ErrValue", err)
			}
			if verb != "" {
				t.Errorf("got the verb %q, want none", verb)
			}
			if !reflect.DeepEqual(args, bridge.Args{}) {
				t.Errorf("got the arguments %+v, want none", args)
			}
		})
	}
}

// The name of a template's variable may have any characters.
func TestVariableLabel(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, want string }{
		{name: "", want: ""},
		{name: "order_number", want: "Order number"},
		{name: "übergabe", want: "Übergabe"},
		{name: "名前", want: "名前"}, // a script without capitals
	} {
		if got := variableLabel(tt.name); got != tt.want {
			t.Errorf("variableLabel(%q) = %q, want %q", tt.name, got, tt.want)
		}
	}
}

// Whatever verb and value a button brings back, Pressed returns ErrValue without a verb, or a verb that isn't say, edit
// or delete, which no button may have.
func FuzzPressed(f *testing.F) {
	addPressedSeeds(f)
	f.Fuzz(func(t *testing.T, verb, value string) {
		got, _, err := Pressed(verb, value)
		if err != nil {
			if !errors.Is(err, ErrValue) {
				t.Fatalf("%q with %q: got error %v, want ErrValue", verb, value, err)
			}
			if got != "" {
				t.Fatalf("%q with %q: got the verb %q beside an error, want none", verb, value, got)
			}
			return
		}
		if slices.Contains([]bridge.Verb{bridge.VerbSay, bridge.VerbEdit, bridge.VerbDelete}, got) {
			t.Fatalf("%q with %q: a button does %q, which no button may", verb, value, got)
		}
	})
}

// Arguments that were read can be written and read again.
func FuzzPressedComesBack(f *testing.F) {
	addPressedSeeds(f)
	f.Fuzz(func(t *testing.T, verb, value string) {
		_, args, err := Pressed(verb, value)
		if err != nil {
			return // FuzzPressed looks at errors
		}
		written := Value(args)
		if len(written) > MaxValueBytes {
			t.Fatalf("%+v: got a value of %d bytes, want at most %d", args, len(written), MaxValueBytes)
		}
		// Arguments that don't fit are written as a value that is refused.
		if _, back, err := Pressed(verb, written); err == nil && !reflect.DeepEqual(back, args) {
			t.Fatalf("%+v came back as %+v", args, back)
		}
	})
}

func addPressedSeeds(f *testing.F) {
	f.Helper()
	f.Add("take", Value(bridge.Args{Conversation: 12}))
	f.Add("snooze", Value(bridge.Args{Until: "2h", Agents: []string{"x"}}))
	f.Add("take", `{"v":1,"a":{"conversation":1}}x`)
	f.Add("say", "")
}
