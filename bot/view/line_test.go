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
	file, err := parser.ParseFile(token.NewFileSet(), "../../bridge/linekind.go", nil, parser.ParseComments)
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
	said := bridge.Line{By: bob(), Mentions: []bridge.AgentRef{ann()}, Text: "Hello **there**", Args: bridge.Args{Message: 34}}
	l, soon := said, now(t).Add(23*time.Hour)
	l.Content = bridge.ContentOf(k, "")
	switch c := l.Content.(type) {
	case *bridge.UnassignedLine:
		l.Text, l.Verbs = "", []bridge.Verb{bridge.VerbSnooze, bridge.VerbResolve}
	case *bridge.WokeLine:
		l.By, l.Text = bridge.AgentRef{}, ""
	case *bridge.SnoozedLine:
		c.Until, l.Text, l.Verbs = soon, "", []bridge.Verb{bridge.VerbWake}
	case *bridge.AskLine:
		c.Reason, c.Hint, l.Verbs = "the reason", "Do this.", []bridge.Verb{bridge.VerbSend, bridge.VerbKeep, bridge.VerbDrop}
	case *bridge.InsideLine:
		c.Reason, c.Hint, l.Verbs = "the reason", "Do this.", []bridge.Verb{bridge.VerbSend, bridge.VerbKeep, bridge.VerbDrop}
	case *bridge.ParkedLine:
		c.Reason, c.Hint, l.Verbs = "the reason", "Do this.", []bridge.Verb{bridge.VerbSend, bridge.VerbKeep, bridge.VerbDrop}
	case *bridge.OfferedLine:
		c.Until, c.Provider = soon, "Do this."
	case *bridge.FailedLine:
		c.Reason, c.Hint = "the reason", "Do this."
		l.Args, l.Verbs = bridge.Args{Delivery: 56}, []bridge.Verb{bridge.VerbSendAgain, bridge.VerbMarkSent, bridge.VerbDrop}
	case *bridge.UnclearLine:
		c.Reason, c.Hint = "the reason", "Do this."
		l.Args, l.Verbs = bridge.Args{Delivery: 56}, []bridge.Verb{bridge.VerbSendAgain, bridge.VerbMarkSent, bridge.VerbDrop}
	case *bridge.RetryingLine:
		c.Reason, c.Hint, c.Since = "the reason", "Do this.", now(t).Add(-time.Hour)
	case *bridge.DelayedLine:
		c.Reason = "the reason"
	case *bridge.UndoneLine:
		l.Verbs = []bridge.Verb{bridge.VerbUndo}
	case *bridge.TextsLine:
		c.Count, l.Text, l.Verbs = 4, "", []bridge.Verb{bridge.VerbUndo}
	case *bridge.EveningLine:
		f := full(t)
		f.Window.Templates = true
		c.Zone, c.Rows, l = "America/New_York", []bridge.Facts{f, facts(t)}, bridge.Line{Content: c}
	case *bridge.WeekLine:
		c.Team, c.From, c.To, c.Rows, c.Took, l = "Hello **there**", "2026-11-28", "2026-12-04", []bridge.Facts{full(t)}, []time.Duration{time.Hour}, bridge.Line{Content: c}
		c.Missing = true
	case *bridge.StatsLine:
		days := bridge.SevenDays{From: "2026-11-28", To: "2026-12-04", Waiting: 1, Longest: time.Hour}
		c.Weeks = []bridge.TeamWeek{{Team: "Hello **there**", SevenDays: days, Link: "https://parley.test/x"}, {SevenDays: days}}
		c.Left, c.Missing, l = 2, true, bridge.Line{Content: c}
	case *bridge.RecipientsLine:
		c.To = "Hello **there**"
	case *bridge.AutomaticLine:
		c.Subject, c.Cause, c.Begins = "Hello **there**", "the reason", "Do this."
		l.Customer, l.Verbs = bridge.PartyRef{Name: "News", Address: "news@list.example"}, []bridge.Verb{bridge.VerbPromote, bridge.VerbSilence}
	case *bridge.CollectedLine:
		c.Subject, c.Words, c.Files = "Hello **there**", "Do this.", 2
		l.Customer, l.Verbs = bridge.PartyRef{Name: "Kim", Address: "kim@shop.example"}, []bridge.Verb{bridge.VerbPromote, bridge.VerbSilence}
	case *bridge.BounceOtherLine:
		c.Subject, c.Reason = "Hello **there**", "the reason"
	case *bridge.QuarantineLine:
		c.Account, c.Reason, c.Hint = "Hello **there**", "the reason", "Do this."
	case *bridge.AccountLine:
		c.Account, c.Trouble, c.Hint, c.Page = "Hello **there**", "the reason", "Do this.", "https://help.test/settings/mailboxes/a%20b"
	case *bridge.RefusedLine:
		c.Reason, c.Hint = "the reason", "Do this."
	case *bridge.ReactedLine:
		c.Emoji, c.Message = "👍🏽", "Where is my **order**?"
	case *bridge.ChangedLine:
		c.Before = "Where is my **order**?"
	case *bridge.DeletedLine:
		c.Message = "Where is my **order**?"
	case *bridge.IdentityLine:
		c.Now, c.Before = "+4915112345678", "+4917098765432"
	case *bridge.OptedOutLine:
		l.Text = "STOP"
	case *bridge.PartsLine:
		c.Count = 2
	case *bridge.HelpLine:
		c.About = "snooze"
	case *bridge.TemplatesLine:
		c.Templates, l.Verbs = stock().List, []bridge.Verb{bridge.VerbTemplateEdit}
	case *bridge.ListLine:
		c.List, c.Rows = "mine", []bridge.Facts{full(t)}
	case *bridge.HistoryLine:
		c.Log = []bridge.LogRow{{At: now(t), Actor: "Ann Lee", What: "resolved"}}
	}
	switch k {
	case bridge.LineAssigned, bridge.LineReopened:
		l.Text, l.Verbs = "", []bridge.Verb{bridge.VerbSnooze, bridge.VerbResolve}
	case bridge.LineContinued, bridge.LineExists:
		l.By, l.Other = bridge.AgentRef{}, with(facts(t), func(f *bridge.Facts) { f.ID = 13 })
	case bridge.LineSamePerson:
		l.Other = with(facts(t), func(f *bridge.Facts) { f.ID = 13 })
	case bridge.LineResolved:
		l.Verbs = []bridge.Verb{bridge.VerbUndo}
	case bridge.LineSendAs:
		l.Mentions, l.Verbs, l.Args.Sure = nil, []bridge.Verb{bridge.VerbSend}, true
	case bridge.LineEditLate:
		l.Verbs = []bridge.Verb{bridge.VerbSend}
	case bridge.LineParticipant:
		l.Customer, l.Args.Addresses, l.Verbs = bridge.PartyRef{Name: "Dan", Address: "dan@shop.example"}, []string{"dan@shop.example"}, []bridge.Verb{bridge.VerbAllow}
	case bridge.LineOptedIn:
		l.Text = "STOP"
	case bridge.LineDecided:
		l.Verb, l.Outcome = bridge.VerbSend, &bridge.Outcome{State: bridge.OutcomeSent, By: bob(), At: now(t)}
	case bridge.LineDone:
		l.Verb, l.Verbs, l.Content = bridge.VerbTag, []bridge.Verb{bridge.VerbUndo}, &bridge.TaggedLine{}
	case bridge.LineTemplate:
		l.Verb, l.Text, l.Content, l.Verbs = bridge.VerbTemplates, "", &bridge.VerdictLine{Templates: stock().List[2:]}, []bridge.Verb{bridge.VerbTemplateEdit}
	}
	return l
}

func TestLine(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, k := range lineKinds(t) {
		full, bare := posted(t, sample(t, k.kind), full(t)), posted(t, bridge.Line{Content: bridge.ContentOf(k.kind, ""), Mentions: []bridge.AgentRef{ann()}, Text: "x"}, facts(t))
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
		t.Errorf("%s says nothing", l.Kind())
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
		{Content: bridge.LineAssigned, By: ann(), Mentions: []bridge.AgentRef{ann()}},
		{Content: bridge.LineAssigned, By: ann(), Mentions: []bridge.AgentRef{bob(), eve()}, Text: "knows the customer"},
		{Content: bridge.LineAssigned, By: nobody, Mentions: []bridge.AgentRef{bob()}},
		{Content: bridge.LineAssigned},
		{Content: &bridge.UnassignedLine{}},
		{Content: &bridge.UnassignedLine{Former: "Ben Katz"}},
		{Content: &bridge.WokeLine{}, By: bob()},
		{Content: bridge.LineReopened, Mentions: []bridge.AgentRef{ann()}},
		{Content: bridge.LineResolved}, {Content: &bridge.SnoozedLine{Until: now(t)}},
		{Content: &bridge.RetryingLine{}, Mentions: []bridge.AgentRef{ann()}, Text: "Hi"},
		{Content: &bridge.RecipientsLine{}}, {Content: &bridge.WhyLine{}}, {Content: &bridge.WhyLine{}},
		{Content: bridge.LineParticipant, Args: bridge.Args{Addresses: []string{"a@x.test", "b@x.test"}}}, {Content: bridge.LineParticipant},
		{Content: &bridge.RefusedLine{}}, {Content: &bridge.RefusedLine{Reason: "I can't read “soonish” as a time.", Hint: "Try: 2h"}, Verb: bridge.VerbSnooze},
		{Content: &bridge.RefusedLine{Reason: "this conversation is resolved"}, Verb: bridge.VerbReply, Verbs: []bridge.Verb{bridge.VerbReopen}},
		{Content: &bridge.RefusedLine{Reason: "there is no verb “!xyz”"}, Verb: bridge.VerbUnknown, Text: "!xyz", Mentions: []bridge.AgentRef{ann()}, Verbs: []bridge.Verb{bridge.VerbSend, bridge.VerbHelp}},
		{Content: &bridge.RefusedLine{Reason: "you may not see this"}, Verb: bridge.VerbList},
		{Content: &bridge.RefusedLine{Reason: "That needs a model.", Hint: "An admin can set one up."}, Verb: bridge.VerbAI},
		{Content: &bridge.RefusedLine{Reason: "Say to whom"}, Verb: bridge.VerbAssign, Verbs: []bridge.Verb{bridge.VerbAssign}},
		{Content: &bridge.InsideLine{}, Mentions: []bridge.AgentRef{eve()}, Text: nasty, Customer: bridge.PartyRef{Name: nasty}},
		{Content: &bridge.DelayedLine{}, SourceRef: bridge.Place{Channel: "C1", Thread: "100.1", Message: "101.1"}},
		{Content: &bridge.AccountLine{Trouble: "the password was refused", Hint: "reconnect it"}},
		{Content: &bridge.UnassignedLine{}, By: ann(), Args: bridge.Args{Team: "Billing"}, Text: "whoever is free"},
		{Content: bridge.LineResolved, By: ann(), Verb: bridge.VerbClose, Text: "spam"},
		{Content: &bridge.ParkedLine{Reason: "window", Until: now(t)}, Mentions: []bridge.AgentRef{ann()}, Text: "Hi", Verbs: []bridge.Verb{bridge.VerbTemplate, bridge.VerbKeep, bridge.VerbDrop}},
		{Content: &bridge.ParkedLine{Reason: "window", Hint: "(#131047) Re-engagement message"}, Mentions: []bridge.AgentRef{ann()}, Text: "Hi", Verbs: []bridge.Verb{bridge.VerbKeep, bridge.VerbDrop}},
		{Content: &bridge.ParkedLine{Reason: "window", Until: now(t)}, Mentions: []bridge.AgentRef{ann()}, Text: "Hi", Files: []bridge.LineFile{{Name: "plan.pdf"}}, Verbs: []bridge.Verb{bridge.VerbKeep, bridge.VerbDrop}},
		{Content: &bridge.InsideLine{Reason: "not_open"}, Mentions: []bridge.AgentRef{ann()}, Files: []bridge.LineFile{{Name: "plan.pdf"}, {Name: "b.png"}}, Verbs: []bridge.Verb{bridge.VerbReopen, bridge.VerbSend}},
		{Content: &bridge.OfferedLine{Until: now(t).Add(24 * time.Hour)}, Mentions: []bridge.AgentRef{ann()}, Text: "Hi", Verbs: []bridge.Verb{bridge.VerbSend, bridge.VerbDrop}},
		{Content: &bridge.OfferedLine{Until: now(t).Add(24 * time.Hour)}, Mentions: []bridge.AgentRef{ann()}, Text: "Hi", Other: bridge.Facts{ID: 11}},
		{Content: &bridge.UndoneLine{Reason: "handed_in"}, Mentions: []bridge.AgentRef{ann()}, Text: "Hi"},
		{Content: &bridge.KeptLine{Reason: "window"}, Verb: bridge.VerbKeep},
		{Content: &bridge.RepliedLine{Count: 2}, Verb: bridge.VerbReply, By: ann(), Text: "A long text"},
		{Content: bridge.LineDone, Verb: bridge.VerbLeave, Other: bridge.Facts{ID: 12}},
		{Content: &bridge.ParkedLine{Reason: "paused"}, Mentions: []bridge.AgentRef{ann()}, Text: "Hi", Verbs: []bridge.Verb{bridge.VerbSend, bridge.VerbDrop}},
		{Content: &bridge.InsideLine{Reason: "not_assignee"}, Mentions: []bridge.AgentRef{bob()}, Text: "Hi", Verbs: []bridge.Verb{bridge.VerbSend}},
		{Content: &bridge.InsideLine{Reason: "not_open"}, Mentions: []bridge.AgentRef{bob()}, Text: "Hi", Verbs: []bridge.Verb{bridge.VerbReopen, bridge.VerbSend}},
		{Content: bridge.LineNotMapped, Mentions: []bridge.AgentRef{eve()}, Text: "Hi"},
		{Content: &bridge.WhyLine{Log: []bridge.LogRow{{At: now(t), Actor: "Parley", What: "kept inside", Detail: "lone_verb"}, {At: now(t), Actor: "Ann Lee", What: "snoozed", Detail: "2026-11-21 09:00 CET"}}}},
		{Content: &bridge.QuarantineLine{Account: "support-mail", Reason: "no header", Hint: "parley replay 12"}},
		{Content: &bridge.AutomaticLine{Cause: "list", Subject: nasty, Begins: nasty}, Customer: bridge.PartyRef{Name: "News", Address: "news@list.example"}},
		{Content: &bridge.CollectedLine{Subject: nasty, Words: nasty, Files: 1}, Customer: bridge.PartyRef{Name: "Kim", Address: "kim@shop.example"}},
		{Content: &bridge.RecipientsLine{To: "carla@shop.example · copy: dan@shop.example"}, By: ann()},
		{Content: &bridge.ReactedLine{}}, {Content: &bridge.ReactedLine{Message: nasty, Emoji: nasty}}, {Content: &bridge.DeletedLine{}}, {Content: &bridge.ChangedLine{}, Text: nasty},
		{Content: &bridge.OptedOutLine{Only: "marketing"}}, {Content: bridge.LineOptedIn},
		{Content: bridge.LineUnchanged}, {Content: bridge.LineDone, Verb: bridge.VerbNote, By: ann(), Text: "already"}, {Content: bridge.LineDone, Verb: bridge.VerbTake},
		{Content: bridge.LineDone, Verb: bridge.VerbPromote, Other: bridge.Facts{ID: 13, Subject: "x"}}, {Content: &bridge.SendersLine{Senders: "news@list.example"}, Verb: bridge.VerbSilence},
		{Content: bridge.LineDone, Verb: bridge.VerbNote, By: ann(), Text: "asked the warehouse"}, {Content: &bridge.RepliedLine{}, Verb: bridge.VerbReply, By: ann(), Text: "On its way", Verbs: []bridge.Verb{bridge.VerbUndo}},
		{Content: &bridge.RefusedLine{Reason: "no time was given"}, Verb: bridge.VerbSnooze},
		{Content: bridge.LineDetails, Other: bridge.Facts{
			ID:         13,
			Status:     bridge.StatusOpen,
			Contact:    bridge.PartyRef{Name: "Dan"},
			Recipients: bridge.Recipients{To: []bridge.PartyRef{{Name: "Dan"}}},
		}},
		{Content: &bridge.UnknownLine{Name: "later", Reason: "something new", Hint: "Look."}, Text: "words"},
	} {
		c := Line(l, f)
		checkCard(t, string(l.Kind()), c)
		b.WriteString(dump(string(l.Kind()), c))
	}
	b.WriteString(dump("account without a conversation", Line(bridge.Line{Content: &bridge.AccountLine{Trouble: "x"}}, bridge.Facts{})))
	b.WriteString(dump("account that works again", Line(bridge.Line{Content: &bridge.AccountLine{Account: "support-mail"}}, bridge.Facts{})))
	golden.Text(t, "testdata/line_variants.txt", b.String())
}

// What became of a message is said in each state, by whom, and with what can still be done.
func TestLineOutcome(t *testing.T) {
	t.Parallel()
	src, err := os.ReadFile("../../bridge/outcome.go")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, m := range regexp.MustCompile(`Outcome[A-Za-z]+ +OutcomeState = "([a-z]+)"`).FindAllStringSubmatch(string(src), -1) {
		o := &bridge.Outcome{State: bridge.OutcomeState(m[1]), By: bob(), At: now(t)}
		for _, l := range []bridge.Line{
			{Content: &bridge.AskLine{}, Mentions: []bridge.AgentRef{ann()}, Text: nasty, Outcome: o, Verbs: []bridge.Verb{bridge.VerbUndo}, Other: bridge.Facts{ID: 13}},
			{Content: &bridge.RepliedLine{}, Verb: bridge.VerbReply, By: bob(), Text: "Hi", Outcome: o},
			{Content: &bridge.AutomaticLine{Subject: "Weekly"}, Outcome: o, Other: bridge.Facts{ID: 13}},
			{Content: bridge.LineDecided, Verb: bridge.VerbSend, Outcome: o},
			{Content: bridge.LineParticipant, Args: bridge.Args{Addresses: []string{"lee@x.test"}}, Outcome: o},
		} {
			c := Line(l, facts(t))
			checkCard(t, m[1], c)
			b.WriteString(dump(m[1]+" "+string(l.Kind()), c))
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
	src, err := os.ReadFile("../../bridge/engine/speech/speak.go")
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
		l := bridge.Line{Content: bridge.ContentOf(bridge.LineDone, v), By: ann(), Verb: v, Args: bridge.Args{Tags: []string{"billing", "vip"}, Addresses: []string{"dan@shop.example"}}}
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
	if text, leads := quoted(bridge.Line{Content: &bridge.InsideLine{}, Text: long, SourceRef: at}); text != "Dear Carla,\none\\_two …" || !leads {
		t.Errorf("repeated: %q, leads to it: %v", text, leads)
	}
	if text, leads := quoted(bridge.Line{Content: &bridge.FailedLine{}, Text: strings.Repeat("word ", 1000), SourceRef: at}); len(text) > 210 || !leads {
		t.Errorf("%d characters, leads to it: %v", len(text), leads)
	}
	for name, l := range map[string]bridge.Line{
		"short": {Content: &bridge.InsideLine{}, Text: "Two\nlines", SourceRef: at}, "of a form": {Content: &bridge.InsideLine{}, Text: long},
		"deleted": {Content: bridge.LineDeleteLate, Text: long, SourceRef: at}, "changed": {Content: &bridge.EditLateLine{}, Text: long, SourceRef: at},
	} {
		if text, leads := quoted(l); text != l.Text || leads {
			t.Errorf("%s: %d of %d characters", name, len(text), len(l.Text))
		}
	}
}
