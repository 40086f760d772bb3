package verb

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"parley/bridge"
	"parley/bridge/when"
)

//
func TestEmoji(t *testing.T) {
	t.Parallel()
	for name, verb := range map[string]bridge.Verb{
		"eyes": bridge.VerbTake, ":eyes:": bridge.VerbTake, "raised_hand::skin-tone-3": bridge.VerbTake, "white_check_mark": bridge.VerbResolve,
		"zzz": bridge.VerbSnooze, "alarm_clock": bridge.VerbSnooze, "lock": bridge.VerbKeep, "leftwards_arrow_with_hook": bridge.VerbUndo, "thumbsup": "", "": "", "heavy_check_mark": "",
	} {
		got, args, ok := Emoji(name)
		if got != verb || ok != (verb != "") {
			t.Errorf("%q = %s %v", name, got, ok)
		}
		if verb == bridge.VerbSnooze && !when.Known(args.Until) {
			t.Errorf("%q snoozes until %q", name, args.Until)
		}
	}
}

func TestPressed(t *testing.T) {
	t.Parallel()
	full := bridge.Args{
		Conversation: 12, Message: 34, Delivery: 56, Agents: []string{"UANN"}, Team: "Billing", Add: true, Remove: true, Tags: []string{"a, b"},
		Until: "friday 14:00", Note: "<b> & \u2028", Addresses: []string{"bob@shop.example"}, Emoji: "eyes", ListArgs: bridge.ListArgs{List: "mine", Page: 2},
	}
	for _, args := range []bridge.Args{{}, {Conversation: 12}, full} {
		verb, got, err := Pressed("snooze", Value(args))
		if err != nil || verb != bridge.VerbSnooze || !reflect.DeepEqual(got, args) {
			t.Errorf("%+v came back as %s %+v, %v", args, verb, got, err)
		}
	}
	if verb, args, err := Pressed("take", ""); verb != bridge.VerbTake || err != nil || !reflect.DeepEqual(args, bridge.Args{}) {
		t.Errorf("an empty value: %s %+v %v", verb, args, err)
	}
	long := Value(bridge.Args{Conversation: 12, Note: strings.Repeat("x", MaxValueBytes)})
	if len(long) > MaxValueBytes {
		t.Errorf("a value of %d bytes", len(long))
	}
	for verb, value := range map[string]string{
		"take": long, "snooze": `{"v":2,"a":{}}`, "resolve": `{"v":1,"a":{"conversation":1,"later":2}}`, "tag": `{"v":1}`, "cc": `{"v":1,"a":{}}{}`, "to": "12", "note": "{",
		"say": `{"v":1,"a":{}}`, "edit": `{"v":1,"a":{}}`, "": `{"v":1,"a":{}}`, "nonsense": "", "unknown": "", "reply": `{"v":1,"a":{}}` + strings.Repeat(" ", MaxValueBytes), "wake": `{"v":1,"a":{"conversation":"1"}}`,
	} {
		if got, args, err := Pressed(verb, value); !errors.Is(err, ErrValue) || got != "" || !reflect.DeepEqual(args, bridge.Args{}) {
			t.Errorf("%s %.60q = %s %+v, %v", verb, value, got, args, err)
		}
	}
}

func FuzzPressed(f *testing.F) {
	f.Add("take", Value(bridge.Args{Conversation: 12}))
	f.Add("snooze", Value(bridge.Args{Until: "2h", Agents: []string{"x"}}))
	f.Add("take", `{"v":1,"a":{"conversation":1}}x`)
	f.Add("say", "")
	f.Fuzz(func(t *testing.T, verb, val string) {
		v, args, err := Pressed(verb, val)
		if err != nil {
			if !errors.Is(err, ErrValue) || v != "" {
				t.Fatalf("%q %q: %q %v", verb, val, v, err)
			}
			return
		}
		if v == bridge.VerbSay || v == bridge.VerbEdit || v == bridge.VerbDelete {
			t.Fatalf("a button says %q", v)
		}
		again := Value(args)
		if len(again) > MaxValueBytes {
			t.Fatalf("%d bytes", len(again))
		}
		if _, back, err := Pressed(verb, again); err == nil && !reflect.DeepEqual(back, args) {
			t.Fatalf("%+v came back as %+v", args, back)
		}
	})
}
