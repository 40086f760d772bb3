package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/bridge/engine"
	"parley/store"
	"parley/store/storetest"
)

// plainReply is a text that is sent to the customer: an assignee's, in an open conversation.
func plainReply() engine.Speech {
	return engine.Speech{
		Author:   engine.Author{Kind: bridge.ActorPerson, IsAgent: true, MayReply: true, IsAssignee: true},
		Text:     engine.TypedText{Verb: bridge.VerbSay, HasText: true},
		Status:   bridge.StatusOpen,
		Account:  engine.AccountRules{ReplyMode: "direct"},
		HasOwner: true,
	}
}

// Each case changes a plain reply in one way. Speak decides whether it leaves, stays inside, or its author is asked,
// and gives the reason.
// Requirement R-053: Plain replies go out, notes stay inside.
func TestSpeakReasons(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		want     engine.Decision
		reason   bridge.Reason
		wantTold bool // its author is told why it stays, or is asked
		change   func(*engine.Speech)
	}{
		{name: "an assignee's text", want: engine.Out, reason: "assignee"},
		{name: "the first text claims", want: engine.Out, reason: "claims",
			change: func(s *engine.Speech) { s.HasOwner, s.Author.IsAssignee = false, false }},
		{name: "text with a file", want: engine.Out, reason: "assignee", change: func(s *engine.Speech) { s.Text.HasFiles = true }},
		{name: "anybody's, where anybody may", want: engine.Out, reason: "assignee",
			change: func(s *engine.Speech) { s.Author.IsAssignee, s.Account.AnyAgentReplies = false, true }},
		{name: "while it is pending", want: engine.Out, reason: "assignee",
			change: func(s *engine.Speech) { s.Status = bridge.StatusPending }},
		{name: "while it is snoozed", want: engine.Out, reason: "assignee",
			change: func(s *engine.Speech) { s.Status = bridge.StatusSnoozed }},
		{name: "explicitly", want: engine.Out, reason: "explicit",
			change: func(s *engine.Speech) { s.Text.IsExplicit, s.Text.MentionsBot = true, true }},
		{name: "explicitly in explicit mode", want: engine.Out, reason: "explicit",
			change: func(s *engine.Speech) { s.Text.IsExplicit, s.Account.ReplyMode = true, "explicit" }},
		{name: "explicitly by another agent", want: engine.Out, reason: "explicit",
			change: func(s *engine.Speech) { s.Text.IsExplicit, s.Author.IsAssignee = true, false }},

		{name: "another app", want: engine.Inside, reason: "not_a_person",
			change: func(s *engine.Speech) { s.Author.Kind = bridge.ActorBot }},
		{name: "our own app", want: engine.Inside, reason: "not_a_person",
			change: func(s *engine.Speech) { s.Author.Kind = bridge.ActorSelf }},
		{name: "a guest", want: engine.Inside, reason: "guest",
			change: func(s *engine.Speech) { s.Author.Kind, s.Author.IsAgent = bridge.ActorForeign, false }},
		{name: "no agent", want: engine.Inside, reason: "not_an_agent", wantTold: true,
			change: func(s *engine.Speech) { s.Author.IsAgent = false }},
		{name: "may not reply", want: engine.Inside, reason: "may_not_reply", wantTold: true,
			change: func(s *engine.Speech) { s.Author.MayReply = false }},
		{name: "a note by form", want: engine.Inside, reason: "note", change: func(s *engine.Speech) { s.Text.Verb = bridge.VerbNote }},
		{name: "a note by marker", want: engine.Inside, reason: "note", change: func(s *engine.Speech) { s.Text.Marker = bridge.MarkNote }},
		{name: "mentions us", want: engine.Inside, reason: "mentions_us", change: func(s *engine.Speech) { s.Text.MentionsBot = true }},
		{name: "in a thread that was left", want: engine.Inside, reason: "moved", wantTold: true,
			change: func(s *engine.Speech) { s.InLeftThread, s.Text.IsExplicit = true, true }},
		{name: "explicitly, with a note in a later line", want: engine.SpeechAsk, reason: "note_below", wantTold: true,
			change: func(s *engine.Speech) { s.Text.IsExplicit, s.Text.Marker = true, bridge.MarkNoteBelow }},
		{name: "explicitly, with a colleague", want: engine.SpeechAsk, reason: "reply_mentions", wantTold: true,
			change: func(s *engine.Speech) { s.Text.IsExplicit, s.Text.MentionsPeople = true, true }},
		{name: "in a thread of automatic mail", want: engine.Inside, reason: "automatic", wantTold: true,
			change: func(s *engine.Speech) { s.InDailyThread, s.Text.IsExplicit = true, true }},
		{name: "mentions a colleague", want: engine.Inside, reason: "mentions_colleague",
			change: func(s *engine.Speech) { s.Text.MentionsPeople = true }},
		{name: "nothing", want: engine.Inside, reason: "empty", change: func(s *engine.Speech) { s.Text.HasText = false }},
		{name: "resolved", want: engine.Inside, reason: "not_open", wantTold: true,
			change: func(s *engine.Speech) { s.Status = bridge.StatusResolved }},
		{name: "closed", want: engine.Inside, reason: "not_open", wantTold: true,
			change: func(s *engine.Speech) { s.Status = bridge.StatusClosed }},
		{name: "explicitly, but resolved", want: engine.Inside, reason: "not_open", wantTold: true,
			change: func(s *engine.Speech) { s.Text.IsExplicit, s.Status = true, bridge.StatusResolved }},
		{name: "the account watches", want: engine.Inside, reason: "watch", wantTold: true,
			change: func(s *engine.Speech) { s.Account.OnlyWatches = true }},
		{name: "explicitly, but it watches", want: engine.Inside, reason: "watch", wantTold: true,
			change: func(s *engine.Speech) { s.Text.IsExplicit, s.Account.OnlyWatches = true, true }},
		{name: "explicit mode", want: engine.Inside, reason: "explicit_mode", wantTold: true,
			change: func(s *engine.Speech) { s.Account.ReplyMode = "explicit" }},
		{name: "not the assignee", want: engine.Inside, reason: "not_assignee", wantTold: true,
			change: func(s *engine.Speech) { s.Author.IsAssignee = false }},

		{name: "an unknown verb", want: engine.SpeechAsk, reason: "unknown_verb", wantTold: true,
			change: func(s *engine.Speech) { s.Text.Verb = bridge.VerbUnknown }},
		{name: "! and a letter", want: engine.SpeechAsk, reason: "unknown_verb", wantTold: true,
			change: func(s *engine.Speech) { s.Text.Marker = bridge.MarkBang }},
		{name: "/ and a letter", want: engine.SpeechAsk, reason: "unknown_verb", wantTold: true,
			change: func(s *engine.Speech) { s.Text.Marker = bridge.MarkSlash }},
		{name: "a verb alone", want: engine.SpeechAsk, reason: "lone_verb", wantTold: true,
			change: func(s *engine.Speech) { s.Text.Marker = bridge.MarkLone }},
		{name: "a word for colleagues", want: engine.SpeechAsk, reason: "for_colleagues", wantTold: true,
			change: func(s *engine.Speech) { s.Text.Marker = bridge.MarkColleagues }},
		{name: "with a command in a later line", want: engine.SpeechAsk, reason: "command_below", wantTold: true,
			change: func(s *engine.Speech) { s.Text.Marker = bridge.MarkCommandBelow }},
		{name: "a colleague's name", want: engine.SpeechAsk, reason: "names_colleague", wantTold: true,
			change: func(s *engine.Speech) { s.Text.Names = engine.NamesColleague }},
		{name: "a name behind an @", want: engine.SpeechAsk, reason: "name_after_at", wantTold: true,
			change: func(s *engine.Speech) { s.Text.Names = engine.NamesAfterAt }},
		{name: "an answer to a colleague's message", want: engine.SpeechAsk, reason: "quotes_colleague", wantTold: true,
			change: func(s *engine.Speech) { s.Text.QuotesOther = true }},
		{name: "an answer to a colleague's message, explicitly", want: engine.Out, reason: "explicit",
			change: func(s *engine.Speech) { s.Text.QuotesOther, s.Text.IsExplicit = true, true }},
		{name: "a colleague's name, explicitly", want: engine.Out, reason: "explicit",
			change: func(s *engine.Speech) { s.Text.Names, s.Text.IsExplicit = engine.NamesColleague, true }},
		{name: "a word for colleagues, by another agent", want: engine.Inside, reason: "not_assignee", wantTold: true,
			change: func(s *engine.Speech) { s.Text.Marker, s.Author.IsAssignee = bridge.MarkColleagues, false }},
		{name: "a file alone", want: engine.SpeechAsk, reason: "file_alone", wantTold: true,
			change: func(s *engine.Speech) { s.Text.HasText, s.Text.HasFiles = false, true }},
		{name: "after a colleague's remark", want: engine.SpeechAsk, reason: "after_remark", wantTold: true,
			change: func(s *engine.Speech) { s.FollowsRemark = true }},
		{name: "after a colleague's remark, and greets the customer", want: engine.Out, reason: "assignee",
			change: func(s *engine.Speech) { s.FollowsRemark, s.Text.GreetsCustomer = true, true }},
		{name: "greets the customer who is called like a colleague", want: engine.SpeechAsk, reason: "names_colleague", wantTold: true,
			change: func(s *engine.Speech) {
				s.FollowsRemark, s.Text.GreetsCustomer, s.Text.Names = true, true, engine.NamesColleague
			}},
		{name: "confirm_send", want: engine.SpeechAsk, reason: "confirm", wantTold: true,
			change: func(s *engine.Speech) { s.Account.MustConfirm = true }},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := plainReply()
			if tt.change != nil {
				tt.change(&s)
			}

			got, reason := engine.Speak(s)
			if got != tt.want || reason != tt.reason {
				t.Errorf("it is decided %s because of %q, want %s because of %q", got, reason, tt.want, tt.reason)
			}
			if told := bridge.ConsequencesOf(reason).MustTellAuthor; told != tt.wantTold {
				t.Errorf("the author is told of %q: %v, want %v", reason, told, tt.wantTold)
			}
		})
	}
}

// mustStay reports, by rules of its own and not by Speak's, whether a text must never leave (invariant 4).
func mustStay(s engine.Speech) bool {
	isByAgent := s.Author.Kind == bridge.ActorPerson && s.Author.IsAgent && s.Author.MayReply
	hasForbiddenMarker := s.Text.Marker == bridge.MarkNote || s.Text.Marker == bridge.MarkBang || s.Text.Marker == bridge.MarkSlash
	hasForbiddenVerb := s.Text.Verb == bridge.VerbNote || s.Text.Verb == bridge.VerbUnknown
	isForColleagues := s.Text.MentionsPeople || s.Text.MentionsBot && !s.Text.IsExplicit
	isEmpty := !s.Text.HasText && !s.Text.HasFiles
	hasEnded := s.Status == bridge.StatusResolved || s.Status == bridge.StatusClosed
	return !isByAgent || s.InLeftThread || s.InDailyThread || s.Account.OnlyWatches || hasEnded ||
		hasForbiddenMarker || hasForbiddenVerb || isForColleagues || isEmpty
}

// needsNoClick reports, by rules of its own and not by Speak's, whether a text that may leave does so by itself. It
// does if its author said that it is a reply and no line of it looks like a note, or if it is an ordinary text of
// somebody who may reply.
func needsNoClick(s engine.Speech) bool {
	maySpeak := !s.HasOwner || s.Author.IsAssignee || s.Account.AnyAgentReplies
	isUnusual := s.Text.Marker == bridge.MarkLone || s.Text.Marker.IsForColleagues() || s.Text.Names != engine.NamesNobody ||
		s.Text.QuotesOther || !s.Text.HasText || s.FollowsRemark && !s.Text.GreetsCustomer || s.Account.MustConfirm
	isReply := s.Text.IsExplicit && !s.Text.Marker.IsForColleagues()
	return isReply || s.Account.ReplyMode == store.ReplyDirect && maySpeak && !isUnusual
}

// decisions counts what Speak has decided. It isn't a map because counting in one would take several times as long as
// everything else.
type decisions struct{ inside, out, ask int }

// decide has Speak decide about a text. It checks that the text leaves exactly when it may and needs no click. If the
// author is asked, the author must be told why. If the text leaves, the author must not be told anything.
func (n *decisions) decide(t *testing.T, s engine.Speech) {
	got, reason := engine.Speak(s)
	switch got {
	case engine.Inside:
		n.inside++
	case engine.Out:
		n.out++
	case engine.SpeechAsk:
		n.ask++
	}

	if want := !mustStay(s) && needsNoClick(s); (got == engine.Out) != want {
		t.Fatalf("%+v: it is decided %s because of %q, want it out: %v", s, got, reason, want)
	}
	if reason == "" {
		t.Fatalf("%+v: it is decided %s without a reason", s, got)
	}
	if got == engine.SpeechAsk && !bridge.ConsequencesOf(reason).MustTellAuthor {
		t.Fatalf("%+v: its author is asked, but not told of %q", s, reason)
	}
	if got == engine.Out && bridge.ConsequencesOf(reason).MustTellAuthor {
		t.Fatalf("%+v: it leaves, but its author is told of %q", s, reason)
	}
}

// The test goes through all combinations of what Speak looks at, some five hundred million; the short form takes one status with
// each combination of the rest, in turn. A forbidden text never leaves. An unusual one leaves only by a click, and a plain one by itself.
// Requirement R-053: Plain replies go out, notes stay inside.
// Requirement R-246: What is asked before it is sent.
func TestSpeakExhaustively(t *testing.T) {
	t.Parallel()
	actors := []bridge.ActorKind{bridge.ActorPerson, bridge.ActorForeign, bridge.ActorBot, bridge.ActorSelf}
	verbs := []bridge.Verb{bridge.VerbSay, bridge.VerbEdit, bridge.VerbNote, bridge.VerbReply, bridge.VerbUnknown}
	markers := []bridge.Marker{bridge.MarkNone, bridge.MarkNote, bridge.MarkBang, bridge.MarkSlash, bridge.MarkLone,
		bridge.MarkColleagues, bridge.MarkNoteBelow, bridge.MarkCommandBelow}
	names := []engine.Naming{engine.NamesNobody, engine.NamesColleague, engine.NamesAfterAt}
	statuses := []bridge.Status{bridge.StatusOpen, bridge.StatusPending, bridge.StatusSnoozed, bridge.StatusResolved, bridge.StatusClosed}
	const allFlags = 1 << 18 // the combinations of the flags of speechOf
	const looked = allFlags * 3 / 4
	statusesOfEach := 1
	if storetest.LongForm() {
		statusesOfEach = len(statuses)
	}

	var n decisions
	for flags := range allFlags {
		s := speechOf(flags)
		if s.Text.GreetsCustomer && !s.FollowsRemark {
			continue // Speak looks at a greeting after a remark alone
		}
		turn := flags
		for _, s.Author.Kind = range actors {
			for _, s.Text.Verb = range verbs {
				for _, s.Text.Marker = range markers {
					for _, s.Text.Names = range names {
						for range statusesOfEach {
							turn++
							s.Status = statuses[turn%len(statuses)]
							n.decide(t, s)
						}
					}
				}
			}
		}
	}

	if n.inside == 0 || n.out == 0 || n.ask == 0 {
		t.Errorf("%+v combinations: want some of each decision", n)
	}
	if got, want := n.inside+n.out+n.ask, len(actors)*len(verbs)*len(markers)*len(names)*statusesOfEach*looked; got != want {
		t.Errorf("%d combinations are decided, want %d", got, want)
	}
	if d, _ := engine.Speak(engine.Speech{}); d != engine.Inside {
		t.Errorf("nothing is known, and it is %s, want %s", d, engine.Inside)
	}
}

// speechOf returns the text whose 18 flags are the bits of a number.
func speechOf(flags int) engine.Speech {
	bit := func(n int) bool { return flags>>n&1 == 1 }
	mode := store.ReplyDirect
	if bit(13) {
		mode = store.ReplyExplicit
	}
	return engine.Speech{
		Author: engine.Author{IsAgent: bit(0), MayReply: bit(1), IsAssignee: bit(10)},
		Text: engine.TypedText{
			IsExplicit: bit(2), MentionsBot: bit(3), MentionsPeople: bit(4),
			HasText: bit(5), HasFiles: bit(6), GreetsCustomer: bit(16), QuotesOther: bit(17),
		},
		Account:  engine.AccountRules{ReplyMode: mode, OnlyWatches: bit(7), AnyAgentReplies: bit(8), MustConfirm: bit(12)},
		HasOwner: bit(9), FollowsRemark: bit(11), InLeftThread: bit(14), InDailyThread: bit(15),
	}
}
