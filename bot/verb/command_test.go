package verb

import (
	"slices"
	"strings"
	"testing"

	"parley/bridge"
)

func TestSlash(t *testing.T) {
	t.Parallel()
	type args = bridge.Args
	for _, tt := range []struct {
		typed string
		verb  bridge.Verb
		args  args
		text  string
	}{
		{typed: "/parley", verb: bridge.VerbHelp},
		{typed: "/parley help", verb: bridge.VerbHelp},
		{typed: "/parley Hello!", verb: bridge.VerbHelp},
		{typed: "/parley hi Parley", verb: bridge.VerbHelp},
		{typed: "/parley help snooze", verb: bridge.VerbHelp, args: args{Note: "snooze"}},

		{typed: "/parley mine", verb: bridge.VerbList, args: args{ListArgs: bridge.ListArgs{List: "mine"}}},
		{typed: "/parley list team", verb: bridge.VerbList, args: args{ListArgs: bridge.ListArgs{List: "team"}}},
		{typed: "/parley Resolved", verb: bridge.VerbList, args: args{ListArgs: bridge.ListArgs{List: "resolved"}}},
		{typed: "/parley stats", verb: bridge.VerbStats},

		{typed: "/parley #12", verb: bridge.VerbFind, args: args{Conversation: 12}},
		{typed: "/parley 12", verb: bridge.VerbFind, args: args{Conversation: 12}},
		{typed: "/parley show #12", verb: bridge.VerbFind, args: args{Conversation: 12}},
		{typed: "/parley find broken lamp", verb: bridge.VerbFind, args: args{Note: "broken lamp"}},
		{typed: "/parley find order #1042", verb: bridge.VerbFind, args: args{Note: "order #1042"}},

		{typed: "/parley #12 assign <@UANN>", verb: bridge.VerbAssign, args: args{Conversation: 12, Agents: []string{"UANN"}}},
		{typed: "/parley assign #12 <@UANN>", verb: bridge.VerbAssign, args: args{Conversation: 12, Agents: []string{"UANN"}}},
		{typed: "/parley assign <@UANN> #12", verb: bridge.VerbAssign, args: args{Conversation: 12, Agents: []string{"UANN"}}},
		{
			typed: "/parley assign <@UANN> as #9 in #12",
			verb:  bridge.VerbAssign,
			args:  args{Conversation: 12, Agents: []string{"UANN"}, Note: "as #9 in"},
		},
		{typed: "/parley assign <@UANN> as #9 is", verb: bridge.VerbAssign, args: args{Agents: []string{"UANN"}, Note: "as #9 is"}},
		{typed: "/parley tag vip, late #12", verb: bridge.VerbTag, args: args{Conversation: 12, Tags: []string{"vip", "late"}}},
		{typed: "/parley tag #1042, vip", verb: bridge.VerbTag, args: args{Tags: []string{"1042", "vip"}}},
		{typed: "/parley tag vip, #1042, late", verb: bridge.VerbTag, args: args{Tags: []string{"vip", "1042", "late"}}},
		{typed: "/parley assign <@UANN>", verb: bridge.VerbAssign, args: args{Agents: []string{"UANN"}}},
		{typed: "/parley assign #billing #12", verb: bridge.VerbAssign, args: args{Conversation: 12, Team: "billing"}},
		{typed: "/parley #12 note asked #13 as well", verb: bridge.VerbNote, args: args{Conversation: 12}, text: "asked #13 as well"},
		{typed: "/parley note #12 asked", verb: bridge.VerbNote, args: args{Conversation: 12}, text: "asked"},
		{typed: "/parley #12 topic Order #13", verb: bridge.VerbTopic, args: args{Conversation: 12, Note: "Order #13"}},

		{typed: "/parley !take #12", verb: bridge.VerbTake, args: args{Conversation: 12}},
		{typed: "/parley take", verb: bridge.VerbTake},

		{typed: "/assign #12 <@UANN>", verb: bridge.VerbAssign, args: args{Conversation: 12, Agents: []string{"UANN"}}},
		{typed: "/snooze #12 2h", verb: bridge.VerbSnooze, args: args{Conversation: 12, Until: "2h"}},
		{typed: "/snooze tomorrow 14:30 #12", verb: bridge.VerbSnooze, args: args{Conversation: 12, Until: "tomorrow 14:30"}},
		{typed: "/snooze tomorrow #12 14:30", verb: bridge.VerbSnooze, args: args{Conversation: 12, Until: "tomorrow 14:30"}},
		{typed: "/snooze 2h", verb: bridge.VerbSnooze, args: args{Until: "2h"}},
		{typed: "/snooze 2 days", verb: bridge.VerbSnooze, args: args{Until: "2 days"}},
		{typed: "/resolve #12 refunded", verb: bridge.VerbResolve, args: args{Conversation: 12, Note: "refunded"}},
		{typed: "/resolve #12", verb: bridge.VerbResolve, args: args{Conversation: 12}},
		{typed: "/resolve", verb: bridge.VerbResolve},
		{typed: "/parley @Parley take #12", verb: bridge.VerbTake, args: args{Conversation: 12}},
	} {
		name, rest, _ := strings.Cut(tt.typed, " ")
		want := Parsed{Verb: tt.verb, Marker: bridge.MarkSlash, Args: tt.args, Text: tt.text}
		wantParsed(t, tt.typed, Slash(name, rest, team), want)
	}
}

func TestSlashRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ typed, wantWhy string }{
		{typed: "xyz", wantWhy: "no command “/xyz”"},
		{typed: "#12 xyz", wantWhy: "no command “/xyz”"},
		{typed: "#12 hello", wantWhy: "no command “/hello”"},
		{typed: "hello, what is new", wantWhy: "no command “/hello”"},
		{typed: "take #12 now", wantWhy: "Nothing may follow"},
		{typed: "2 lamps are broken", wantWhy: "no command “/2”"},
		{typed: "#12 …", wantWhy: "no command “/…”"},
		{typed: "#12 cc bob", wantWhy: "an address"},
		{typed: "#12 take now", wantWhy: "follow “take”"},
	} {
		wantUnknown(t, tt.typed, Slash("parley", tt.typed, team), tt.wantWhy)
	}
	t.Run("without arguments the command stays, so that a form can ask", func(t *testing.T) {
		got := Slash("/snooze", "", team)
		if got.Verb != bridge.VerbSnooze || got.Err == "" {
			t.Errorf("got %+v, want %s with what is missing", got, bridge.VerbSnooze)
		}
	})
}

func TestMention(t *testing.T) {
	t.Parallel()
	type args = bridge.Args
	for _, tt := range []struct {
		typed string
		want  Parsed
	}{
		{typed: "", want: Parsed{Verb: bridge.VerbHelp}},
		{typed: " : ", want: Parsed{Verb: bridge.VerbHelp}},
		{typed: "help", want: Parsed{Verb: bridge.VerbHelp}},

		{typed: "snooze 2h", want: Parsed{Verb: bridge.VerbSnooze, Args: args{Until: "2h"}}},
		{typed: "\u00a0Snooze 2h", want: Parsed{Verb: bridge.VerbSnooze, Args: args{Until: "2h"}}},
		{typed: ", assign <@UANN>", want: Parsed{Verb: bridge.VerbAssign, Args: args{Agents: []string{"UANN"}}}},
		{typed: "!take", want: Parsed{Verb: bridge.VerbTake}},
		{typed: "/take", want: Parsed{Verb: bridge.VerbTake}},
		{typed: "snooze tomorrow 14:30 #12", want: Parsed{Verb: bridge.VerbSnooze, Args: args{Conversation: 12, Until: "tomorrow 14:30"}}},
		{typed: "assign <@UANN> #12", want: Parsed{Verb: bridge.VerbAssign, Args: args{Conversation: 12, Agents: []string{"UANN"}}}},
		{typed: "tag vip #1042", want: Parsed{Verb: bridge.VerbTag, Args: args{Tags: []string{"vip #1042"}}}},
		{typed: "tag #12 vip, #1042", want: Parsed{Verb: bridge.VerbTag, Args: args{Conversation: 12, Tags: []string{"vip", "1042"}}}},
		{
			typed: "assign <@UANN> same as #99 please",
			want:  Parsed{Verb: bridge.VerbAssign, Args: args{Agents: []string{"UANN"}, Note: "same as #99 please"}},
		},
		{typed: "assign <@UANN> same as #99", want: Parsed{Verb: bridge.VerbAssign, Args: args{Agents: []string{"UANN"}, Note: "same as #99"}}},
		{
			typed: "assign #12 <@UANN> same as #99",
			want:  Parsed{Verb: bridge.VerbAssign, Args: args{Conversation: 12, Agents: []string{"UANN"}, Note: "same as #99"}},
		},
		{typed: "#12 take", want: Parsed{Verb: bridge.VerbTake, Args: args{Conversation: 12}}},
		{typed: "take #12", want: Parsed{Verb: bridge.VerbTake, Args: args{Conversation: 12}}},

		{typed: "reply: Hello", want: Parsed{Verb: bridge.VerbReply, Text: "Hello", Explicit: true}},
		{typed: "Reply Hello", want: Parsed{Verb: bridge.VerbReply, Text: "Hello", Explicit: true}},
		{typed: "reply:\nHello\n\n- Bye", want: Parsed{Verb: bridge.VerbReply, Text: "Hello\n\n- Bye", Explicit: true}},
		{typed: "reply: #12 shipped", want: Parsed{Verb: bridge.VerbReply, Text: "#12 shipped", Explicit: true}},
		{typed: "reply #12", want: Parsed{Verb: bridge.VerbReply, Text: "#12", Explicit: true}},
		{typed: "#7 reply: #12 shipped", want: Parsed{Verb: bridge.VerbReply, Text: "#12 shipped", Explicit: true, Args: args{Conversation: 7}}},

		{typed: "note #12 is wrong", want: Parsed{Verb: bridge.VerbNote, Text: "#12 is wrong"}},
		{typed: "#7 note he called", want: Parsed{Verb: bridge.VerbNote, Text: "he called", Args: args{Conversation: 7}}},
		{typed: "note: asked", want: Parsed{Verb: bridge.VerbNote, Text: "asked", Marker: bridge.MarkNote}},
		{typed: "note asked", want: Parsed{Verb: bridge.VerbNote, Text: "asked"}},
		{typed: "// asked", want: Parsed{Verb: bridge.VerbNote, Text: "asked", Marker: bridge.MarkNote}},

		{typed: "why did this go out", want: Parsed{Verb: bridge.VerbWhy, Args: args{Note: "did this go out"}}},
		{typed: "**resolve**", want: Parsed{Verb: bridge.VerbResolve}},
		{typed: "mine", want: Parsed{Verb: bridge.VerbList, Args: args{ListArgs: bridge.ListArgs{List: "mine"}}}},
	} {
		wantParsed(t, tt.typed, Mention(tt.typed, team), tt.want)
	}
}

// Words after a mention of Parley are sent only if they are "reply" and a text.
func TestMentionRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"Hello", "please reply: Hello", "replying: Hello", "!xyz", "…", "thanks!"} {
		wantUnknown(t, text, Mention(text, team), "")
	}
	got := Mention("reply:", team)
	wantText(t, "reply:", got, bridge.VerbReply, bridge.MarkNone, "")
	if got.Explicit || got.Err == "" {
		t.Errorf("an empty reply: got %+v, want one that isn't sent, and what is missing", got)
	}
}

// Each command's first word is its name. Each has a syntax, a sentence that explains it, and examples.
func TestHelp(t *testing.T) {
	t.Parallel()
	for _, u := range All() {
		isNamed := u.Name == bridge.VerbDeleteAll || len(u.Typed.Words) > 0 && u.Typed.Words[0] == string(u.Name) // "delete" is a message's
		if !isNamed {
			t.Errorf("%s: its words are %q, want its name first", u.Name, u.Typed.Words)
		}
		if u.Typed.Syntax == "" {
			t.Errorf("%s has no syntax", u.Name)
		}
		if !strings.HasSuffix(u.Help.Sentence, ".") {
			t.Errorf("%s is explained by %q, want a sentence", u.Name, u.Help.Sentence)
		}
		if len(u.Help.Examples) == 0 {
			t.Errorf("%s has no examples", u.Name)
		}
	}
}

// Each example is read as the command that it explains. So are the examples in the texts that say what is missing.
func TestExamples(t *testing.T) {
	t.Parallel()
	opt := Options{Mentions: map[string]string{"@ann": "UANN", "@bob": "UBOB"}}
	for _, u := range All() {
		_, missing, _ := strings.Cut(u.Typed.Missing, ": ") // "Say to whom: !assign @ann, or !assign #billing"
		examples := strings.Split(strings.NewReplacer(", or !", "|!", ", !", "|!").Replace(missing), "|")
		for _, e := range slices.Concat(u.Help.Examples, examples) {
			if got, ok := readExample(e, opt); ok && (got.Verb != u.Name || got.Err != "") {
				t.Errorf("the example %q of %s is read as %+v", e, u.Name, got)
			}
		}
	}
}

// readExample reads an example as if somebody had typed it. ok is false if the example can't be typed.
func readExample(e string, opt Options) (got Parsed, ok bool) {
	if rest, ok := strings.CutPrefix(e, "@Parley "); ok {
		return Mention(rest, opt), true
	}
	if rest, ok := strings.CutPrefix(e, "/parley "); ok {
		return Slash("parley", rest, opt), true
	}
	return Parse(e, opt), strings.HasPrefix(e, "!") || strings.HasPrefix(e, "note:") || strings.HasPrefix(e, "//")
}
