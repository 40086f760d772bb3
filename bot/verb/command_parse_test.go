package verb

import (
	"reflect"
	"strings"
	"testing"

	"parley/bridge"
)

// team has the people who are mentioned in these tests, and the bot, in the form in which texts of Slack and Teams
// mention them.
var team = Options{Mentions: map[string]string{
	"<@UANN>":                 "UANN",
	"<@UBOB>":                 "UBOB",
	"<@UBOT>":                 "UBOT",
	`<at id="0">Ann Lee</at>`: "19:ann",
}}

// wantText checks the verb, the marker and the text of what was parsed.
func wantText(t *testing.T, typed string, got Parsed, verb bridge.Verb, marker bridge.Marker, text string) {
	t.Helper()
	if got.Verb != verb || got.Marker != marker {
		t.Errorf("%q: got %s with marker %q, want %s with marker %q", typed, got.Verb, got.Marker, verb, marker)
	}
	if got.Text != text {
		t.Errorf("%q: got the text %q, want %q", typed, got.Text, text)
	}
}

// wantUnknown checks that a typed text is no known command, isn't sent, and that its author is told why.
func wantUnknown(t *testing.T, typed string, got Parsed, why string) {
	t.Helper()
	if got.Verb != bridge.VerbUnknown {
		t.Errorf("%q: got %s, want it to be unknown", typed, got.Verb)
	}
	if got.Text != "" || got.Explicit {
		t.Errorf("%q: got the text %q to send (explicit: %v), want none", typed, got.Text, got.Explicit)
	}
	if got.Err == "" || !strings.Contains(got.Err, why) {
		t.Errorf("%q: got the reason %q, want one with %q", typed, got.Err, why)
	}
}

// wantParsed compares all that was parsed.
func wantParsed(t *testing.T, typed string, got, want Parsed) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q\n got %+v\nwant %+v", typed, got, want)
	}
}

// A text that doesn't begin with a marker such as "note:" or "!" is for the customer. It stays as it was typed,
// without the blanks around it. A marker later in a line means nothing.
// Requirement R-246: What is asked before it is sent.
func TestParsePlainText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "Hello!", "Hello\n!wow", "Hello !resolve", "Hello // there", "Please note: closed on Monday", "Noted: thanks", "1/2 of it",
		"**Important**: read this", "> quoted\n\nanswer", "https://shop.example/x", "<@UANN> look", "@ann look", "…", "?", "👍",
		"- one\n- two", "🎉!", "🎉!! Wow", "🎉 ! Wow", "👍/👎", "🙂 Hello", `¯\_(ツ)_/¯`, "→ Hello", "👍 ok // hm", `\server\share`, `\\server\share`,
		"snooze it later", "Why?", "Done", "resolve this please", "close tomorrow", "r", "mine", "again", "🎉!Wow",
	} {
		wantText(t, text, Parse(text, team), bridge.VerbSay, bridge.MarkNone, text)
	}
}

// A doubled sign such as "!!Wow", or a backslash before a sign, makes the sign part of the text.
func TestParseEscapes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ typed, want string }{
		{typed: `📝 \note: x`, want: "📝 note: x"},
		{typed: "!!Wow, resolved", want: "!Wow, resolved"},
		{typed: "！！Wow", want: "！Wow"},
		{typed: "!! wow", want: "! wow"},
		{typed: "!!! wow", want: "!! wow"},
		{typed: `\!`, want: "!"},
		{typed: "  !!wow", want: "!wow"},
		{typed: "<@UANN> !!wow", want: "<@UANN> !wow"},
		{typed: `\!resolve`, want: "!resolve"},
		{typed: `\\!resolve`, want: "!resolve"},
		{typed: `\/etc`, want: "/etc"},
		{typed: `\//x`, want: "//x"},
		{typed: `\note: x`, want: "note: x"},
		{typed: `\resolve`, want: "resolve"},
	} {
		wantText(t, tt.typed, Parse(tt.typed, team), bridge.VerbSay, bridge.MarkNone, tt.want)
	}
}

// A text is a note if it begins with "note:" or "//", whatever blanks, formatting and symbols are around this marker.
// Requirement R-246: What is asked before it is sent.
func TestParseNotes(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"note: x", "Note: x", "NOTE:x", "note : x", "note\u00a0: x", "note：x", "  note: x", "\u00a0note: x", "\u200bnote: x",
		"\ufeffnote: x", "\u2060\u00adnote: x", "\u202enote: x", "no\u200bte: x", "\tnote: x", "\n\nnote: x", "**note:** x", "*note*: x",
		"_note: x_", "**note: x**", "> note: x", "`note:` x", "- note: x", "• **note:** x", "1. note: x", "# Note: x", "//x", "// x",
		"\u00a0// x", "/\u200b/ x", "／／ x", "📝 note: x", "⚠️ // x", "👩🏽‍💻note: x", "🔒 🔒\n> note: x", "▪ note: x", "→ **note:** x",
		":lock2: note: x", "1️⃣ note: x", "ℹ️ note: x", "‼️ note: x", "⁉ note: x", "〰️ note: x", "〽️ note: x", "*️⃣ note: x",
		"ＮＯＴＥ: x", "ｎｏｔｅ： x", "Ｎｏｔｅ　：　x", "＞ｎｏｔｅ：x", "＊ｎｏｔｅ：＊x", "－　ｎｏｔｅ：x", "１．　ｎｏｔｅ：x", "ｎｏ\u200bｔｅ：x", "\uffa0note: x",
	} {
		wantText(t, text, Parse(text, team), bridge.VerbNote, bridge.MarkNote, "x")
	}
}

// A mention before the marker stays in the note: "<@UANN> note: x" is the note "<@UANN> x". The words after the
// marker stay as they were typed.
// Requirement R-246: What is asked before it is sent.
func TestParseNotesWithOtherWords(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ typed, want string }{
		{typed: "note:\nline one\nline two", want: "line one\nline two"},
		{typed: "note:", want: ""},
		{typed: "<@UANN> note: x", want: "<@UANN> x"},
		{typed: "<@UANN>, note: x", want: "<@UANN> x"},
		{typed: "<@UANN><@UBOB> note: x", want: "<@UANN> <@UBOB> x"},
		{typed: "<@UANN>: note: x", want: "<@UANN> x"},
		{typed: "@ann note: x", want: "@ann x"},
		{typed: `<at id="0">Ann Lee</at> note: x`, want: `<at id="0">Ann Lee</at> x`},
		{typed: "///x", want: "/x"},
		{typed: "<@UANN> // x", want: "<@UANN> x"},
		{typed: "//", want: ""},
		{typed: "📝 <@UANN>, note: x", want: "<@UANN> x"},
		{typed: "<@UANN> 📝 note: x", want: "<@UANN> x"},
		{typed: "@ann:note: x", want: "@ann x"},
		{typed: "＠ann、ｎｏｔｅ：x", want: "＠ann x"},
		{typed: "ｎｏｔｅ：ＡＢＣ１２、ﾒﾓ", want: "ＡＢＣ１２、ﾒﾓ"},
	} {
		wantText(t, tt.typed, Parse(tt.typed, team), bridge.VerbNote, bridge.MarkNote, tt.want)
	}
}

// A text that is almost a note, such as ":note: x", is marked so that its author is asked.
func TestParseAlmostNotes(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"-note: x", ":note: x"} {
		wantText(t, text, Parse(text, team), bridge.VerbSay, bridge.MarkColleagues, text)
	}
}

// A text that begins with "!" but is no command is never sent. Its author is told that there is no such command.
// Requirement R-246: What is asked before it is sent.
func TestParseUnknownCommands(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ typed, wantWord string }{
		{typed: "🔒 !xyz", wantWord: "xyz"},
		{typed: "!", wantWord: ""},
		{typed: "!!", wantWord: ""},
		{typed: "!!note he lies", wantWord: ""},
		{typed: "!! note he lies", wantWord: ""},
		{typed: "!!!note he lies", wantWord: ""},
		{typed: "！！resolve", wantWord: ""},
		{typed: "！！！", wantWord: ""},
		{typed: "**!!?**", wantWord: ""},
		{typed: "<@UANN> !!", wantWord: ""},
		{typed: "`!!`", wantWord: ""},
		{typed: "!! ~", wantWord: ""},
		{typed: "! resolve", wantWord: ""},
		{typed: "!xyz", wantWord: "xyz"},
		{typed: "!Xyz now", wantWord: "Xyz"},
		{typed: "!1", wantWord: "1"},
		{typed: "![alt](u)", wantWord: ""},
		{typed: "！xyz", wantWord: "xyz"},
		{typed: "\u00a0!xyz", wantWord: "xyz"},
		{typed: "<@UANN> !xyz", wantWord: "xyz"},
		{typed: "@parley !xyz", wantWord: "xyz"},
		{typed: "!ärger", wantWord: "ärger"},
		{typed: "!resovle", wantWord: "resovle"},
		{typed: `\delay please`, wantWord: "delay"},
		{typed: "`!xyz`", wantWord: "xyz"},
		{typed: "> !xyz", wantWord: "xyz"},
		{typed: "\ufe0f!xyz", wantWord: "xyz"},
		{typed: "\u3164!xyz", wantWord: "xyz"},
	} {
		wantUnknownCommand(t, tt.typed, bridge.MarkBang, tt.wantWord)
	}
}

// A text that begins with "/" but is no command is never sent, either. Chats pass such a text on if they don't know
// the command themselves.
// Requirement R-246: What is asked before it is sent.
func TestParseUnknownSlashCommands(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ typed, wantWord string }{
		{typed: "/", wantWord: ""},
		{typed: "/ hello", wantWord: ""},
		{typed: "/etc/hosts is it", wantWord: "etc"},
		{typed: "/shrug", wantWord: "shrug"},
		{typed: "／shrug", wantWord: "shrug"},
		{typed: "/parley xyz", wantWord: "xyz"},
	} {
		wantUnknownCommand(t, tt.typed, bridge.MarkSlash, tt.wantWord)
	}
}

func wantUnknownCommand(t *testing.T, text string, marker bridge.Marker, word string) {
	t.Helper()
	got := Parse(text, team)
	wantUnknown(t, text, got, "")
	if got.Marker != marker {
		t.Errorf("%q: got the marker %q, want %q", text, got.Marker, marker)
	}
	if got.Unknown != word {
		t.Errorf("%q: got the unknown word %q, want %q", text, got.Unknown, word)
	}
	if got.Args.Note != got.Err {
		t.Errorf("%q: got the note %q, want the reason %q", text, got.Args.Note, got.Err)
	}
}

// A command's word without its sign, such as "resolve", may be a slip. It is marked so that its author is asked.
// Requirement R-246: What is asked before it is sent.
func TestParseLoneWords(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"✔ resolve", "resolve", "RESOLVE.", "take!", "take !", "**resolve**", "help", "snooze", "snooze 2h",
		"Snooze tomorrow 14:30", "why", "note", "@ann resolve", "ｒｅｓｏｌｖｅ", "ｔａｋｅ。",
	} {
		wantText(t, text, Parse(text, team), bridge.VerbSay, bridge.MarkLone, text)
	}
	for text, want := range map[string]string{" Resolve ": "Resolve", "\u200bundo\u200b": "undo"} {
		wantText(t, text, Parse(text, team), bridge.VerbSay, bridge.MarkLone, want)
	}
}

// Commands without arguments can be written in several ways, such as "!take", "!TAKE" and "**!take**".
// Requirement R-085: Short words for what one does often.
func TestParseCommands(t *testing.T) {
	t.Parallel()
	for verb, texts := range map[bridge.Verb][]string{
		bridge.VerbTake:      {"!take", "!TAKE", "!accept", "!take.", "<@UBOT> !take", "\u00a0!take\u200b", "**!take**", "！take", "！ｔａｋｅ"},
		bridge.VerbUnassign:  {"!unassign"},
		bridge.VerbPending:   {"!pending"},
		bridge.VerbWake:      {"!wake"},
		bridge.VerbReopen:    {"!reopen"},
		bridge.VerbClose:     {"!close"},
		bridge.VerbUndo:      {"!undo"},
		bridge.VerbWhy:       {"!why"},
		bridge.VerbHistory:   {"!history", "!log"},
		bridge.VerbSend:      {"!send"},
		bridge.VerbKeep:      {"!keep"},
		bridge.VerbDrop:      {"!drop"},
		bridge.VerbSendAgain: {"!again"},
		bridge.VerbMarkSent:  {"!marksent"},
		bridge.VerbPromote:   {"!promote"},
		bridge.VerbSilence:   {"!silence"},
	} {
		for _, text := range texts {
			wantParsed(t, text, Parse(text, team), Parsed{Verb: verb, Marker: bridge.MarkBang})
		}
	}
}

// The text after "!reply" is sent. The sign belongs to the command and not to the text, so there is no marker.
func TestParseReply(t *testing.T) {
	t.Parallel()
	promotional := bridge.Args{ReplyArgs: bridge.ReplyArgs{Promotional: true}}
	for _, tt := range []struct {
		typed string
		want  Parsed
	}{
		{typed: "!promo 10 % off", want: Parsed{Text: "10 % off", Args: promotional}},
		{typed: "!reply Hello there", want: Parsed{Text: "Hello there"}},
		{typed: "！ｒｅｐｌｙ：こんにちは", want: Parsed{Text: "こんにちは"}},
		{typed: "!reply: Hello\n\nBye", want: Parsed{Text: "Hello\n\nBye"}},
		{typed: `!reply \note: this`, want: Parsed{Text: "note: this"}},
		{typed: "!reply take", want: Parsed{Text: "take"}},
	} {
		tt.want.Verb, tt.want.Explicit = bridge.VerbReply, true
		wantParsed(t, tt.typed, Parse(tt.typed, team), tt.want)
	}
}

// Commands may have arguments: tags, a time, addresses, the number of a conversation, a list or words.
func TestParseArguments(t *testing.T) {
	t.Parallel()
	type args = bridge.Args
	for _, tt := range []struct {
		typed string
		verb  bridge.Verb
		args  args
	}{
		{typed: "!tag billing", verb: bridge.VerbTag, args: args{Tags: []string{"billing"}}},
		{
			typed: "!tag late delivery, Billing ,billing,, #vip",
			verb:  bridge.VerbTag,
			args:  args{Tags: []string{"late delivery", "Billing", "vip"}},
		},
		{typed: "!tag 1️⃣ VIP, می\u200cخواهم, \u200d, #\ufe0f", verb: bridge.VerbTag, args: args{Tags: []string{"1️⃣ VIP", "می\u200cخواهم"}}},
		{typed: "!untag billing", verb: bridge.VerbUntag, args: args{Tags: []string{"billing"}}},
		{typed: "!topic Lamp, #1042", verb: bridge.VerbTopic, args: args{Note: "Lamp, #1042"}},

		{typed: "!snooze 2h", verb: bridge.VerbSnooze, args: args{Until: "2h"}},
		{typed: "!s friday 14:00", verb: bridge.VerbSnooze, args: args{Until: "friday 14:00"}},
		{typed: "!snooze  morgen\u00a0früh ", verb: bridge.VerbSnooze, args: args{Until: "morgen\u00a0früh"}},
		{typed: "!away until monday cover <@UBOB>", verb: bridge.VerbAway, args: args{Until: "monday", Agents: []string{"UBOB"}}},
		{typed: "!away cover ben", verb: bridge.VerbAway, args: args{Agents: []string{"ben"}}},
		{typed: "!break 30m", verb: bridge.VerbBreak, args: args{Until: "30m"}},
		{typed: "!back", verb: bridge.VerbAvailable},
		{typed: "!snooze tomorrow", verb: bridge.VerbSnooze, args: args{Until: "tomorrow"}},

		{typed: "!resolve", verb: bridge.VerbResolve},
		{typed: "!r", verb: bridge.VerbResolve},
		{typed: "!resolve #12 is the same", verb: bridge.VerbResolve, args: args{Note: "#12 is the same"}},

		{typed: "!cc bob@shop.example", verb: bridge.VerbCC, args: args{Addresses: []string{"bob@shop.example"}}},
		{typed: "!cc +bob@shop.example, eve@x.test", verb: bridge.VerbCC, args: args{Addresses: []string{"bob@shop.example", "eve@x.test"}}},
		{typed: "!cc bob@shop.example, BOB@shop.example", verb: bridge.VerbCC, args: args{Addresses: []string{"bob@shop.example"}}},
		{typed: "!cc -bob@shop.example", verb: bridge.VerbCC, args: args{Addresses: []string{"bob@shop.example"}, Remove: true}},
		{typed: "!cc <mailto:bob@shop.example|bob@shop.example>", verb: bridge.VerbCC, args: args{Addresses: []string{"bob@shop.example"}}},
		{typed: "!to [bob@shop.example](mailto:bob@shop.example)", verb: bridge.VerbTo, args: args{Addresses: []string{"bob@shop.example"}}},
		{typed: "!to +491511234567", verb: bridge.VerbTo, args: args{Addresses: []string{"+491511234567"}}},
		{typed: "!allow bob@shop.example", verb: bridge.VerbAllow, args: args{Addresses: []string{"bob@shop.example"}}},

		{typed: "!list", verb: bridge.VerbList, args: args{ListArgs: bridge.ListArgs{List: "mine"}}},
		{typed: "!list unassigned channel:whatsapp sort:newest", verb: bridge.VerbList, args: args{ListArgs: bridge.ListArgs{
			List: "unassigned", View: bridge.ListView{Account: "whatsapp", Sort: "newest"},
		}}},
		{typed: "!all agent:<@UANN>", verb: bridge.VerbList, args: args{ListArgs: bridge.ListArgs{
			List: "all", View: bridge.ListView{Agent: "UANN"},
		}}},
		{typed: "!list unassigned", verb: bridge.VerbList, args: args{ListArgs: bridge.ListArgs{List: "unassigned"}}},
		{typed: "!mine", verb: bridge.VerbList, args: args{ListArgs: bridge.ListArgs{List: "mine"}}},
		{typed: "!history 1", verb: bridge.VerbHistory},
		{typed: "!history 2", verb: bridge.VerbHistory, args: args{ListArgs: bridge.ListArgs{Page: 1}}},
		{typed: "！ｈｉｓｔｏｒｙ　２", verb: bridge.VerbHistory, args: args{ListArgs: bridge.ListArgs{Page: 1}}},
		{typed: "!resolved", verb: bridge.VerbList, args: args{ListArgs: bridge.ListArgs{List: "resolved"}}},

		{typed: "!show", verb: bridge.VerbFind},
		{typed: "!show #12", verb: bridge.VerbFind, args: args{Conversation: 12}},
		{typed: "!show 12", verb: bridge.VerbFind, args: args{Conversation: 12}},
		{typed: "!find #4711", verb: bridge.VerbFind, args: args{Conversation: 4711}},
		{typed: "!Find 4711", verb: bridge.VerbFind, args: args{Conversation: 4711, Note: "4711"}},
		{typed: "!find broken lamp", verb: bridge.VerbFind, args: args{Note: "broken lamp"}},
		{typed: "!show broken lamp", verb: bridge.VerbFind, args: args{Note: "broken lamp"}},
		{typed: "!find 12 kg", verb: bridge.VerbFind, args: args{Note: "12 kg"}},

		{typed: "!help", verb: bridge.VerbHelp},
		{typed: "!?", verb: bridge.VerbHelp},
		{typed: "!help snooze", verb: bridge.VerbHelp, args: args{Note: "snooze"}},
	} {
		wantParsed(t, tt.typed, Parse(tt.typed, team), Parsed{Verb: tt.verb, Marker: bridge.MarkBang, Args: tt.args})
	}
}
