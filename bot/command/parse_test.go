package command

import (
	"reflect"
	"strings"
	"testing"

	"parley/bridge"
)

var (
	team = Options{Mentions: map[string]string{"<@UANN>": "UANN", "<@UBOB>": "UBOB", "<@UBOT>": "UBOT", `<at id="0">Ann Lee</at>`: "19:ann"}}
)

// What is said to the customer and what is not: how a text begins decides.
//
func TestParseMarkers(t *testing.T) {
	t.Parallel()
	type row struct {
		text   string
		verb   bridge.Verb
		marker bridge.Marker
		want   string // Text; Unknown for VerbUnknown
	}
	say, note, unknown := bridge.VerbSay, bridge.VerbNote, bridge.VerbUnknown
	rows := []row{
		{"", say, "", ""}, {"  \u200b ", say, "", ""},
		{"Hello!", say, "", "Hello!"}, {"  Hello\u00a0there \n", say, "", "Hello\u00a0there"},
		{"Hello\n!resolve", say, "", "Hello\n!resolve"}, {"Hello // there", say, "", "Hello // there"}, {"Please note: closed on Monday", say, "", "Please note: closed on Monday"},
		{"Noted: thanks", say, "", "Noted: thanks"},
		{"1/2 of it", say, "", "1/2 of it"}, {"**Important**: read this", say, "", "**Important**: read this"}, {"> quoted\n\nanswer", say, "", "> quoted\n\nanswer"},
		{"https://shop.example/x", say, "", "https://shop.example/x"}, {"<@UANN> look", say, "", "<@UANN> look"}, {"@ann look", say, "", "@ann look"},
		{"…", say, "", "…"}, {"?", say, "", "?"}, {"👍", say, "", "👍"}, {"- one\n- two", say, "", "- one\n- two"},

		{"note: x", note, "note", "x"}, {"Note: x", note, "note", "x"}, {"NOTE:x", note, "note", "x"}, {"note : x", note, "note", "x"},
		{"note\u00a0: x", note, "note", "x"}, {"note：x", note, "note", "x"}, {"note:\nline one\nline two", note, "note", "line one\nline two"}, {"note:", note, "note", ""},
		{"  note: x", note, "note", "x"}, {"\u00a0note: x", note, "note", "x"}, {"\u200bnote: x", note, "note", "x"}, {"\ufeffnote: x", note, "note", "x"},
		{"\u2060\u00adnote: x", note, "note", "x"}, {"\u202enote: x", note, "note", "x"}, {"no\u200bte: x", note, "note", "x"}, {"\tnote: x", note, "note", "x"}, {"\n\nnote: x", note, "note", "x"},
		{"**note:** x", note, "note", "x"}, {"*note*: x", note, "note", "x"}, {"_note: x_", note, "note", "x"}, {"**note: x**", note, "note", "x"}, {"> note: x", note, "note", "x"}, {"`note:` x", note, "note", "x"},
		{"- note: x", note, "note", "x"}, {"• **note:** x", note, "note", "x"}, {"1. note: x", note, "note", "x"}, {"# Note: x", note, "note", "x"}, {"-note: x", say, "colleagues", "-note: x"},
		{"<@UANN> note: x", note, "note", "<@UANN> x"}, {"<@UANN>, note: x", note, "note", "<@UANN> x"}, {"<@UANN><@UBOB> note: x", note, "note", "<@UANN> <@UBOB> x"},
		{"<@UANN>: note: x", note, "note", "<@UANN> x"}, {"@ann note: x", note, "note", "@ann x"}, {`<at id="0">Ann Lee</at> note: x`, note, "note", `<at id="0">Ann Lee</at> x`},
		{"//x", note, "note", "x"}, {"// x", note, "note", "x"}, {"\u00a0// x", note, "note", "x"}, {"/\u200b/ x", note, "note", "x"}, {"///x", note, "note", "/x"}, {"／／ x", note, "note", "x"},
		{"<@UANN> // x", note, "note", "<@UANN> x"}, {"//", note, "note", ""},
		{"📝 note: x", note, "note", "x"}, {"⚠️ // x", note, "note", "x"}, {"👩🏽‍💻note: x", note, "note", "x"}, {"🔒 🔒\n> note: x", note, "note", "x"}, {"▪ note: x", note, "note", "x"}, {"→ **note:** x", note, "note", "x"},
		{"📝 <@UANN>, note: x", note, "note", "<@UANN> x"}, {"<@UANN> 📝 note: x", note, "note", "<@UANN> x"}, {":lock2: note: x", note, "note", "x"}, {"1️⃣ note: x", note, "note", "x"}, {"@ann:note: x", note, "note", "@ann x"}, {":note: x", say, "colleagues", ":note: x"},
		{"ℹ️ note: x", note, "note", "x"}, {"‼️ note: x", note, "note", "x"}, {"⁉ note: x", note, "note", "x"}, {"〰️ note: x", note, "note", "x"}, {"〽️ note: x", note, "note", "x"}, {"*️⃣ note: x", note, "note", "x"},
		{"🔒 !n x", note, "bang", "x"}, {"🔒 !xyz", unknown, "bang", "xyz"}, {"🔒 /note x", note, "slash", "x"}, {"✔ resolve", say, "lone", "✔ resolve"}, {`📝 \note: x`, say, "", "📝 note: x"},
		{"🎉!", say, "", "🎉!"}, {"🎉!! Wow", say, "", "🎉!! Wow"}, {"🎉 ! Wow", say, "", "🎉 ! Wow"}, {"👍/👎", say, "", "👍/👎"}, {"🙂 Hello", say, "", "🙂 Hello"}, {`¯\_(ツ)_/¯`, say, "", `¯\_(ツ)_/¯`}, {"→ Hello", say, "", "→ Hello"}, {"👍 ok // hm", say, "", "👍 ok // hm"},
		{"!n x", note, "bang", "x"}, {"!note x", note, "bang", "x"}, {"!note: x", note, "bang", "x"}, {"!N x", note, "bang", "x"}, {"/note x", note, "slash", "x"}, {"/parley note x", note, "slash", "x"},

		{"!!", say, "", "!"}, {"!!resolve", say, "", "!resolve"}, {"!! wow", say, "", "! wow"}, {"!!!", say, "", "!!"}, {"  !!wow", say, "", "!wow"}, {"<@UANN> !!wow", say, "", "<@UANN> !wow"},
		{`\!resolve`, say, "", "!resolve"}, {`\\!resolve`, say, "", "!resolve"}, {`\/etc`, say, "", "/etc"}, {`\//x`, say, "", "//x"}, {`\note: x`, say, "", "note: x"}, {`\resolve`, say, "", "resolve"},
		{`\hello`, say, "", `\hello`}, {`\\server\share`, say, "", `\\server\share`},

		{"!", unknown, "bang", ""}, {"! resolve", unknown, "bang", ""}, {"!xyz", unknown, "bang", "xyz"}, {"!Xyz now", unknown, "bang", "Xyz"}, {"!1", unknown, "bang", "1"}, {"![alt](u)", unknown, "bang", ""},
		{"！xyz", unknown, "bang", "xyz"}, {"\u00a0!xyz", unknown, "bang", "xyz"}, {"<@UANN> !xyz", unknown, "bang", "xyz"}, {"@parley !xyz", unknown, "bang", "xyz"}, {"!ärger", unknown, "bang", "ärger"},
		{"/", unknown, "slash", ""}, {"/ hello", unknown, "slash", ""}, {"/etc/hosts is it", unknown, "slash", "etc"}, {"/shrug", unknown, "slash", "shrug"}, {"／shrug", unknown, "slash", "shrug"}, {"/parley xyz", unknown, "slash", "xyz"}, {"/parley", bridge.VerbHelp, "slash", ""},
		{"!resovle", unknown, "bang", "resovle"}, {"!c", unknown, "bang", "c"}, {"`!xyz`", unknown, "bang", "xyz"}, {"> !xyz", unknown, "bang", "xyz"}, {"\ufe0f!xyz", unknown, "bang", "xyz"}, {"\u3164!xyz", unknown, "bang", "xyz"},

		{"resolve", say, "lone", "resolve"}, {" Resolve ", say, "lone", "Resolve"}, {"RESOLVE.", say, "lone", "RESOLVE."}, {"take!", say, "lone", "take!"}, {"**resolve**", say, "lone", "**resolve**"},
		{"\u200bundo\u200b", say, "lone", "undo"}, {"help", say, "lone", "help"}, {"snooze", say, "lone", "snooze"}, {"snooze 2h", say, "lone", "snooze 2h"}, {"Snooze tomorrow 14:30", say, "lone", "Snooze tomorrow 14:30"},
		{"snooze it later", say, "", "snooze it later"}, {"Why?", say, "", "Why?"}, {"why", say, "lone", "why"}, {"Done", say, "", "Done"}, {"resolve this please", say, "", "resolve this please"}, {"r", say, "", "r"},
		{"mine", say, "", "mine"}, {"note", say, "lone", "note"}, {"@ann resolve", say, "lone", "@ann resolve"},
	}
	for _, r := range rows {
		got := Parse(r.text, team)
		text := got.Text
		if got.Verb == unknown {
			text = got.Unknown
		}
		if got.Verb != r.verb || got.Marker != r.marker || text != r.want {
			t.Errorf("%q = %s %q %q, want %s %q %q", r.text, got.Verb, got.Marker, text, r.verb, r.marker, r.want)
		}
		if got.Verb == unknown && (got.Err == "" || got.Args.Note != got.Err || got.Text != "") {
			t.Errorf("%q: an unknown verb must say so: %+v", r.text, got)
		}
	}
}

//
func TestParseVerbs(t *testing.T) {
	t.Parallel()
	type args = bridge.Args
	checkParse(t, map[string]Parsed{
		"!take": {Verb: bridge.VerbTake}, "!TAKE": {Verb: bridge.VerbTake}, "!accept": {Verb: bridge.VerbTake}, "!take.": {Verb: bridge.VerbTake}, "<@UBOT> !take": {Verb: bridge.VerbTake},
		"\u00a0!take\u200b": {Verb: bridge.VerbTake}, "**!take**": {Verb: bridge.VerbTake}, "！take": {Verb: bridge.VerbTake},
		"!unassign": {Verb: bridge.VerbUnassign}, "!pending": {Verb: bridge.VerbPending}, "!wake": {Verb: bridge.VerbWake}, "!reopen": {Verb: bridge.VerbReopen}, "!close": {Verb: bridge.VerbClose}, "!undo": {Verb: bridge.VerbUndo},
		"!why": {Verb: bridge.VerbWhy}, "!history": {Verb: bridge.VerbHistory}, "!log": {Verb: bridge.VerbHistory},
		"!send": {Verb: bridge.VerbSend}, "!keep": {Verb: bridge.VerbKeep}, "!drop": {Verb: bridge.VerbDrop}, "!again": {Verb: bridge.VerbSendAgain}, "!marksent": {Verb: bridge.VerbMarkSent},
		"!promo 10 % off": {Verb: bridge.VerbReply, Text: "10 % off", Explicit: true, Args: bridge.Args{ReplyArgs: bridge.ReplyArgs{Promotional: true}}},
		"!promote":        {Verb: bridge.VerbPromote}, "!silence": {Verb: bridge.VerbSilence},

		"!reply Hello there": {Verb: bridge.VerbReply, Text: "Hello there", Explicit: true}, "!reply: Hello\n\nBye": {Verb: bridge.VerbReply, Text: "Hello\n\nBye", Explicit: true},
		`!reply \note: this`: {Verb: bridge.VerbReply, Text: "note: this", Explicit: true}, "!reply take": {Verb: bridge.VerbReply, Text: "take", Explicit: true},
		"!assign <@UANN>": {Verb: bridge.VerbAssign, Args: args{Agents: []string{"UANN"}}}, "!a <@UANN>": {Verb: bridge.VerbAssign, Args: args{Agents: []string{"UANN"}}},
		"!assign to <@UANN>":          {Verb: bridge.VerbAssign, Args: args{Agents: []string{"UANN"}}},
		"!assign <@UANN> +<@UBOB>":    {Verb: bridge.VerbAssign, Args: args{Agents: []string{"UANN", "UBOB"}}},
		"!assign <@UANN>, <@UBOB>":    {Verb: bridge.VerbAssign, Args: args{Agents: []string{"UANN", "UBOB"}}},
		"!assign <@UANN> and <@UBOB>": {Verb: bridge.VerbAssign, Args: args{Agents: []string{"UANN", "UBOB"}}},
		"!assign +<@UBOB>":            {Verb: bridge.VerbAssign, Args: args{Agents: []string{"UBOB"}, Add: true}},
		"!assign + <@UBOB>":           {Verb: bridge.VerbAssign, Args: args{Agents: []string{"UBOB"}, Add: true}},
		"!assign ann":                 {Verb: bridge.VerbAssign, Args: args{Agents: []string{"ann"}}}, "!assign @ann": {Verb: bridge.VerbAssign, Args: args{Agents: []string{"@ann"}}},
		"!assign <@UANN> +@bob, thanks": {Verb: bridge.VerbAssign, Args: args{Agents: []string{"UANN", "@bob"}, Note: "thanks"}},
		"!assign me":                    {Verb: bridge.VerbAssign, Args: args{Agents: []string{"me"}}},
		"!assign mich.":                 {Verb: bridge.VerbAssign, Args: args{Agents: []string{"me"}}}, "!assign mir!": {Verb: bridge.VerbAssign, Args: args{Agents: []string{"me"}, Note: "!"}},
		"!assign mich.weber": {Verb: bridge.VerbAssign, Args: args{Agents: []string{"mich.weber"}}}, "!assign me-linh": {Verb: bridge.VerbAssign, Args: args{Agents: []string{"me-linh"}}},
		"!assign mir.ahmad@shop.example bitte":           {Verb: bridge.VerbAssign, Args: args{Agents: []string{"mir.ahmad@shop.example"}, Note: "bitte"}},
		"!assign @ann mir fehlt heute die Zeit":          {Verb: bridge.VerbAssign, Args: args{Agents: []string{"@ann"}, Note: "mir fehlt heute die Zeit"}},
		"!assign <@UANN> an mich hat er nie geschrieben": {Verb: bridge.VerbAssign, Args: args{Agents: []string{"UANN"}, Note: "an mich hat er nie geschrieben"}},
		"!assign <@UANN> + me":                           {Verb: bridge.VerbAssign, Args: args{Agents: []string{"UANN", "me"}}}, "!assign <@UANN>, me": {Verb: bridge.VerbAssign, Args: args{Agents: []string{"UANN", "me"}}},
		"!assign @ann und mir": {Verb: bridge.VerbAssign, Args: args{Agents: []string{"@ann", "me"}}}, "!assign <@UANN> & me please": {Verb: bridge.VerbAssign, Args: args{Agents: []string{"UANN", "me"}, Note: "please"}},
		"!assign <@UANN> and +me": {Verb: bridge.VerbAssign, Args: args{Agents: []string{"UANN", "me"}}}, "!assign to me": {Verb: bridge.VerbAssign, Args: args{Agents: []string{"me"}}},
		"!assign me +<@UBOB> both please":               {Verb: bridge.VerbAssign, Args: args{Agents: []string{"me", "UBOB"}, Note: "both please"}},
		"!assign Ann@Acme.test":                         {Verb: bridge.VerbAssign, Args: args{Agents: []string{"ann@acme.test"}}},
		"!assign [ann@acme.test](mailto:ann@acme.test)": {Verb: bridge.VerbAssign, Args: args{Agents: []string{"ann@acme.test"}}},
		"!t <@UANN> an old friend":                      {Verb: bridge.VerbAssign, Args: args{Agents: []string{"UANN"}, Note: "an old friend"}},
		`!t <at id="0">Ann Lee</at> hi`:                 {Verb: bridge.VerbAssign, Args: args{Agents: []string{"19:ann"}, Note: "hi"}},
		"!t #billing":                                   {Verb: bridge.VerbAssign, Args: args{Team: "billing"}},
		"!assign #first-line wants a refund":            {Verb: bridge.VerbAssign, Args: args{Team: "first-line", Note: "wants a refund"}},
		`!assign #"First line" wants it`:                {Verb: bridge.VerbAssign, Args: args{Team: "First line", Note: "wants it"}},
		"!assign #billing <@UANN> knows":                {Verb: bridge.VerbAssign, Args: args{Team: "billing", Note: "<@UANN> knows"}},
		"/assign me":                                    {Verb: bridge.VerbAssign, Args: args{Agents: []string{"me"}}},
		"/parley assign me":                             {Verb: bridge.VerbAssign, Args: args{Agents: []string{"me"}}},
	})
}

func TestParseArguments(t *testing.T) {
	t.Parallel()
	type args = bridge.Args
	checkParse(t, map[string]Parsed{
		"!tag billing": {Verb: bridge.VerbTag, Args: args{Tags: []string{"billing"}}},
		"!tag late delivery, Billing ,billing,, #vip": {Verb: bridge.VerbTag, Args: args{Tags: []string{"late delivery", "Billing", "vip"}}},
		"!untag billing":             {Verb: bridge.VerbUntag, Args: args{Tags: []string{"billing"}}},
		"!topic Lamp, #1042":         {Verb: bridge.VerbTopic, Args: args{Note: "Lamp, #1042"}},
		"!snooze 2h":                 {Verb: bridge.VerbSnooze, Args: args{Until: "2h"}},
		"!s friday 14:00":            {Verb: bridge.VerbSnooze, Args: args{Until: "friday 14:00"}},
		"!snooze  morgen\u00a0früh ": {Verb: bridge.VerbSnooze, Args: args{Until: "morgen\u00a0früh"}},
		"!snooze tomorrow":           {Verb: bridge.VerbSnooze, Args: args{Until: "tomorrow"}},
		"!resolve":                   {Verb: bridge.VerbResolve},
		"!r":                         {Verb: bridge.VerbResolve},
		"!resolve #12 is the same":   {Verb: bridge.VerbResolve, Args: args{Note: "#12 is the same"}},
		"!cc bob@shop.example":       {Verb: bridge.VerbCC, Args: args{Addresses: []string{"bob@shop.example"}}},
		"!cc +bob@shop.example, eve@shop.example":         {Verb: bridge.VerbCC, Args: args{Addresses: []string{"bob@shop.example", "eve@shop.example"}}},
		"!cc -bob@shop.example":                           {Verb: bridge.VerbCC, Args: args{Addresses: []string{"bob@shop.example"}, Remove: true}},
		"!cc <mailto:bob@shop.example|bob@shop.example>":  {Verb: bridge.VerbCC, Args: args{Addresses: []string{"bob@shop.example"}}},
		"!to [bob@shop.example](mailto:bob@shop.example)": {Verb: bridge.VerbTo, Args: args{Addresses: []string{"bob@shop.example"}}},
		"!to +491511234567":                               {Verb: bridge.VerbTo, Args: args{Addresses: []string{"+491511234567"}}},
		"!allow bob@shop.example":                         {Verb: bridge.VerbAllow, Args: args{Addresses: []string{"bob@shop.example"}}},
		"!list":                                           {Verb: bridge.VerbList, Args: args{ListArgs: bridge.ListArgs{List: "mine"}}},
		"!list unassigned":                                {Verb: bridge.VerbList, Args: args{ListArgs: bridge.ListArgs{List: "unassigned"}}},
		"!mine":                                           {Verb: bridge.VerbList, Args: args{ListArgs: bridge.ListArgs{List: "mine"}}},
		"!history 2":                                      {Verb: bridge.VerbHistory, Args: args{ListArgs: bridge.ListArgs{Page: 1}}},
		"!resolved":                                       {Verb: bridge.VerbList, Args: args{ListArgs: bridge.ListArgs{List: "resolved"}}},
		"!show":                                           {Verb: bridge.VerbFind},
		"!show #12":                                       {Verb: bridge.VerbFind, Args: args{Conversation: 12}},
		"!show 12":                                        {Verb: bridge.VerbFind, Args: args{Conversation: 12}},
		"!find broken lamp":                               {Verb: bridge.VerbFind, Args: args{Note: "broken lamp"}},
		"!help":                                           {Verb: bridge.VerbHelp},
		"!?":                                              {Verb: bridge.VerbHelp},
		"!help snooze":                                    {Verb: bridge.VerbHelp, Args: args{Note: "snooze"}},
	})
}

// checkParse compares all that texts ask for; the marker follows from the sign.
func checkParse(t *testing.T, table map[string]Parsed) {
	t.Helper()
	for text, want := range table {
		got := Parse(text, team)
		want.Marker = bridge.MarkBang
		if strings.HasPrefix(text, "/") {
			want.Marker = bridge.MarkSlash
		}
		if want.Explicit { // the sign belonged to the verb, not to what is sent
			want.Marker = bridge.MarkNone
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q\n got %+v\nwant %+v", text, got, want)
		}
	}
}

// A verb without its arguments stays the verb: a form may ask for them.
func TestParseMissing(t *testing.T) {
	t.Parallel()
	for text, verb := range map[string]bridge.Verb{
		"!assign": bridge.VerbAssign, "!tag": bridge.VerbTag, "!tag , ,": bridge.VerbTag, "!untag": bridge.VerbUntag, "!topic": bridge.VerbTopic, "!snooze": bridge.VerbSnooze, "!cc": bridge.VerbCC,
		"!to": bridge.VerbTo, "!allow": bridge.VerbAllow, "!reply": bridge.VerbReply, "!note ": bridge.VerbNote,
	} {
		got := Parse(text, team)
		if got.Verb != verb || got.Err == "" || !reflect.DeepEqual(got.Args, bridge.Args{}) || got.Text != "" {
			t.Errorf("%q = %+v", text, got)
		}
	}
}

// Arguments that can't be used turn a verb into a question; nothing is done or sent.
func TestParseWrong(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"!take it easy": "Nothing may follow", "!unassign <@UANN>": "Nothing may follow", "!take\nHello customer": "Nothing may follow", "!mine now": "Nothing may follow",
		"!assign ann please": "who “ann please” is", "!assign -<@UBOB>": "name all who keep it", "!assign <@UANN> -@bob": "name all who keep it", "!assign +": "comes a person", "!assign +#billing": "comes a person", "!assign #12": "who “#12” is",
		"!cc bob": "“bob” is no address", "!cc bob@": "no address", "!cc -bob@x.test eve@x.test": "not both", "!to -bob@x.test": "Only “cc”", "!to Bob Miller <bob@x.test>": "“Bob” is no address",
		"!list nothing": "There is no list", "!c": "there are none yet", "!history soon": "Say which page", "!history 0": "Say which page", "/canned hello": "/template", "!reslove": "Did you mean !resolve", "!asign <@UANN>": "Did you mean !assign", "/snoze 2h": "Did you mean /snooze", "!qqqqqqqq": "There is no command “!qqqqqqqq”.",
	} {
		got := Parse(text, team)
		if got.Verb != bridge.VerbUnknown || !strings.Contains(got.Err, says) || got.Args.Note != got.Err {
			t.Errorf("%q = %+v, want %q", text, got, says)
		}
		if got.Args.Note = ""; !reflect.DeepEqual(got.Args, bridge.Args{}) {
			t.Errorf("%q leaves arguments: %+v", text, got.Args)
		}
	}
}

// A slip behind "reply" is one as well: nothing leaves by it.
func TestParseReplyThatIsNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"!reply note: not for her", "!reply // not for her", "!reply !resolve", "!reply /resolve", "!answer: NOTE: x"} {
		if got := Parse(text, team); got.Verb != bridge.VerbUnknown || got.Explicit || got.Err == "" {
			t.Errorf("%q = %+v", text, got)
		}
	}
	if got := Mention("reply: note: not for her", team); got.Verb != bridge.VerbUnknown || got.Explicit {
		t.Errorf("mentioned: %+v", got)
	}
}

// A slip is read as the verb that it stands for, with its arguments; nothing that sends is offered.
func TestMistypedVerbs(t *testing.T) {
	t.Parallel()
	type args = bridge.Args
	for text, want := range map[string]*bridge.Meant{
		"!assing <@UBOB>": {Verb: bridge.VerbAssign, Args: args{Agents: []string{"UBOB"}}}, "!asign: @ben please": {Verb: bridge.VerbAssign, Args: args{Agents: []string{"@ben"}, Note: "please"}},
		"!snoze tomorrow": {Verb: bridge.VerbSnooze, Args: args{Until: "tomorrow"}}, "/snoze 2h": {Verb: bridge.VerbSnooze, Args: args{Until: "2h"}}, "!snoze": {Verb: bridge.VerbSnooze}, "!c hello": {Verb: bridge.VerbTemplate},
		"!reslove": {Verb: bridge.VerbResolve}, "!lable vip, late": {Verb: bridge.VerbTag, Args: args{Tags: []string{"vip", "late"}}}, "!peding": {Verb: bridge.VerbPending},
		"!repyl Hello": nil, "!sned": nil, "!templat x": nil, "!qqqqqqqq": nil, "!assing qqq www": nil, "!taek now": nil, "!": nil,
	} {
		got := Parse(text, team)
		if got.Verb != bridge.VerbUnknown || !reflect.DeepEqual(got.Meant, want) {
			t.Errorf("%q: %s %+v, want %+v", text, got.Verb, got.Meant, want)
		}
	}
}

// A slip keeps the number before it, so that it is not taken for one about the thread in which it was typed.
func TestMistypedVerbOfAnotherConversation(t *testing.T) {
	t.Parallel()
	if got := Mention("#12 snoze 2h", team); got.Verb != bridge.VerbUnknown || got.Args.Conversation != 12 {
		t.Errorf("mentioned: %+v", got)
	}
	if got := Slash("parley", "#12 snoze 2h", team); got.Verb != bridge.VerbUnknown || got.Args.Conversation != 12 {
		t.Errorf("a slash command: %+v", got)
	}
}
