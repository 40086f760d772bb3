package command

import (
	"reflect"
	"testing"

	"parley/bridge"
)

// A command without its arguments stays that command: a form may ask for them.
func TestParseMissing(t *testing.T) {
	t.Parallel()
	for text, verb := range map[string]bridge.Verb{
		"!assign":  bridge.VerbAssign,
		"!tag":     bridge.VerbTag,
		"!tag , ,": bridge.VerbTag,
		"!untag":   bridge.VerbUntag,
		"!topic":   bridge.VerbTopic,
		"!snooze":  bridge.VerbSnooze,
		"!cc":      bridge.VerbCC,
		"!to":      bridge.VerbTo,
		"!allow":   bridge.VerbAllow,
		"!reply":   bridge.VerbReply,
		"!note ":   bridge.VerbNote,
	} {
		got := Parse(text, team)
		if got.Err == "" {
			t.Errorf("%q: it isn't said what is missing", text)
		}
		wantParsed(t, text, got, Parsed{Verb: verb, Marker: bridge.MarkBang, Err: got.Err})
	}
}

// Arguments that can't be used turn a command into a question: nothing is done or sent.
func TestParseWrong(t *testing.T) {
	t.Parallel()
	for text, why := range map[string]string{
		"!take it easy":               "Nothing may follow",
		"!unassign <@UANN>":           "Nothing may follow",
		"!take\nHello customer":       "Nothing may follow",
		"!mine now":                   "Nothing may follow",
		"!assign ann please":          "who “ann please” is",
		"!assign -<@UBOB>":            "name all who keep it",
		"!assign <@UANN> -@bob":       "name all who keep it",
		"!assign +":                   "comes a person",
		"!assign +#billing":           "comes a person",
		"!assign #12":                 "who “#12” is",
		"!cc bob":                     "“bob” is no address",
		"!cc bob@":                    "no address",
		"!cc -bob@x.test eve@x.test":  "not both",
		"!to -bob@x.test":             "Only “cc”",
		"!to Bob Miller <bob@x.test>": "“Bob” is no address",
		"!list nothing":               "There is no list",
		"!c":                          "there are none yet",
		"!history soon":               "Say which page",
		"!history 0":                  "Say which page",
		"/canned hello":               "/template",
		"!reslove":                    "Did you mean !resolve",
		"!asign <@UANN>":              "Did you mean !assign",
		"/snoze 2h":                   "Did you mean /snooze",
		"!qqqqqqqq":                   "There is no command “!qqqqqqqq”.",
	} {
		got := Parse(text, team)
		wantUnknown(t, text, got, why)
		if want := (bridge.Args{Note: got.Err}); !reflect.DeepEqual(got.Args, want) {
			t.Errorf("%q: got the arguments %+v, want only the reason", text, got.Args)
		}
	}
}

// A note or a command behind "reply" is a slip: nothing is sent.
func TestParseReplyThatIsNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"!reply note: not for her", "!reply // not for her", "!reply !resolve", "!reply /resolve", "!answer: NOTE: x"} {
		wantUnknown(t, text, Parse(text, team), "")
	}
	wantUnknown(t, "@Parley reply: note: not for her", Mention("reply: note: not for her", team), "")
}

// A mistyped command is offered as the one that was meant, with its arguments, unless that one would send something, or can't be told.
func TestMistypedVerbs(t *testing.T) {
	t.Parallel()
	type args = bridge.Args
	for text, want := range map[string]*bridge.Meant{
		"!assing <@UBOB>":     {Verb: bridge.VerbAssign, Args: args{Agents: []string{"UBOB"}}},
		"!asign: @ben please": {Verb: bridge.VerbAssign, Args: args{Agents: []string{"@ben"}, Note: "please"}},
		"!snoze tomorrow":     {Verb: bridge.VerbSnooze, Args: args{Until: "tomorrow"}},
		"/snoze 2h":           {Verb: bridge.VerbSnooze, Args: args{Until: "2h"}},
		"!snoze":              {Verb: bridge.VerbSnooze},
		"!c hello":            {Verb: bridge.VerbTemplate},
		"!reslove":            {Verb: bridge.VerbResolve},
		"!lable vip, late":    {Verb: bridge.VerbTag, Args: args{Tags: []string{"vip", "late"}}},
		"!peding":             {Verb: bridge.VerbPending},
	} {
		got := Parse(text, team)
		wantUnknown(t, text, got, "")
		if !reflect.DeepEqual(got.Meant, want) {
			t.Errorf("%q: meant is %+v, want %+v", text, got.Meant, want)
		}
	}
	for _, text := range []string{"!repyl Hello", "!sned", "!templat x", "!qqqqqqqq", "!assing qqq www", "!taek now", "!"} {
		got := Parse(text, team)
		wantUnknown(t, text, got, "")
		if got.Meant != nil {
			t.Errorf("%q: %+v is offered, want nothing", text, got.Meant)
		}
	}
}

// A mistyped command keeps the number before it, so that it is not taken for one about the thread in which it was typed.
func TestMistypedVerbOfAnotherConversation(t *testing.T) {
	t.Parallel()
	for name, got := range map[string]Parsed{
		"mentioned":       Mention("#12 snoze 2h", team),
		"a slash command": Slash("parley", "#12 snoze 2h", team),
	} {
		wantUnknown(t, name, got, "")
		if got.Args.Conversation != 12 {
			t.Errorf("%s: got conversation %d, want 12", name, got.Args.Conversation)
		}
	}
}
