package view

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels/golden"
)

// declaredKind is a LineKind as bridge declares it.
type declaredKind struct {
	kind      bridge.LineKind
	isNotSent bool // the line says that a customer did not get something: a "*" in its comment
}

// lineKinds reads the kinds from the source, so that none is forgotten here.
func lineKinds(t *testing.T) []declaredKind {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../bridge/linekind.go", nil, parser.ParseComments)
	noError(t, err)
	var kinds []declaredKind
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if typ, ok := spec.Type.(*ast.Ident); !ok || typ.Name != "LineKind" {
			return true
		}
		value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		noError(t, err)
		kinds = append(kinds, declaredKind{kind: bridge.LineKind(value), isNotSent: strings.HasPrefix(spec.Comment.Text(), "*")})
		return true
	})
	if len(kinds) < 30 {
		t.Fatalf("only %d kinds found in bridge/linekind.go: this test can't read it any more", len(kinds))
	}
	return kinds
}

// Shorter names for tables of lines.
type (
	verbs  = []bridge.Verb
	agents = []bridge.AgentRef
)

// fullLine returns a line of a kind with everything that it may have.
func fullLine(t *testing.T, k bridge.LineKind) bridge.Line {
	l := bridge.Line{
		Content:  bridge.ContentOf(k, ""),
		By:       bob(),
		Mentions: agents{ann()},
		Text:     "Hello **there**",
		Args:     bridge.Args{Message: 34},
	}
	soon := now(t).Add(23 * time.Hour)
	switch c := l.Content.(type) {
	case *bridge.UnassignedLine:
		l.Text, l.Verbs = "", verbs{bridge.VerbSnooze, bridge.VerbResolve}
	case *bridge.WokeLine:
		l.By, l.Text = bridge.AgentRef{}, ""
	case *bridge.SnoozedLine:
		c.Until, l.Text, l.Verbs = soon, "", verbs{bridge.VerbWake}
	case *bridge.AskLine:
		c.Why, c.Hint, l.Verbs = bridge.InWords("the reason"), "Do this.", verbs{bridge.VerbSend, bridge.VerbKeep, bridge.VerbDrop}
	case *bridge.InsideLine:
		c.Why, c.Hint, l.Verbs = bridge.InWords("the reason"), "Do this.", verbs{bridge.VerbSend, bridge.VerbKeep, bridge.VerbDrop}
	case *bridge.ParkedLine:
		c.Why, c.Hint, l.Verbs = bridge.InWords("the reason"), "Do this.", verbs{bridge.VerbSend, bridge.VerbKeep, bridge.VerbDrop}
	case *bridge.OfferedLine:
		c.Until, c.Provider = soon, "Do this."
	case *bridge.FailedLine:
		c.Trouble, c.Hint = "the reason", "Do this."
		l.Args, l.Verbs = bridge.Args{Delivery: 56}, verbs{bridge.VerbSendAgain, bridge.VerbMarkSent, bridge.VerbDrop}
	case *bridge.UnclearLine:
		c.Trouble, c.Hint = "the reason", "Do this."
		l.Args, l.Verbs = bridge.Args{Delivery: 56}, verbs{bridge.VerbSendAgain, bridge.VerbMarkSent, bridge.VerbDrop}
	case *bridge.RetryingLine:
		c.Trouble, c.Hint, c.Since = "the reason", "Do this.", now(t).Add(-time.Hour)
	case *bridge.DelayedLine:
		c.Trouble = "the reason"
	case *bridge.UndoneLine:
		l.Verbs = verbs{bridge.VerbUndo}
	case *bridge.TextsLine:
		c.Count, l.Text, l.Verbs = 4, "", verbs{bridge.VerbUndo}
	case *bridge.EveningLine:
		f := full(t)
		f.Window.Templates = true
		c.Zone, c.Rows, l = "America/New_York", []bridge.Facts{f, facts(t)}, bridge.Line{Content: c}
	case *bridge.StatsLine:
		days := bridge.SevenDays{From: "2026-11-28", To: "2026-12-04", Waiting: 1, Longest: time.Hour}
		c.Weeks = []bridge.TeamWeek{{Team: "Hello **there**", SevenDays: days, Link: "https://parley.test/x"}, {SevenDays: days}}
		c.Left, c.Missing, l = 2, true, bridge.Line{Content: c}
	case *bridge.RecipientsLine:
		c.To = "Hello **there**"
	case *bridge.AutomaticLine:
		c.Subject, c.Cause, c.Begins = "Hello **there**", "the reason", "Do this."
		l.Customer, l.Verbs = bridge.PartyRef{Name: "News", Address: "news@list.example"}, verbs{bridge.VerbPromote, bridge.VerbSilence}
	case *bridge.CollectedLine:
		c.Subject, c.Words, c.Files = "Hello **there**", "Do this.", 2
		l.Customer, l.Verbs = bridge.PartyRef{Name: "Kim", Address: "kim@shop.example"}, verbs{bridge.VerbPromote, bridge.VerbSilence}
	case *bridge.BounceOtherLine:
		c.Words, c.Trouble = "Hello **there**", "the reason"
	case *bridge.QuarantineLine:
		c.Account, c.Trouble, c.Hint = "Hello **there**", "the reason", "Do this."
	case *bridge.AccountLine:
		c.Account, c.Trouble, c.Hint, c.Page = "Hello **there**", "the reason", "Do this.", "https://help.test/settings/mailboxes/a%20b"
	case *bridge.RefusedLine:
		c.Why, c.Hint = bridge.InWords("the reason"), "Do this."
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
		c.Templates, l.Verbs = stock().List, verbs{bridge.VerbTemplateEdit}
	case *bridge.CannedLine:
		c.List = []bridge.Canned{{Keyword: "delay", Topic: "Shipping", Text: "It is *late*.", Own: true}}
	case *bridge.ListLine:
		c.List, c.Rows = "mine", []bridge.Facts{full(t)}
	case *bridge.HistoryLine:
		c.Log = []bridge.LogRow{{At: now(t), Actor: "Ann Lee", What: "resolved"}}
	}
	switch k {
	case bridge.LineAssigned, bridge.LineReopened:
		l.Text, l.Verbs = "", verbs{bridge.VerbSnooze, bridge.VerbResolve}
	case bridge.LineContinued, bridge.LineExists:
		l.By, l.Other = bridge.AgentRef{}, with(facts(t), func(f *bridge.Facts) { f.ID = 13 })
	case bridge.LineSamePerson:
		l.Other = with(facts(t), func(f *bridge.Facts) { f.ID = 13 })
	case bridge.LineResolved:
		l.Verbs = verbs{bridge.VerbUndo}
	case bridge.LineSendAs:
		l.Mentions, l.Verbs, l.Args.Sure = nil, verbs{bridge.VerbSend}, true
	case bridge.LineEditLate:
		l.Verbs = verbs{bridge.VerbSend}
	case bridge.LineParticipant:
		l.Customer = bridge.PartyRef{Name: "Dan", Address: "dan@shop.example"}
		l.Args.Addresses, l.Verbs = []string{"dan@shop.example"}, verbs{bridge.VerbAllow}
	case bridge.LineOptedIn:
		l.Text = "STOP"
	case bridge.LineDecided:
		l.Verb, l.Outcome = bridge.VerbSend, &bridge.Outcome{State: bridge.OutcomeSent, By: bob(), At: now(t)}
	case bridge.LineDone:
		l.Verb, l.Verbs, l.Content = bridge.VerbTag, verbs{bridge.VerbUndo}, &bridge.TaggedLine{}
	case bridge.LineTemplate:
		l.Verb, l.Text, l.Verbs = bridge.VerbTemplates, "", verbs{bridge.VerbTemplateEdit}
		l.Content = &bridge.VerdictLine{Templates: stock().List[2:]}
	}
	return l
}

// A line has words, with everything that it may have and with almost nothing.
func TestLine(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, k := range lineKinds(t) {
		bareLine := bridge.Line{Content: bridge.ContentOf(k.kind, ""), Mentions: agents{ann()}, Text: "x"}
		whole, bare := postedLine(t, fullLine(t, k.kind), full(t)), postedLine(t, bareLine, facts(t))
		for name, c := range map[string]Card{"full ": whole, "bare ": bare} {
			checkCard(t, name+string(k.kind), c)
			if len(c.Blocks) == 0 || strings.TrimSpace(Plain(c)) == "" {
				t.Errorf("%s%s has no words", name, k.kind)
			}
			if k.isNotSent {
				checkKept(t, name+string(k.kind), c)
			}
		}
		isInThread := k.kind != bridge.LineTopLevel && k.kind != bridge.LineExists
		if k.isNotSent && isInThread && !bareLine.ReachesAbsent() {
			t.Errorf("%s isn't told to an author who isn't in the channel", k.kind)
		}
		b.WriteString(dump(string(k.kind), whole))
	}
	golden.Text(t, "testdata/line.txt", b.String())
}

// postedLine returns the card of a post with the line.
func postedLine(t *testing.T, l bridge.Line, f bridge.Facts) Card {
	t.Helper()
	c, ok := Post(bridge.Post{Kind: bridge.PostLine, Line: &l, Facts: f}, fullSyntax())
	if !ok {
		t.Errorf("a line of kind %s has no card", l.Kind())
	}
	return c
}

// checkKept checks that a line that says that a customer did not get something mentions its author, Ann, and repeats
// the text, each once (requirement R-247).
func checkKept(t *testing.T, name string, c Card) {
	t.Helper()
	mentions, quotes := 0, 0
	for _, block := range c.Blocks {
		if block.Kind == BlockQuote && block.Text != "" {
			quotes++
		}
		for _, p := range block.Pieces {
			if p.Kind == PieceMention && p.Agent.User == ann().User {
				mentions++
			}
		}
	}
	wantEqual(t, name+": mentions of the author", mentions, 1)
	wantEqual(t, name+": repeated texts", quotes, 1)
}

// The words of a line depend on who did it, and on what isn't known.
func TestLineVariants(t *testing.T) {
	t.Parallel()
	toAnn := agents{ann()}
	f := facts(t)
	var b strings.Builder
	for _, l := range []bridge.Line{
		{Content: bridge.LineAssigned, By: ann(), Mentions: toAnn},
		{Content: bridge.LineAssigned, By: ann(), Mentions: agents{bob(), eve()}, Text: "knows the customer"},
		{Content: bridge.LineAssigned, Mentions: agents{bob()}},
		{Content: bridge.LineAssigned},
		{Content: &bridge.UnassignedLine{}},
		{Content: &bridge.UnassignedLine{Former: "Ben Katz"}},
		{Content: &bridge.WokeLine{}, By: bob()},
		{Content: &bridge.WokeLine{Cause: bridge.WokenUnanswered}},
		{Content: bridge.LineReopened, Mentions: toAnn},
		{Content: bridge.LineResolved},
		{Content: &bridge.SnoozedLine{Until: now(t)}},
		{Content: &bridge.RetryingLine{}, Mentions: toAnn, Text: "Hi"},
		{Content: &bridge.RecipientsLine{}},
		{Content: &bridge.WhyLine{}},
		{Content: bridge.LineParticipant, Args: bridge.Args{Addresses: []string{"a@x.test", "b@x.test"}}},
		{Content: bridge.LineParticipant},
		{Content: &bridge.RefusedLine{}},
		{Content: &bridge.RefusedLine{Why: bridge.InWords("I can't read “soonish” as a time."), Hint: "Try: 2h"}, Verb: bridge.VerbSnooze},
		{Content: &bridge.RefusedLine{Why: bridge.InWords("this conversation is resolved")}, Verb: bridge.VerbReply, Verbs: verbs{bridge.VerbReopen}},
		{Content: &bridge.RefusedLine{Why: bridge.InWords("there is no verb “!xyz”")}, Verb: bridge.VerbUnknown, Text: "!xyz", Mentions: toAnn,
			Verbs: verbs{bridge.VerbSend, bridge.VerbHelp}},
		{Content: &bridge.RefusedLine{Why: bridge.InWords("you may not see this")}, Verb: bridge.VerbList},
		{Content: &bridge.RefusedLine{Why: bridge.InWords("That needs a model."), Hint: "An admin can set one up."}, Verb: bridge.VerbAI},
		{Content: &bridge.RefusedLine{Why: bridge.InWords("Say to whom")}, Verb: bridge.VerbAssign, Verbs: verbs{bridge.VerbAssign}},
		{Content: &bridge.InsideLine{}, Mentions: agents{eve()}, Text: nasty, Customer: bridge.PartyRef{Name: nasty}},
		{Content: &bridge.FailedLine{Trouble: "the mailbox is full", Recipient: "lee@x.test"}, Mentions: toAnn, Text: "Hi"},
		{Content: &bridge.FailedLine{Trouble: "the mailbox is full", Recipient: "lee@x.test", Copied: true}, Mentions: toAnn, Text: "Hi"},
		{Content: &bridge.FailedLine{Trouble: "the mailbox is full", Recipient: "lee@x.test", Copied: true, Sent: true}, Mentions: toAnn, Text: "Hi"},
		{Content: &bridge.FailedLine{Trouble: "lee@x.test: the mailbox is full", Missed: "lee@x.test"}, Mentions: toAnn, Text: "Hi",
			Verbs: verbs{bridge.VerbSendAgain}},
		{Content: &bridge.DelayedLine{Trouble: "the mailbox is full", Recipient: "lee@x.test"}, Mentions: toAnn, Text: "Hi"},
		{Content: &bridge.BounceOtherLine{Words: "Hi", Recipient: "lee@x.test"}, Mentions: toAnn},
		{Content: &bridge.DelayedLine{}, SourceRef: bridge.Place{Channel: "C1", Thread: "100.1", Message: "101.1"}},
		{Content: &bridge.AccountLine{Trouble: "the password was refused", Hint: "reconnect it"}},
		{Content: &bridge.UnassignedLine{}, By: ann(), Args: bridge.Args{Team: "Billing"}, Text: "whoever is free"},
		{Content: bridge.LineResolved, By: ann(), Verb: bridge.VerbClose, Text: "spam"},
		{Content: &bridge.ParkedLine{Why: bridge.Because("window"), Until: now(t)}, Mentions: toAnn, Text: "Hi",
			Verbs: verbs{bridge.VerbTemplate, bridge.VerbKeep, bridge.VerbDrop}},
		{Content: &bridge.ParkedLine{Why: bridge.Because("window"), Hint: "(#131047) Re-engagement message"}, Mentions: toAnn, Text: "Hi",
			Verbs: verbs{bridge.VerbKeep, bridge.VerbDrop}},
		{Content: &bridge.ParkedLine{Why: bridge.Because("window"), Until: now(t)}, Mentions: toAnn, Text: "Hi",
			Files: []bridge.LineFile{{Name: "plan.pdf"}},
			Verbs: verbs{bridge.VerbKeep, bridge.VerbDrop}},
		{Content: &bridge.InsideLine{Why: bridge.Because("not_open")}, Mentions: toAnn,
			Files: []bridge.LineFile{{Name: "plan.pdf"}, {Name: "b.png"}},
			Verbs: verbs{bridge.VerbReopen, bridge.VerbSend}},
		{Content: &bridge.OfferedLine{Until: now(t).Add(24 * time.Hour)}, Mentions: toAnn, Text: "Hi",
			Verbs: verbs{bridge.VerbSend, bridge.VerbDrop}},
		{Content: &bridge.OfferedLine{Until: now(t).Add(24 * time.Hour)}, Mentions: toAnn, Text: "Hi", Other: bridge.Facts{ID: 11}},
		{Content: &bridge.EditLateLine{Unclear: true}, Mentions: toAnn, Text: "Hi"},
		{Content: &bridge.DeleteLateLine{Unclear: true}, Mentions: toAnn, Text: "Hi"},
		{Content: &bridge.UndoneLine{Why: bridge.Because("handed_in")}, Mentions: toAnn, Text: "Hi"},
		{Content: &bridge.KeptLine{Reason: "window"}, Verb: bridge.VerbKeep},
		{Content: &bridge.RepliedLine{Count: 2}, Verb: bridge.VerbReply, By: ann(), Text: "A long text"},
		{Content: &bridge.TextsLine{Count: 6, Joined: true}, Verbs: verbs{bridge.VerbUndo}},
		{Content: bridge.LineDone, Verb: bridge.VerbLeave, Other: bridge.Facts{ID: 12}},
		{Content: &bridge.ParkedLine{Why: bridge.Because("paused")}, Mentions: toAnn, Text: "Hi", Verbs: verbs{bridge.VerbSend, bridge.VerbDrop}},
		{Content: &bridge.InsideLine{Why: bridge.Because("not_assignee")}, Mentions: agents{bob()}, Text: "Hi", Verbs: verbs{bridge.VerbSend}},
		{Content: bridge.LineNotMapped, Mentions: agents{eve()}, Text: "Hi"},
		{Content: &bridge.WhyLine{Log: []bridge.LogRow{{At: now(t), Actor: "Parley", What: "kept inside", Detail: "lone_verb"},
			{At: now(t), Actor: "Ann Lee", What: "snoozed", Detail: "2026-11-21 09:00 CET"}}}},
		{Content: &bridge.QuarantineLine{Account: "support-mail", Trouble: "no header", Hint: "parley replay 12"}},
		{Content: &bridge.AutomaticLine{Cause: "list", Subject: nasty, Begins: nasty}, Customer: bridge.PartyRef{Name: "News", Address: "news@list.example"}},
		{Content: &bridge.CollectedLine{Subject: nasty, Words: nasty, Files: 1}, Customer: bridge.PartyRef{Name: "Kim", Address: "kim@shop.example"}},
		{Content: &bridge.RecipientsLine{To: "carla@shop.example · copy: dan@shop.example"}, By: ann()},
		{Content: &bridge.ReactedLine{}},
		{Content: &bridge.ReactedLine{Message: nasty, Emoji: nasty}},
		{Content: &bridge.DeletedLine{}},
		{Content: &bridge.ChangedLine{}, Text: nasty},
		{Content: &bridge.OptedOutLine{Only: "marketing"}},
		{Content: bridge.LineOptedIn},
		{Content: bridge.LineUnchanged},
		{Content: bridge.LineDone, Verb: bridge.VerbNote, By: ann(), Text: "already"},
		{Content: bridge.LineDone, Verb: bridge.VerbTake},
		{Content: bridge.LineDone, Verb: bridge.VerbPromote, Other: bridge.Facts{ID: 13, Subject: "x"}},
		{Content: &bridge.SendersLine{Senders: "news@list.example"}, Verb: bridge.VerbSilence},
		{Content: bridge.LineDone, Verb: bridge.VerbNote, By: ann(), Text: "asked the warehouse"},
		{Content: &bridge.RepliedLine{}, Verb: bridge.VerbReply, By: ann(), Text: "On its way", Verbs: verbs{bridge.VerbUndo}},
		{Content: &bridge.RefusedLine{Why: bridge.InWords("no time was given")}, Verb: bridge.VerbSnooze},
		{Content: bridge.LineDetails, Other: bridge.Facts{
			ID:         13,
			Status:     bridge.StatusOpen,
			Contact:    bridge.PartyRef{Name: "Dan"},
			Recipients: bridge.Recipients{To: []bridge.PartyRef{{Name: "Dan"}}},
		}},
		{Content: &bridge.UnknownLine{Name: "later", Why: bridge.InWords("something new"), Hint: "Look."}, Text: "words"},
	} {
		c := Line(l, f)
		checkCard(t, string(l.Kind()), c)
		b.WriteString(dump(string(l.Kind()), c))
	}

	broken := bridge.Line{Content: &bridge.AccountLine{Trouble: "x"}}
	works := bridge.Line{Content: &bridge.AccountLine{Account: "support-mail"}}
	b.WriteString(dump("account without a conversation", Line(broken, bridge.Facts{})))
	b.WriteString(dump("account that works again", Line(works, bridge.Facts{})))

	inside := bridge.Line{Content: &bridge.InsideLine{Why: bridge.Because("not_open")}, Mentions: toAnn, Text: "Hi",
		Verbs: verbs{bridge.VerbReopen, bridge.VerbSend}}
	b.WriteString(dump("inside of a resolved conversation", Line(inside, withStatus(t, bridge.StatusResolved))))
	inside.Verbs, inside.Other.ID = nil, 13
	inside.Other.Thread.Root = bridge.Place{Channel: "C1", Thread: "1.2", Message: "1.2"}
	b.WriteString(dump("inside of a conversation that goes on in another one", Line(inside, withStatus(t, bridge.StatusResolved))))
	golden.Text(t, "testdata/line_variants.txt", b.String())
}
