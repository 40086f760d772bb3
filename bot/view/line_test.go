package view

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/bot/shape"
	"parley/bridge"
	"parley/channels/golden"
)

// kind is a LineKind as bridge declares it: not means that a customer did not get
// something.
type kind struct {
	kind bridge.LineKind
	not  bool
}

// lineKinds reads them from the source, so that none is forgotten here.
func lineKinds(t *testing.T) []kind {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../bridge/post.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []kind
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if typ, ok := spec.Type.(*ast.Ident); !ok || typ.Name != "LineKind" {
			return true
		}
		value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, kind{bridge.LineKind(value), strings.HasPrefix(spec.Comment.Text(), "*")})
		return true
	})
	if len(kinds) < 30 {
		t.Fatalf("only %d kinds found", len(kinds))
	}
	return kinds
}

// sample is a line of a kind with everything that it may have.
func sample(t *testing.T, k bridge.LineKind) bridge.Line {
	l := bridge.Line{Kind: k, By: bob(), Mentions: []bridge.AgentRef{ann()}, Reason: "the reason", Hint: "Do this.", Text: "Hello **there**", Until: now(t).Add(23 * time.Hour), Since: now(t).Add(-time.Hour), Args: bridge.Args{Message: 34}}
	switch k {
	case bridge.LineAssigned, bridge.LineUnassigned, bridge.LineReopened:
		l.Reason, l.Hint, l.Text = "", "", ""
		l.Verbs = []bridge.Verb{bridge.VerbSnooze, bridge.VerbResolve}
	case bridge.LineWoke:
		l.By, l.Reason, l.Hint, l.Text = bridge.AgentRef{}, "", "", ""
	case bridge.LineContinued, bridge.LineExists:
		l.By, l.Other = bridge.AgentRef{}, with(facts(t), func(f *bridge.Facts) { f.ID = 13 })
	case bridge.LineResolved, bridge.LineUndone:
		l.Reason, l.Hint, l.Verbs = "", "", []bridge.Verb{bridge.VerbUndo}
	case bridge.LineSnoozed:
		l.Reason, l.Hint, l.Text, l.Verbs = "", "", "", []bridge.Verb{bridge.VerbWake}
	case bridge.LineAsk, bridge.LineInside, bridge.LineParked:
		l.Verbs = []bridge.Verb{bridge.VerbSend, bridge.VerbKeep, bridge.VerbDrop}
	case bridge.LineSendAs:
		l.Mentions, l.Reason, l.Hint, l.Verbs, l.Args.Sure = nil, "", "", []bridge.Verb{bridge.VerbSend}, true
	case bridge.LineEditLate:
		l.Verbs = []bridge.Verb{bridge.VerbSend}
	case bridge.LineTexts:
		l.Reason, l.Hint, l.Text, l.Count, l.Verbs = "", "", "", 4, []bridge.Verb{bridge.VerbUndo}
	case bridge.LineEvening:
		f := full(t)
		f.Templates = true
		l = bridge.Line{Kind: k, Zone: "America/New_York", Rows: []bridge.Facts{f, facts(t)}}
	case bridge.LineFailed, bridge.LineUnclear:
		l.Args = bridge.Args{Delivery: 56}
		l.Verbs = []bridge.Verb{bridge.VerbSendAgain, bridge.VerbMarkSent, bridge.VerbDrop}
	case bridge.LineParticipant:
		l.Customer, l.Args.Addresses, l.Verbs = bridge.PartyRef{Name: "Dan", Address: "dan@shop.example"}, []string{"dan@shop.example"}, []bridge.Verb{bridge.VerbAllow}
	case bridge.LineAutomatic:
		l.Customer, l.Verbs = bridge.PartyRef{Name: "News", Address: "news@list.example"}, []bridge.Verb{bridge.VerbPromote, bridge.VerbSilence}
	case bridge.LineCollected:
		l.Customer, l.Count, l.Verbs = bridge.PartyRef{Name: "Kim", Address: "kim@shop.example"}, 2, []bridge.Verb{bridge.VerbPromote, bridge.VerbSilence}
	case bridge.LineReacted, bridge.LineChanged, bridge.LineDeleted:
		l.By, l.Mentions, l.Reason, l.Hint = bridge.AgentRef{}, nil, "", "Where is my **order**?"
		if k == bridge.LineReacted {
			l.Text = "👍🏽"
		}
	case bridge.LineIdentity:
		l.Text, l.Reason = "+4915112345678", "+4917098765432"
	case bridge.LineSamePerson:
		l.Other = with(facts(t), func(f *bridge.Facts) { f.ID = 13 })
	case bridge.LineOptedOut, bridge.LineOptedIn:
		l.Reason, l.Text = "", "STOP"
	case bridge.LineParts:
		l.Text = "2"
	case bridge.LineDecided:
		l.Verb, l.Outcome = bridge.VerbSend, &bridge.Outcome{State: bridge.OutcomeSent, By: bob(), At: now(t)}
	case bridge.LineDone:
		l.Verb, l.Verbs = bridge.VerbTag, []bridge.Verb{bridge.VerbUndo}
	case bridge.LineHelp:
		l.Text = "snooze"
	case bridge.LineTemplate:
		l.Verb, l.Text, l.Reason, l.Templates, l.Verbs = bridge.VerbTemplates, "", "", stock().List[2:], []bridge.Verb{bridge.VerbTemplateEdit}
	case bridge.LineTemplates:
		l.Templates, l.Verbs = stock().List, []bridge.Verb{bridge.VerbTemplateEdit}
	case bridge.LineList:
		l.Text, l.Rows = "mine", []bridge.Facts{full(t)}
	case bridge.LineHistory:
		l.Log = []bridge.LogRow{{At: now(t), Actor: "Ann Lee", What: "resolved"}}
	}
	return l
}

func TestLine(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, k := range lineKinds(t) {
		full, bare := posted(t, sample(t, k.kind), full(t)), posted(t, bridge.Line{Kind: k.kind, Mentions: []bridge.AgentRef{ann()}, Text: "x"}, facts(t))
		for name, c := range map[string]Card{"full ": full, "bare ": bare} {
			checkCard(t, name+string(k.kind), c)
			if len(c.Blocks) == 0 || strings.TrimSpace(Plain(c)) == "" {
				t.Errorf("%s%s has no words", name, k.kind)
			}
		}
		if k.not {
			checkKept(t, k.kind, full)
			checkKept(t, k.kind, bare)
		}
		b.WriteString(dump(string(k.kind), full))
	}
	golden.Text(t, "testdata/line.txt", b.String())
}

// posted is what a post of the line says.
func posted(t *testing.T, l bridge.Line, f bridge.Facts) Card {
	t.Helper()
	c, ok := Post(bridge.Post{Kind: bridge.PostLine, Line: &l, Facts: f}, heard())
	if !ok {
		t.Errorf("%s says nothing", l.Kind)
	}
	return c
}

// checkKept holds R-247: who wrote it is mentioned first, and the text is kept.
func checkKept(t *testing.T, k bridge.LineKind, c Card) {
	t.Helper()
	mentions, quotes := 0, 0
	for _, block := range c.Blocks {
		if block.Kind == BlockQuote && block.Text != "" {
			quotes++
		}
		for _, p := range block.Pieces {
			if p.Kind == PieceMention && p.Agent.User == "UANN" {
				mentions++
			}
		}
	}
	if mentions != 1 || quotes != 1 {
		t.Errorf("%s: %d mentions of the author and %d kept texts", k, mentions, quotes)
	}
}

// Lines that read differently by who did it, and by what is not known.
func TestLineVariants(t *testing.T) {
	t.Parallel()
	nobody := bridge.AgentRef{}
	f := facts(t)
	var b strings.Builder
	for _, l := range []bridge.Line{
		{Kind: bridge.LineAssigned, By: ann(), Mentions: []bridge.AgentRef{ann()}},
		{Kind: bridge.LineAssigned, By: ann(), Mentions: []bridge.AgentRef{bob(), eve()}, Text: "knows the customer"},
		{Kind: bridge.LineAssigned, By: nobody, Mentions: []bridge.AgentRef{bob()}, Reason: "It was his last time"},
		{Kind: bridge.LineAssigned},
		{Kind: bridge.LineUnassigned, Reason: "Ann Lee is away until monday"},
		{Kind: bridge.LineWoke, By: bob()},
		{Kind: bridge.LineReopened, Mentions: []bridge.AgentRef{ann()}},
		{Kind: bridge.LineResolved}, {Kind: bridge.LineSnoozed, Until: now(t)},
		{Kind: bridge.LineRetrying, Mentions: []bridge.AgentRef{ann()}, Text: "Hi"},
		{Kind: bridge.LineRecipients}, {Kind: bridge.LineWhy, Reason: "no rule fits"}, {Kind: bridge.LineWhy},
		{Kind: bridge.LineParticipant, Args: bridge.Args{Addresses: []string{"a@x.test", "b@x.test"}}}, {Kind: bridge.LineParticipant},
		{Kind: bridge.LineRefused}, {Kind: bridge.LineRefused, Verb: bridge.VerbSnooze, Reason: "I can't read “soonish” as a time.", Hint: "Try: 2h"},
		{Kind: bridge.LineRefused, Verb: bridge.VerbReply, Reason: "this conversation is resolved", Verbs: []bridge.Verb{bridge.VerbReopen}},
		{Kind: bridge.LineRefused, Verb: bridge.VerbUnknown, Reason: "there is no verb “!xyz”", Text: "!xyz", Mentions: []bridge.AgentRef{ann()}, Verbs: []bridge.Verb{bridge.VerbSend, bridge.VerbHelp}},
		{Kind: bridge.LineRefused, Verb: bridge.VerbList, Reason: "you may not see this"},
		{Kind: bridge.LineRefused, Verb: bridge.VerbAssign, Reason: "Say to whom", Verbs: []bridge.Verb{bridge.VerbAssign}},
		{Kind: bridge.LineInside, Mentions: []bridge.AgentRef{eve()}, Text: nasty, Customer: bridge.PartyRef{Name: nasty}},
		{Kind: bridge.LineDelayed, SourceRef: bridge.Place{Channel: "C1", Thread: "100.1", Message: "101.1"}},
		{Kind: bridge.LineAccount, Reason: "the password was refused", Hint: "reconnect it"},
		{Kind: bridge.LineUnassigned, By: ann(), Args: bridge.Args{Team: "Billing"}, Text: "whoever is free"},
		{Kind: bridge.LineResolved, By: ann(), Verb: bridge.VerbClose, Text: "spam"},
		{Kind: bridge.LineParked, Mentions: []bridge.AgentRef{ann()}, Reason: "window", Until: now(t), Text: "Hi", Verbs: []bridge.Verb{bridge.VerbTemplate, bridge.VerbKeep, bridge.VerbDrop}},
		{Kind: bridge.LineParked, Mentions: []bridge.AgentRef{ann()}, Reason: "window", Hint: "(#131047) Re-engagement message", Text: "Hi", Verbs: []bridge.Verb{bridge.VerbKeep, bridge.VerbDrop}},
		{Kind: bridge.LineParked, Mentions: []bridge.AgentRef{ann()}, Reason: "window", Until: now(t), Text: "Hi", Files: []bridge.LineFile{{Name: "plan.pdf"}}, Verbs: []bridge.Verb{bridge.VerbKeep, bridge.VerbDrop}},
		{Kind: bridge.LineInside, Mentions: []bridge.AgentRef{ann()}, Reason: "not_open", Files: []bridge.LineFile{{Name: "plan.pdf"}, {Name: "b.png"}}, Verbs: []bridge.Verb{bridge.VerbReopen, bridge.VerbSend}},
		{Kind: bridge.LineOffered, Mentions: []bridge.AgentRef{ann()}, Until: now(t).Add(24 * time.Hour), Text: "Hi", Verbs: []bridge.Verb{bridge.VerbSend, bridge.VerbDrop}},
		{Kind: bridge.LineOffered, Mentions: []bridge.AgentRef{ann()}, Until: now(t).Add(24 * time.Hour), Text: "Hi", Other: bridge.Facts{ID: 11}},
		{Kind: bridge.LineUndone, Mentions: []bridge.AgentRef{ann()}, Reason: "handed_in", Text: "Hi"},
		{Kind: bridge.LineDone, Verb: bridge.VerbKeep, Reason: "window"},
		{Kind: bridge.LineDone, Verb: bridge.VerbReply, By: ann(), Text: "A long text", Count: 2},
		{Kind: bridge.LineDone, Verb: bridge.VerbLeave, Other: bridge.Facts{ID: 12}},
		{Kind: bridge.LineParked, Mentions: []bridge.AgentRef{ann()}, Reason: "paused", Text: "Hi", Verbs: []bridge.Verb{bridge.VerbSend, bridge.VerbDrop}},
		{Kind: bridge.LineInside, Mentions: []bridge.AgentRef{bob()}, Reason: "not_assignee", Text: "Hi", Verbs: []bridge.Verb{bridge.VerbSend}},
		{Kind: bridge.LineInside, Mentions: []bridge.AgentRef{bob()}, Reason: "not_open", Text: "Hi", Verbs: []bridge.Verb{bridge.VerbReopen, bridge.VerbSend}},
		{Kind: bridge.LineNotMapped, Mentions: []bridge.AgentRef{eve()}, Reason: "not_an_agent", Text: "Hi"},
		{Kind: bridge.LineWhy, Log: []bridge.LogRow{{At: now(t), Actor: "Parley", What: "kept inside", Detail: "lone_verb"}, {At: now(t), Actor: "Ann Lee", What: "snoozed", Detail: "2026-11-21 09:00 CET"}}},
		{Kind: bridge.LineQuarantine, Text: "support-mail", Reason: "no header", Hint: "parley replay 12"},
		{Kind: bridge.LineAutomatic, Customer: bridge.PartyRef{Name: "News", Address: "news@list.example"}, Reason: "list", Text: nasty, Hint: nasty},
		{Kind: bridge.LineCollected, Customer: bridge.PartyRef{Name: "Kim", Address: "kim@shop.example"}, Text: nasty, Hint: nasty, Count: 1},
		{Kind: bridge.LineRecipients, By: ann(), Text: "carla@shop.example · copy: dan@shop.example"},
		{Kind: bridge.LineReacted}, {Kind: bridge.LineReacted, Hint: nasty, Text: nasty}, {Kind: bridge.LineDeleted}, {Kind: bridge.LineChanged, Text: nasty},
		{Kind: bridge.LineOptedOut, Reason: "marketing"}, {Kind: bridge.LineOptedIn},
		{Kind: bridge.LineUnchanged}, {Kind: bridge.LineDone, Verb: bridge.VerbNote, By: ann(), Text: "already"}, {Kind: bridge.LineDone, Verb: bridge.VerbTake},
		{Kind: bridge.LineDone, Verb: bridge.VerbPromote, Other: bridge.Facts{ID: 13, Subject: "x"}}, {Kind: bridge.LineDone, Verb: bridge.VerbSilence, Text: "news@list.example"},
		{Kind: bridge.LineDone, Verb: bridge.VerbNote, By: ann(), Text: "asked the warehouse"}, {Kind: bridge.LineDone, Verb: bridge.VerbReply, By: ann(), Text: "On its way", Verbs: []bridge.Verb{bridge.VerbUndo}},
		{Kind: bridge.LineRefused, Verb: bridge.VerbSnooze, Reason: "no time was given"},
		{Kind: bridge.LineDetails, Other: bridge.Facts{ID: 13, Status: bridge.StatusOpen, Contact: bridge.PartyRef{Name: "Dan"}, To: []bridge.PartyRef{{Name: "Dan"}}}},
		{Kind: "later", Reason: "something new", Hint: "Look.", Text: "words"},
	} {
		c := Line(l, f)
		checkCard(t, string(l.Kind), c)
		b.WriteString(dump(string(l.Kind), c))
	}
	b.WriteString(dump("account without a conversation", Line(bridge.Line{Kind: bridge.LineAccount, Reason: "x"}, bridge.Facts{})))
	b.WriteString(dump("account that works again", Line(bridge.Line{Kind: bridge.LineAccount, Text: "support-mail"}, bridge.Facts{})))
	golden.Text(t, "testdata/line_variants.txt", b.String())
}

// What became of a message is said in each state, by whom, and with what can still be done.
func TestLineOutcome(t *testing.T) {
	t.Parallel()
	src, err := os.ReadFile("../../bridge/post.go")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, m := range regexp.MustCompile(`Outcome[A-Za-z]+ +OutcomeState = "([a-z]+)"`).FindAllStringSubmatch(string(src), -1) {
		o := &bridge.Outcome{State: bridge.OutcomeState(m[1]), By: bob(), At: now(t)}
		for _, l := range []bridge.Line{
			{Kind: bridge.LineAsk, Mentions: []bridge.AgentRef{ann()}, Text: nasty, Outcome: o, Verbs: []bridge.Verb{bridge.VerbUndo}, Other: bridge.Facts{ID: 13}},
			{Kind: bridge.LineDone, Verb: bridge.VerbReply, By: bob(), Text: "Hi", Outcome: o},
			{Kind: bridge.LineAutomatic, Text: "Weekly", Outcome: o, Other: bridge.Facts{ID: 13}},
			{Kind: bridge.LineDecided, Verb: bridge.VerbSend, Outcome: o},
			{Kind: bridge.LineParticipant, Args: bridge.Args{Addresses: []string{"lee@x.test"}}, Outcome: o},
		} {
			c := Line(l, facts(t))
			checkCard(t, m[1], c)
			b.WriteString(dump(m[1]+" "+string(l.Kind), c))
			if strings.Contains(Plain(c), "ettled") {
				t.Errorf("the outcome %s has no words", m[1])
			}
		}
	}
	golden.Text(t, "testdata/line_outcome.txt", b.String())
}

// The engine's codes never reach people, who would not know what they mean.
func TestReasonWords(t *testing.T) {
	t.Parallel()
	src, err := os.ReadFile("../../bridge/engine/speak.go")
	if err != nil {
		t.Fatal(err)
	}
	codes := regexp.MustCompile(`return (?:Inside|Ask), "([a-z_]+)"`).FindAllStringSubmatch(string(src), -1)
	if len(codes) < 10 {
		t.Fatalf("only %d reasons found", len(codes))
	}
	for _, m := range codes {
		if reasonWords(m[1], facts(t)) == shape.AsSentence(m[1]) {
			t.Errorf("the reason %s has no words", m[1])
		}
	}
	f := full(t)
	for reason, want := range map[string]string{
		"not_assignee": "Ann Lee, Bob Ray have this conversation.", "the mailbox is full": "The mailbox is full.", "": "", "late": "", "ann@x.test: user unknown": "ann@x.test: user unknown.", "Done!": "Done!",
	} {
		if got := reasonWords(reason, f); got != want {
			t.Errorf("%q is %q, want %q", reason, got, want)
		}
	}
}

// Each verb that an agent can give has a confirmation of its own.
func TestLineDone(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, v := range []bridge.Verb{
		bridge.VerbTake, bridge.VerbUnassign, bridge.VerbTag, bridge.VerbUntag, bridge.VerbTopic, bridge.VerbPending, bridge.VerbWake, bridge.VerbResolve, bridge.VerbReopen, bridge.VerbClose, bridge.VerbUndo, bridge.VerbCC, bridge.VerbTo, bridge.VerbAllow,
		bridge.VerbReply, bridge.VerbNote, bridge.VerbSend, bridge.VerbKeep, bridge.VerbSendAgain, bridge.VerbMarkSent, bridge.VerbDrop, bridge.VerbPromote, bridge.VerbSilence, bridge.VerbReact,
	} {
		l := bridge.Line{Kind: bridge.LineDone, By: ann(), Verb: v, Args: bridge.Args{Tags: []string{"billing", "vip"}, Addresses: []string{"dan@shop.example"}}}
		words := Plain(Line(l, facts(t)))
		if (words == ":ok: Done.") != (v == bridge.VerbReact) {
			t.Errorf("%s is confirmed by %q", v, words)
		}
		b.WriteString(string(v) + ": " + words + "\n")
	}
	golden.Text(t, "testdata/line_done.txt", b.String())
}

// A line repeats two lines of a long message and leads to it; what can't be read there any more,
// or stands nowhere else, is kept whole.
func TestLineRepeatsTwoLines(t *testing.T) {
	t.Parallel()
	long := "**Dear** Carla,\n\n- one_two\n- three\n\n```\ncode\n```\n" + strings.Repeat("And so on, as was said before. ", 200)
	quoted := func(l bridge.Line) (text string, leads bool) {
		l.Mentions = []bridge.AgentRef{ann()}
		for _, b := range Line(l, facts(t)).Blocks {
			if b.Kind == BlockQuote {
				text = b.Text
			}
			leads = leads || b.Kind == BlockSmall && b.Pieces[0].Kind == PieceThread
		}
		return text, leads
	}
	at := bridge.Place{Channel: "C1", Message: "101.1"}
	if text, leads := quoted(bridge.Line{Kind: bridge.LineInside, Text: long, SourceRef: at}); text != "Dear Carla,\none\\_two …" || !leads {
		t.Errorf("repeated: %q, leads to it: %v", text, leads)
	}
	if text, leads := quoted(bridge.Line{Kind: bridge.LineFailed, Text: strings.Repeat("word ", 1000), SourceRef: at}); len(text) > 210 || !leads {
		t.Errorf("%d characters, leads to it: %v", len(text), leads)
	}
	for name, l := range map[string]bridge.Line{
		"short": {Kind: bridge.LineInside, Text: "Two\nlines", SourceRef: at}, "of a form": {Kind: bridge.LineInside, Text: long},
		"deleted": {Kind: bridge.LineDeleteLate, Text: long, SourceRef: at}, "changed": {Kind: bridge.LineEditLate, Text: long, SourceRef: at},
	} {
		if text, leads := quoted(l); text != l.Text || leads {
			t.Errorf("%s: %d of %d characters", name, len(text), len(l.Text))
		}
	}
}
