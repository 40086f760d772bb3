package verb

import (
	"reflect"
	"strings"
	"testing"

	"parley/bridge"
)

// A command without its arguments is still that command, so that a form can ask for them.
func TestParseMissing(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		typed    string
		wantVerb bridge.Verb
	}{
		{typed: "!assign", wantVerb: bridge.VerbAssign},
		{typed: "!tag", wantVerb: bridge.VerbTag},
		{typed: "!tag , ,", wantVerb: bridge.VerbTag},
		{typed: "!untag", wantVerb: bridge.VerbUntag},
		{typed: "!topic", wantVerb: bridge.VerbTopic},
		{typed: "!snooze", wantVerb: bridge.VerbSnooze},
		{typed: "!cc", wantVerb: bridge.VerbCC},
		{typed: "!to", wantVerb: bridge.VerbTo},
		{typed: "!allow", wantVerb: bridge.VerbAllow},
		{typed: "!reply", wantVerb: bridge.VerbReply},
		{typed: "!note ", wantVerb: bridge.VerbNote},
	} {
		got := Parse(tt.typed, team)
		if got.Err == "" {
			t.Errorf("%q: it isn't said what is missing", tt.typed)
		}
		wantParsed(t, tt.typed, got, Parsed{Verb: tt.wantVerb, Marker: bridge.MarkBang, Err: got.Err})
	}
}

// If the arguments of a command can't be used, its author is asked, and nothing is done or sent.
func TestParseWrong(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ typed, wantWhy string }{
		{typed: "!take it easy", wantWhy: "Nothing may follow"},
		{typed: "!unassign <@UANN>", wantWhy: "Nothing may follow"},
		{typed: "!take\nHello customer", wantWhy: "Nothing may follow"},
		{typed: "!mine now", wantWhy: "“now” says nothing about a list"},
		{typed: "!list all colour:red", wantWhy: "“colour:red” says nothing about a list"},
		{typed: "!assign ann please", wantWhy: "who “ann please” is"},
		{typed: "!assign -<@UBOB>", wantWhy: "name all who keep it"},
		{typed: "!assign <@UANN> -@bob", wantWhy: "name all who keep it"},
		{typed: "!assign +", wantWhy: "comes a person"},
		{typed: "!assign +#billing", wantWhy: "comes a person"},
		{typed: "!assign #12", wantWhy: "who “#12” is"},

		{typed: "!cc bob", wantWhy: "“bob” isn't an address"},
		{typed: "!cc bob@", wantWhy: "an address"},
		{typed: "!cc -bob@x.test eve@x.test", wantWhy: "not both"},
		{typed: "!to -bob@x.test", wantWhy: "Only “cc”"},
		{typed: "!to Bob Miller <bob@x.test>", wantWhy: "“Bob” isn't an address"},
		{typed: "!to bob@x.test(Bob)", wantWhy: "isn't an address"},
		{typed: "!to bob@[10.0.0.1]", wantWhy: "isn't an address"},
		{typed: "!to " + strings.Repeat("b", 248) + "@x.test", wantWhy: "isn't an address"}, // longer than an address may be

		{typed: "!list nothing", wantWhy: "There is no list"},
		{typed: "!history soon", wantWhy: "Say which page"},
		{typed: "!history 0", wantWhy: "Say which page"},

		{typed: "!reslove", wantWhy: "Did you mean !resolve"},
		{typed: "!asign <@UANN>", wantWhy: "Did you mean !assign"},
		{typed: "/snoze 2h", wantWhy: "Did you mean /snooze"},
		{typed: "! resolve", wantWhy: "follows “!” directly"},
		{typed: "!qqqqqqqq", wantWhy: "There is no command “!qqqqqqqq”."},
		{typed: "!" + strings.Repeat("q", 40), wantWhy: "“!" + strings.Repeat("q", 40) + "”."},
		{typed: "!" + strings.Repeat("q", 41), wantWhy: "“!" + strings.Repeat("q", 39) + "…”."},
	} {
		got := Parse(tt.typed, team)
		wantUnknown(t, tt.typed, got, tt.wantWhy)
		if want := (bridge.Args{Note: got.Err}); !reflect.DeepEqual(got.Args, want) {
			t.Errorf("%q: got the arguments %+v, want only the reason", tt.typed, got.Args)
		}
	}
}

// A note or a command behind "reply" is a slip, so nothing is sent.
func TestParseReplyThatIsNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"!reply note: not for her", "!reply // not for her", "!reply !resolve", "!reply /resolve", "!answer: NOTE: x",
	} {
		wantUnknown(t, text, Parse(text, team), "")
	}
	for line, what := range map[string]string{ // nobody is asked about a new conversation
		"note: she lies": "note", "// she lies": "note", "!resolve": "command",
	} {
		text := "!new ann@x.test Hello\n" + line
		wantUnknown(t, text, Parse(text, team), "One of its lines begins like a "+what)
	}
	wantUnknown(t, "@Parley reply: note: not for her", Mention("reply: note: not for her", team), "")
}

// A mistyped command is offered as the command that was probably meant, with its arguments. It isn't offered if that
// command would send something, or if it isn't clear which one was meant.
func TestMistypedVerbs(t *testing.T) {
	t.Parallel()
	type args = bridge.Args
	for _, tt := range []struct {
		typed string
		want  *bridge.Meant
	}{
		{typed: "!assing <@UBOB>", want: &bridge.Meant{Verb: bridge.VerbAssign, Args: args{Agents: []string{"UBOB"}}}},
		{typed: "!asign: @ben please", want: &bridge.Meant{Verb: bridge.VerbAssign, Args: args{Agents: []string{"@ben"}, Note: "please"}}},
		{typed: "!SNOZE tomorrow", want: &bridge.Meant{Verb: bridge.VerbSnooze, Args: args{Until: "tomorrow"}}},
		{typed: "/snoze 2h", want: &bridge.Meant{Verb: bridge.VerbSnooze, Args: args{Until: "2h"}}},
		{typed: "!snoze", want: &bridge.Meant{Verb: bridge.VerbSnooze}},
		{typed: `\delay`, want: &bridge.Meant{Verb: bridge.VerbCanned, Args: bridge.Args{Canned: &bridge.CannedArgs{Find: "delay"}}}},
		{typed: "!reslove", want: &bridge.Meant{Verb: bridge.VerbResolve}},
		{typed: "!lable vip, late", want: &bridge.Meant{Verb: bridge.VerbTag, Args: args{Tags: []string{"vip", "late"}}}},
		{typed: "!peding", want: &bridge.Meant{Verb: bridge.VerbPending}},
	} {
		got := Parse(tt.typed, team)
		wantUnknown(t, tt.typed, got, "")
		if !reflect.DeepEqual(got.Meant, tt.want) {
			t.Errorf("%q: meant is %+v, tt.want %+v", tt.typed, got.Meant, tt.want)
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

// A mention of Parley that was typed or pasted, and not picked from the list, isn't a mention to the chat. The
// command behind it is offered, and nothing is sent.
// Requirement R-246: What is asked before it is sent.
func TestParseTypedMention(t *testing.T) {
	t.Parallel()
	toBen := bridge.Meant{Verb: bridge.VerbAssign, Args: bridge.Args{Agents: []string{"@ben"}, Note: "she is a pain"}}
	resolve := bridge.Meant{Verb: bridge.VerbResolve, Args: bridge.Args{Note: "she made it up"}}

	for _, tt := range []struct {
		typed string
		why   string
		want  *bridge.Meant // nil if no button may do it
	}{
		{typed: "@Parley assign @ben she is a pain", why: "!assign", want: &toBen},
		{typed: "@Parley assign ben, she is a pain", why: "ben"},
		{typed: "@Parley take care of her", why: "Nothing may follow"},
		{typed: "@parley, resolve she made it up", why: "!resolve", want: &resolve},
		{typed: "**＠ＰＡＲＬＥＹ** ｒｅｓｏｌｖｅ she made it up", why: "!resolve", want: &resolve},
		{typed: "@ann @Parley: resolve", why: "!resolve", want: &bridge.Meant{Verb: bridge.VerbResolve}},
		{typed: "@Parley #12 resolve", why: "!resolve"},
		{typed: "@Parley reply: We ship today", why: "!reply"},
		{typed: "@Parley", why: "!help"},
		{typed: "Parley resolve she made it up", why: "!resolve", want: &resolve},
		{typed: "parley, note: she made it up", why: "!note"},
		{typed: "**Parley:** take", why: "!take", want: &bridge.Meant{Verb: bridge.VerbTake}},
		{typed: "PARLEY #12 resolve", why: "!resolve"},
		{typed: "Parley take care of her", why: "Nothing may follow"},
	} {
		got := Parse(tt.typed, team)
		wantUnknown(t, tt.typed, got, tt.why)
		if got.Marker != bridge.MarkLone || !reflect.DeepEqual(got.Meant, tt.want) {
			t.Errorf("%q: got the marker %q and the offer %+v, want %q and %+v", tt.typed, got.Marker, got.Meant, bridge.MarkLone, tt.want)
		}
	}

	for _, text := range []string{"@parleyhq take a look", "@Parley she is a pain", "Hello @Parley resolve", "Parley", "Parley is new here",
		"Parleys resolve it", "Parley-take is a word", "ask@parley.test: take it"} {
		wantText(t, text, Parse(text, team), bridge.VerbSay, bridge.MarkNone, text)
	}

	reply := Parsed{Verb: bridge.VerbReply, Explicit: true, Text: "@Parley help"}
	wantParsed(t, "an explicit reply", Parse("!reply @Parley help", team), reply)
}
