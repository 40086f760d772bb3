package slack

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/view"
	"parley/bridge"
)

var updateGolden = flag.Bool("update", false, "rewrite golden files")

// golden compares what Slack gets with testdata/name.json.
func golden(t *testing.T, name string, v any) {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", name+".json")
	if *updateGolden {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Errorf("%s differs; run with -update and look at the diff\n%s", file, b.Bytes())
	}
}

// shown is the golden form of a card.
type shown struct {
	Name     string    `json:"name,omitempty"`
	Messages []oneShow `json:"messages"`
}

type oneShow struct {
	Text   string           `json:"text"`
	Blocks []slackapi.Block `json:"blocks"`
}

func show(me *self, c view.Card) shown {
	out := shown{Name: displayName(c.Name)}
	for _, r := range me.render(c, "s") {
		out.Messages = append(out.Messages, oneShow{Text: r.text, Blocks: r.blocks})
	}
	return out
}

func lines() map[string]bridge.Line {
	ann := bridge.AgentRef{ID: 1, Name: "Ann", User: "U0ANN"}
	kept := "Dear <!channel>, *see* [x](https://x.test)\n\n- one\n- two"
	return map[string]bridge.Line{
		"assigned":   {Kind: bridge.LineAssigned, By: ann, Mentions: []bridge.AgentRef{{ID: 2, Name: "Ben", User: "U0BEN"}}},
		"unassigned": {Kind: bridge.LineUnassigned, By: ann},
		"woke":       {Kind: bridge.LineWoke, Mentions: []bridge.AgentRef{ann}},
		"reopened":   {Kind: bridge.LineReopened, Mentions: []bridge.AgentRef{ann}},
		"continued":  {Kind: bridge.LineContinued, Other: sampleFacts()},
		"resolved":   {Kind: bridge.LineResolved, By: ann, Text: "refunded", Verbs: []bridge.Verb{bridge.VerbReopen}},
		"snoozed":    {Kind: bridge.LineSnoozed, By: ann, Until: when(), Verbs: []bridge.Verb{bridge.VerbWake}},
		"ask":        {Kind: bridge.LineAsk, Mentions: []bridge.AgentRef{ann}, Reason: "It looks like a command.", Text: kept, Verbs: []bridge.Verb{bridge.VerbSend, bridge.VerbKeep}, Args: bridge.Args{Message: 7}},
		"inside":     {Kind: bridge.LineInside, Mentions: []bridge.AgentRef{ann}, Reason: "You are not assigned.", Text: kept, Verbs: []bridge.Verb{bridge.VerbSend}, Args: bridge.Args{Message: 7}},
		"parked":     {Kind: bridge.LineParked, Mentions: []bridge.AgentRef{ann}, Reason: "Found late.", Text: kept, Verbs: []bridge.Verb{bridge.VerbSend, bridge.VerbDrop}, Args: bridge.Args{Message: 7}},
		"texts":      {Kind: bridge.LineTexts, Mentions: []bridge.AgentRef{ann}, Count: 4, Verbs: []bridge.Verb{bridge.VerbUndo}, Args: bridge.Args{Message: 7}},
		"evening": {Kind: bridge.LineEvening, Zone: "Europe/Berlin", Rows: []bridge.Facts{{ID: 12, Status: bridge.StatusOpen, Contact: bridge.PartyRef{Name: "Kim"}, Templates: true, WindowUntil: when(), LastPreview: "Still there?"},
			{ID: 13, Status: bridge.StatusOpen, Contact: bridge.PartyRef{Name: "Lou"}, WindowUntil: when()}}},
		"offered":       {Kind: bridge.LineOffered, Mentions: []bridge.AgentRef{ann}, Text: kept, Until: when(), Verbs: []bridge.Verb{bridge.VerbSend, bridge.VerbDrop}, Args: bridge.Args{Message: 7}},
		"parked_window": {Kind: bridge.LineParked, Mentions: []bridge.AgentRef{ann}, Reason: "window", Text: kept, Until: when(), Verbs: []bridge.Verb{bridge.VerbTemplate, bridge.VerbKeep, bridge.VerbDrop}, Args: bridge.Args{Message: 7}},
		"failed":        {Kind: bridge.LineFailed, Mentions: []bridge.AgentRef{ann}, Reason: "The mailbox is full.", Hint: "Try another address.", Text: kept, Verbs: []bridge.Verb{bridge.VerbSendAgain}, Args: bridge.Args{Delivery: 9}},
		"retrying":      {Kind: bridge.LineRetrying, Mentions: []bridge.AgentRef{ann}, Reason: "The server doesn't answer.", Since: when(), Text: kept},
		"delayed":       {Kind: bridge.LineDelayed, Reason: "Their server still tries."},
		"unclear":       {Kind: bridge.LineUnclear, Mentions: []bridge.AgentRef{ann}, Text: kept, Verbs: []bridge.Verb{bridge.VerbSendAgain, bridge.VerbMarkSent}, Args: bridge.Args{Delivery: 9}},
		"edit_late":     {Kind: bridge.LineEditLate, Mentions: []bridge.AgentRef{ann}, Text: kept},
		"delete_late":   {Kind: bridge.LineDeleteLate, Mentions: []bridge.AgentRef{ann}},
		"undone":        {Kind: bridge.LineUndone, Mentions: []bridge.AgentRef{ann}, Text: kept},
		"top_level":     {Kind: bridge.LineTopLevel, Mentions: []bridge.AgentRef{ann}, Text: kept},
		"not_mapped":    {Kind: bridge.LineNotMapped, Mentions: []bridge.AgentRef{ann}, Text: kept},
		"participant":   {Kind: bridge.LineParticipant, Customer: bridge.PartyRef{Name: "Mallory", Address: "m@example.org"}, Verbs: []bridge.Verb{bridge.VerbAllow}, Args: bridge.Args{Addresses: []string{"m@example.org"}}},
		"recipients":    {Kind: bridge.LineRecipients, Text: "eve@example.org"},
		"automatic":     {Kind: bridge.LineAutomatic, Customer: bridge.PartyRef{Name: "News", Address: "n@example.org"}, Text: "Weekly", Verbs: []bridge.Verb{bridge.VerbPromote, bridge.VerbSilence}, Args: bridge.Args{Message: 7}},
		"bounce_other":  {Kind: bridge.LineBounceOther, Reason: "No such user."},
		"quarantine":    {Kind: bridge.LineQuarantine, Reason: "not readable"},
		"refused":       {Kind: bridge.LineRefused, Verb: bridge.VerbClose, Reason: "Only admins may.", Hint: "Ask one."},
		"done":          {Kind: bridge.LineDone, Verb: bridge.VerbTag, Text: "vip"},
		"help":          {Kind: bridge.LineHelp},
		"history":       {Kind: bridge.LineHistory, Log: []bridge.LogRow{{At: when(), Actor: "Ann", What: "assigned", Detail: "to Ben"}}},
		"why":           {Kind: bridge.LineWhy, Text: "Ann is *assigned*."},
		"list":          {Kind: bridge.LineList, Text: "mine", Rows: []bridge.Facts{sampleFacts()}},
		"details":       {Kind: bridge.LineDetails},
		"account":       {Kind: bridge.LineAccount, Reason: "The password is wrong.", Hint: "Enter it again."},
		"template":      {Kind: bridge.LineTemplate, Verb: bridge.VerbTemplates, Templates: templateStock().List[1:], Verbs: []bridge.Verb{bridge.VerbTemplateEdit}, Args: bridge.Args{Template: &bridge.TemplateArgs{ID: 8}}},
		"templates":     {Kind: bridge.LineTemplates, Templates: templateStock().List, Verbs: []bridge.Verb{bridge.VerbTemplateEdit}},
		"rerooted":      {Kind: bridge.LineRerooted},
		"exists":        {Kind: bridge.LineExists, Mentions: []bridge.AgentRef{ann}, Other: sampleFacts(), Text: kept},
		"reacted":       {Kind: bridge.LineReacted, Text: "👍🏽", Hint: "On its way <!channel>"},
		"changed":       {Kind: bridge.LineChanged, Text: "To Hamburg", Hint: "To Berlin"},
		"deleted":       {Kind: bridge.LineDeleted, Hint: "To Berlin"},
		"identity":      {Kind: bridge.LineIdentity, Text: "+4915112345678", Reason: "+4917098765432"},
		"same_person":   {Kind: bridge.LineSamePerson, Other: bridge.Facts{ID: 13, Root: bridge.Place{Channel: "C1", Thread: "1700000002.000100", Message: "1700000002.000100"}}},
		"opted_out":     {Kind: bridge.LineOptedOut, Text: "STOP"},
		"opted_in":      {Kind: bridge.LineOptedIn, Text: "START"},
		"parts":         {Kind: bridge.LineParts, Text: "2"},
	}
}

func TestRenderCards(t *testing.T) {
	t.Parallel()
	me := &self{home: "https://acme.slack.com/"}
	f := sampleFacts()
	resolved, unassigned, long := f, f, f
	resolved.Status = bridge.StatusResolved
	unassigned.Assignees, unassigned.Tags = nil, nil
	long.Subject = strings.Repeat("very <long> *subject* ", 200)
	s := *said("# Title\n\n**Help** me & _you_ <b>now</b> `code`\n\n1. a\n   - b\n2. c\n\n> quoted\n\n```\nx\n```\n\n|a|b|\n|-|-|\n|1|2|\n\n[bank.test](https://evil.test) <https://x.test> ![pic](https://x.test/p.png)")
	s.Notices, s.Files, s.Original, s.Quoted, s.ShowQuote = []string{"Encrypted part left out."}, []string{"a.pdf", "b.pdf"}, "https://p.test/files/1", "On Monday:\n- x", true
	cards := map[string]view.Card{
		"root": view.Root(f), "root_resolved": view.Root(resolved), "root_unassigned": view.Root(unassigned), "root_long": view.Root(long),
		"said": view.Said(s, time.UTC), "files": view.Files(s.From, []string{"a.pdf", "b <c>.pdf"}, nil), "details": view.Details(f),
		"list": view.List("mine", []bridge.Facts{f, unassigned}, time.UTC), "history": view.History(f, lines()["history"].Log),
		"help": view.Help(""), "help_snooze": view.Help("snooze"), "problem": view.Problem(&bridge.Problem{Code: "x", Text: "It is *resolved*.", Hint: "Reopen it."}),
	}
	for name, l := range lines() {
		cards["line_"+name] = view.Line(l, f)
	}
	for kind, r := range riches() {
		cards["line_rich_"+string(kind)] = view.Line(bridge.Line{Kind: bridge.LineDone, Verb: bridge.VerbReply, By: bridge.AgentRef{ID: 1, Name: "Ann", User: "U0ANN"}, Text: "Which *one*?", Quoted: "Do you <have> lamps?",
			Rich: r, Verbs: []bridge.Verb{bridge.VerbUndo}, Args: bridge.Args{Message: 7}}, f)
	}
	for name, c := range cards {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, "card_"+name, show(me, c))
		})
	}
}

// Every kind of line is among the golden files.
func TestAllLinesAreRendered(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join("..", "..", "bridge", "post.go"))
	must(t, err)
	for _, row := range strings.Split(string(raw), "\n") {
		_, after, ok := strings.Cut(row, "LineKind = \"")
		if !ok {
			continue
		}
		kind, _, _ := strings.Cut(after, "\"")
		if _, ok := lines()[kind]; !ok {
			t.Errorf("no golden file of line %q", kind)
		}
	}
}

func TestRenderForms(t *testing.T) {
	t.Parallel()
	me := &self{home: "https://acme.slack.com/"}
	at := bridge.Place{Channel: "C1", Thread: "1700000001.000100"}
	people := []bridge.AgentRef{{ID: 1, Name: "Ann", User: "U0ANN", Email: "ann@acme.test"}, {ID: 2, Name: "Ben", User: "U0BEN"}}
	for _, verb := range []bridge.Verb{
		bridge.VerbReply, bridge.VerbNote, bridge.VerbAssign, bridge.VerbTag, bridge.VerbUntag, bridge.VerbSnooze, bridge.VerbResolve, bridge.VerbTo, bridge.VerbCC, bridge.VerbTopic, bridge.VerbClose,
	} {
		t.Run(string(verb), func(t *testing.T) {
			t.Parallel()
			form, err := view.NewForm(view.FormInput{Verb: verb, Facts: sampleFacts(), Args: bridge.Args{Conversation: 12}, Text: "begun *text*", People: people,
				Teams: []string{"Support"}, Tags: []bridge.Tag{{Name: "vip", Color: "#dd2e44"}, {Name: "bug"}}, Now: when()})
			must(t, err)
			golden(t, "form_"+string(verb), me.modal(form, private{Place: at, Zone: "UTC", At: when().Unix()}))
		})
	}
	for name, in := range richForms() {
		form, err := view.NewForm(in)
		must(t, err)
		golden(t, "form_"+name, me.modal(form, private{Place: at, Zone: "UTC", At: when().Unix()}))
	}
	pick, err := view.Pick(bridge.VerbSnooze, bridge.Args{Until: "2h"}, []bridge.Facts{sampleFacts()})
	must(t, err)
	golden(t, "form_pick", me.modal(pick, private{Place: at, Pick: true, Text: "typed"}))
	golden(t, "window_details", me.window(view.Details(sampleFacts()), at))
	golden(t, "window_problem", me.problem(bridge.ErrNoConversation, at))
}

// Nothing that comes from outside can mention, link, format or end a token.
func TestLiteral(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"<!channel> <@U1>": "&lt;!channel&gt; &lt;@U1&gt;",
		"a & b":            "a &amp; b",
		"*b*":              joiner + "*" + joiner + "b" + joiner + "*" + joiner,
		":fire: 10:30":     ":" + joiner + "fire: 10:30",
		"> q":              joiner + "&gt; q",
		"a\nb\u202ec":      "a bc",
		"snake_case":       "snake" + joiner + "_" + joiner + "case",
	} {
		if got := literal(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := anchor("javascript:alert(1)", "x"); got != "x" {
		t.Errorf("script link %q", got)
	}
	if got := anchor("https://x.test/a|b>c", "y|z>"); got != "<https://x.test/a%7Cb%3Ec|y¦z&gt;>" {
		t.Errorf("link %q", got)
	}
	if got := (&self{}).piece(view.Piece{Kind: view.PieceMention, Agent: bridge.AgentRef{User: "U1> <!channel", Name: "x"}}); got != "x" {
		t.Errorf("mention %q", got)
	}
}

func TestDisplayName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Eve (customer)":                                  "Eve (customer)",
		"Ann\u200b\u202e Lee\n(customer)":                 "Ann Lee (customer)",
		strings.Repeat("x", 200) + " (customer)":          strings.Repeat("x", 68) + "… (customer)",
		strings.Repeat("(", 200) + strings.Repeat("y", 9): strings.Repeat("(", 68) + "… (yyyyyyyyy",
	} {
		if got := displayName(in); got != want || len([]rune(got)) > 80 {
			t.Errorf("%q: %q", in, got)
		}
	}
}
