package command

import (
	"reflect"
	"strings"
	"testing"

	"parley/bridge"
)

// team are the people who are mentioned in these tests.
var team = Options{Mentions: map[string]string{"<@UANN>": "UANN", "<@UBOB>": "UBOB", "<@UBOT>": "UBOT", `<at id="0">Ann Lee</at>`: "19:ann"}}

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

// wantUnknown checks that nothing can be done with what was typed, and that its author is told why.
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

// A text that begins with no marker is for the customer, as it was typed but for blanks around it. Elsewhere in a text a marker
// means nothing.
//
func TestParsePlainText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "Hello!", "Hello\n!resolve", "Hello // there", "Please note: closed on Monday", "Noted: thanks", "1/2 of it",
		"**Important**: read this", "> quoted\n\nanswer", "https://shop.example/x", "<@UANN> look", "@ann look", "…", "?", "👍",
		"- one\n- two", "🎉!", "🎉!! Wow", "🎉 ! Wow", "👍/👎", "🙂 Hello", `¯\_(ツ)_/¯`, "→ Hello", "👍 ok // hm", `\hello`, `\\server\share`,
		"snooze it later", "Why?", "Done", "resolve this please", "r", "mine",
	} {
		wantText(t, text, Parse(text, team), bridge.VerbSay, bridge.MarkNone, text)
	}
	for text, want := range map[string]string{
		"  \u200b ":             "",
		"  Hello\u00a0there \n": "Hello\u00a0there",
	} {
		wantText(t, text, Parse(text, team), bridge.VerbSay, bridge.MarkNone, want)
	}
}

// A doubled sign, or a backslash before it, makes a sign part of the text.
func TestParseEscapes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`📝 \note: x`:    "📝 note: x",
		"!!":            "!",
		"!!resolve":     "!resolve",
		"！！resolve":     "！resolve",
		"!! wow":        "! wow",
		"!!!":           "!!",
		"  !!wow":       "!wow",
		"<@UANN> !!wow": "<@UANN> !wow",
		`\!resolve`:     "!resolve",
		`\\!resolve`:    "!resolve",
		`\/etc`:         "/etc",
		`\//x`:          "//x",
		`\note: x`:      "note: x",
		`\resolve`:      "resolve",
	} {
		wantText(t, text, Parse(text, team), bridge.VerbSay, bridge.MarkNone, want)
	}
}

// A note is known by "note:" or "//", whatever blanks, formatting, symbols and mentions stand around the marker.
//
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
	for text, want := range map[string]string{ // what else stands there stays in the note
		"note:\nline one\nline two":       "line one\nline two",
		"note:":                           "",
		"<@UANN> note: x":                 "<@UANN> x",
		"<@UANN>, note: x":                "<@UANN> x",
		"<@UANN><@UBOB> note: x":          "<@UANN> <@UBOB> x",
		"<@UANN>: note: x":                "<@UANN> x",
		"@ann note: x":                    "@ann x",
		`<at id="0">Ann Lee</at> note: x`: `<at id="0">Ann Lee</at> x`,
		"///x":                            "/x",
		"<@UANN> // x":                    "<@UANN> x",
		"//":                              "",
		"📝 <@UANN>, note: x":              "<@UANN> x",
		"<@UANN> 📝 note: x":               "<@UANN> x",
		"@ann:note: x":                    "@ann x",
		"＠ann、ｎｏｔｅ：x":                     "＠ann x",
		"ｎｏｔｅ：ＡＢＣ１２、ﾒﾓ": "ＡＢＣ１２、ﾒﾓ",
	} {
		wantText(t, text, Parse(text, team), bridge.VerbNote, bridge.MarkNote, want)
	}
	for _, text := range []string{"🔒 !n x", "!n x", "!note x", "!note: x", "!N x", "！ｎｏｔｅ　x", "！note：x", "！ｎ x"} {
		wantText(t, text, Parse(text, team), bridge.VerbNote, bridge.MarkBang, "x")
	}
	for _, text := range []string{"🔒 /note x", "/note x", "/parley note x"} {
		wantText(t, text, Parse(text, team), bridge.VerbNote, bridge.MarkSlash, "x")
	}
	for _, text := range []string{"-note: x", ":note: x"} { // almost a note
		wantText(t, text, Parse(text, team), bridge.VerbSay, bridge.MarkColleagues, text)
	}
}

// A text that begins with a sign is never sent: its author is told that there is no such command.
//
func TestParseUnknownCommands(t *testing.T) {
	t.Parallel()
	for text, word := range map[string]string{
		"🔒 !xyz":       "xyz",
		"!":            "",
		"! resolve":    "",
		"!xyz":         "xyz",
		"!Xyz now":     "Xyz",
		"!1":           "1",
		"![alt](u)":    "",
		"！xyz":         "xyz",
		"\u00a0!xyz":   "xyz",
		"<@UANN> !xyz": "xyz",
		"@parley !xyz": "xyz",
		"!ärger":       "ärger",
		"!resovle":     "resovle",
		"!c":           "c",
		"`!xyz`":       "xyz",
		"> !xyz":       "xyz",
		"\ufe0f!xyz":   "xyz",
		"\u3164!xyz":   "xyz",
	} {
		wantUnknownCommand(t, text, bridge.MarkBang, word)
	}
	for text, word := range map[string]string{
		"/":                "",
		"/ hello":          "",
		"/etc/hosts is it": "etc",
		"/shrug":           "shrug",
		"／shrug":           "shrug",
		"/parley xyz":      "xyz",
	} {
		wantUnknownCommand(t, text, bridge.MarkSlash, word)
	}
	wantText(t, "/parley", Parse("/parley", team), bridge.VerbHelp, bridge.MarkSlash, "")
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

// A command's word alone, without its sign, may be a slip: it is marked so that its author is asked.
//
func TestParseLoneWords(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"✔ resolve", "resolve", "RESOLVE.", "take!", "**resolve**", "help", "snooze", "snooze 2h", "Snooze tomorrow 14:30", "why", "note",
		"@ann resolve", "ｒｅｓｏｌｖｅ", "ｔａｋｅ。",
	} {
		wantText(t, text, Parse(text, team), bridge.VerbSay, bridge.MarkLone, text)
	}
	for text, want := range map[string]string{" Resolve ": "Resolve", "\u200bundo\u200b": "undo"} {
		wantText(t, text, Parse(text, team), bridge.VerbSay, bridge.MarkLone, want)
	}
}

// Commands without arguments, however they are written.
//
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

// What follows "reply" is sent. The sign belongs to the command, and not to what is sent, so that there is no marker.
func TestParseReply(t *testing.T) {
	t.Parallel()
	promotional := bridge.Args{ReplyArgs: bridge.ReplyArgs{Promotional: true}}
	for text, want := range map[string]Parsed{
		"!promo 10 % off":      {Text: "10 % off", Args: promotional},
		"!reply Hello there":   {Text: "Hello there"},
		"！ｒｅｐｌｙ：こんにちは":         {Text: "こんにちは"},
		"!reply: Hello\n\nBye": {Text: "Hello\n\nBye"},
		`!reply \note: this`:   {Text: "note: this"},
		"!reply take":          {Text: "take"},
	} {
		want.Verb, want.Explicit = bridge.VerbReply, true
		wantParsed(t, text, Parse(text, team), want)
	}
}

// A conversation is assigned to people, who are mentioned, named or meant by "me", or to a team. What else is said is a note for them.
//
func TestParseAssign(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bridge.Args{
		"!assign <@UANN>":                                {Agents: []string{"UANN"}},
		"!a <@UANN>":                                     {Agents: []string{"UANN"}},
		"!assign to <@UANN>":                             {Agents: []string{"UANN"}},
		"!assign <@UANN> +<@UBOB>":                       {Agents: []string{"UANN", "UBOB"}},
		"!assign <@UANN>, <@UBOB>":                       {Agents: []string{"UANN", "UBOB"}},
		"!assign <@UANN> and <@UBOB>":                    {Agents: []string{"UANN", "UBOB"}},
		"!assign +<@UBOB>":                               {Agents: []string{"UBOB"}, Add: true},
		"!assign + <@UBOB>":                              {Agents: []string{"UBOB"}, Add: true},
		"!assign ann":                                    {Agents: []string{"ann"}},
		"!assign @ann":                                   {Agents: []string{"@ann"}},
		"!assign <@UANN> +@bob, thanks":                  {Agents: []string{"UANN", "@bob"}, Note: "thanks"},
		"!assign me":                                     {Agents: []string{"me"}},
		"!assign mich.":                                  {Agents: []string{"me"}},
		"!assign mir!":                                   {Agents: []string{"me"}, Note: "!"},
		"!assign mich.weber":                             {Agents: []string{"mich.weber"}},
		"!assign me-linh":                                {Agents: []string{"me-linh"}},
		"!assign mir.ahmad@shop.example bitte":           {Agents: []string{"mir.ahmad@shop.example"}, Note: "bitte"},
		"!assign @ann mir fehlt heute die Zeit":          {Agents: []string{"@ann"}, Note: "mir fehlt heute die Zeit"},
		"!assign <@UANN> an mich hat er nie geschrieben": {Agents: []string{"UANN"}, Note: "an mich hat er nie geschrieben"},
		"!assign <@UANN> + me":                           {Agents: []string{"UANN", "me"}},
		"!assign <@UANN>, me":                            {Agents: []string{"UANN", "me"}},
		"!assign @ann und mir":                           {Agents: []string{"@ann", "me"}},
		"!assign <@UANN> & me please":                    {Agents: []string{"UANN", "me"}, Note: "please"},
		"!assign <@UANN> and +me":                        {Agents: []string{"UANN", "me"}},
		"!assign to me":                                  {Agents: []string{"me"}},
		"!assign me +<@UBOB> both please":                {Agents: []string{"me", "UBOB"}, Note: "both please"},
		"!assign Ann@Acme.test":                          {Agents: []string{"ann@acme.test"}},
		"!assign [ann@acme.test](mailto:ann@acme.test)":  {Agents: []string{"ann@acme.test"}},
		"!t <@UANN> an old friend":                       {Agents: []string{"UANN"}, Note: "an old friend"},
		`!t <at id="0">Ann Lee</at> hi`:                  {Agents: []string{"19:ann"}, Note: "hi"},
		"!t #billing":                                    {Team: "billing"},
		"!assign #first-line wants a refund":             {Team: "first-line", Note: "wants a refund"},
		`!assign #"First line" wants it`:                 {Team: "First line", Note: "wants it"},
		"!assign #billing <@UANN> knows":                 {Team: "billing", Note: "<@UANN> knows"},
		"/assign me":                                     {Agents: []string{"me"}},
		"/parley assign me":                              {Agents: []string{"me"}},
	} {
		marker := bridge.MarkBang
		if strings.HasPrefix(text, "/") {
			marker = bridge.MarkSlash
		}
		wantParsed(t, text, Parse(text, team), Parsed{Verb: bridge.VerbAssign, Marker: marker, Args: want})
	}
}

// Commands with arguments of other kinds.
func TestParseArguments(t *testing.T) {
	t.Parallel()
	type args = bridge.Args
	for text, want := range map[string]Parsed{
		"!tag billing": {Verb: bridge.VerbTag, Args: args{Tags: []string{"billing"}}},
		"!tag late delivery, Billing ,billing,, #vip":  {Verb: bridge.VerbTag, Args: args{Tags: []string{"late delivery", "Billing", "vip"}}},
		"!tag 1️⃣ VIP, می\u200cخواهم, \u200d, #\ufe0f": {Verb: bridge.VerbTag, Args: args{Tags: []string{"1️⃣ VIP", "می\u200cخواهم"}}},
		"!untag billing":                    {Verb: bridge.VerbUntag, Args: args{Tags: []string{"billing"}}},
		"!topic Lamp, #1042":                {Verb: bridge.VerbTopic, Args: args{Note: "Lamp, #1042"}},
		"!snooze 2h":                        {Verb: bridge.VerbSnooze, Args: args{Until: "2h"}},
		"!s friday 14:00":                   {Verb: bridge.VerbSnooze, Args: args{Until: "friday 14:00"}},
		"!snooze  morgen\u00a0früh ":        {Verb: bridge.VerbSnooze, Args: args{Until: "morgen\u00a0früh"}},
		"!snooze tomorrow":                  {Verb: bridge.VerbSnooze, Args: args{Until: "tomorrow"}},
		"!resolve":                          {Verb: bridge.VerbResolve},
		"!r":                                {Verb: bridge.VerbResolve},
		"!resolve #12 is the same":          {Verb: bridge.VerbResolve, Args: args{Note: "#12 is the same"}},
		"!cc bob@shop.example":              {Verb: bridge.VerbCC, Args: args{Addresses: []string{"bob@shop.example"}}},
		"!cc +bob@shop.example, eve@x.test": {Verb: bridge.VerbCC, Args: args{Addresses: []string{"bob@shop.example", "eve@x.test"}}},
		"!cc -bob@shop.example":             {Verb: bridge.VerbCC, Args: args{Addresses: []string{"bob@shop.example"}, Remove: true}},
		"!cc <mailto:bob@shop.example|bob@shop.example>":  {Verb: bridge.VerbCC, Args: args{Addresses: []string{"bob@shop.example"}}},
		"!to [bob@shop.example](mailto:bob@shop.example)": {Verb: bridge.VerbTo, Args: args{Addresses: []string{"bob@shop.example"}}},
		"!to +491511234567":       {Verb: bridge.VerbTo, Args: args{Addresses: []string{"+491511234567"}}},
		"!allow bob@shop.example": {Verb: bridge.VerbAllow, Args: args{Addresses: []string{"bob@shop.example"}}},
		"!list":                   {Verb: bridge.VerbList, Args: args{ListArgs: bridge.ListArgs{List: "mine"}}},
		"!list unassigned":        {Verb: bridge.VerbList, Args: args{ListArgs: bridge.ListArgs{List: "unassigned"}}},
		"!mine":                   {Verb: bridge.VerbList, Args: args{ListArgs: bridge.ListArgs{List: "mine"}}},
		"!history 2":              {Verb: bridge.VerbHistory, Args: args{ListArgs: bridge.ListArgs{Page: 1}}},
		"！ｈｉｓｔｏｒｙ　２":              {Verb: bridge.VerbHistory, Args: args{ListArgs: bridge.ListArgs{Page: 1}}},
		"!resolved":               {Verb: bridge.VerbList, Args: args{ListArgs: bridge.ListArgs{List: "resolved"}}},
		"!show":                   {Verb: bridge.VerbFind},
		"!show #12":               {Verb: bridge.VerbFind, Args: args{Conversation: 12}},
		"!show 12":                {Verb: bridge.VerbFind, Args: args{Conversation: 12}},
		"!find broken lamp":       {Verb: bridge.VerbFind, Args: args{Note: "broken lamp"}},
		"!help":                   {Verb: bridge.VerbHelp},
		"!?":                      {Verb: bridge.VerbHelp},
		"!help snooze":            {Verb: bridge.VerbHelp, Args: args{Note: "snooze"}},
	} {
		want.Marker = bridge.MarkBang
		wantParsed(t, text, Parse(text, team), want)
	}
}
