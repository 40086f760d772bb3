package speech_test

import (
	"testing"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/speech"
	"parley/store"
)

// reply is a text that goes out: an assignee's, in an open conversation.
func reply() speech.Speech {
	return speech.Speech{
		Author:   speech.Author{Kind: bridge.ActorPerson, IsAgent: true, MayReply: true, IsAssignee: true},
		Text:     speech.TypedText{Verb: bridge.VerbSay, HasText: true},
		Status:   bridge.StatusOpen,
		Account:  speech.AccountRules{ReplyMode: "direct"},
		HasOwner: true,
	}
}

// Each way in which a reply differs from a plain one, and what becomes of it.
//
func TestSpeakReasons(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*speech.Speech)
		want   speech.Decision
		reason string
		told   bool
	}{
		{"an assignee's text", func(*speech.Speech) {}, speech.Out, "assignee", false},
		{"the first text claims", func(s *speech.Speech) { s.HasOwner, s.Author.IsAssignee = false, false }, speech.Out, "claims", false},
		{"text with a file", func(s *speech.Speech) { s.Text.HasFiles = true }, speech.Out, "assignee", false},
		{"anybody's, where anybody may", func(s *speech.Speech) { s.Author.IsAssignee, s.Account.AnyAgentReplies = false, true }, speech.Out, "assignee", false},
		{"while it is pending", func(s *speech.Speech) { s.Status = bridge.StatusPending }, speech.Out, "assignee", false},
		{"while it is snoozed", func(s *speech.Speech) { s.Status = bridge.StatusSnoozed }, speech.Out, "assignee", false},
		{"explicitly", func(s *speech.Speech) { s.Text.IsExplicit, s.Text.MentionsBot = true, true }, speech.Out, "explicit", false},
		{"explicitly in explicit mode", func(s *speech.Speech) { s.Text.IsExplicit, s.Account.ReplyMode = true, "explicit" }, speech.Out, "explicit", false},
		{"explicitly by another agent", func(s *speech.Speech) { s.Text.IsExplicit, s.Author.IsAssignee = true, false }, speech.Out, "explicit", false},

		{"another app", func(s *speech.Speech) { s.Author.Kind = bridge.ActorBot }, speech.Inside, "not_a_person", false},
		{"our own app", func(s *speech.Speech) { s.Author.Kind = bridge.ActorSelf }, speech.Inside, "not_a_person", false},
		{"a guest", func(s *speech.Speech) { s.Author.Kind = bridge.ActorForeign }, speech.Inside, "not_a_person", false},
		{"no agent", func(s *speech.Speech) { s.Author.IsAgent = false }, speech.Inside, "not_an_agent", true},
		{"may not reply", func(s *speech.Speech) { s.Author.MayReply = false }, speech.Inside, "may_not_reply", true},
		{"a note by form", func(s *speech.Speech) { s.Text.Verb = bridge.VerbNote }, speech.Inside, "note", false},
		{"a note by marker", func(s *speech.Speech) { s.Text.Marker = bridge.MarkNote }, speech.Inside, "note", false},
		{"mentions us", func(s *speech.Speech) { s.Text.MentionsBot = true }, speech.Inside, "mentions_us", false},
		{"in a thread that was left", func(s *speech.Speech) { s.InLeftThread, s.Text.IsExplicit = true, true }, speech.Inside, "moved", true},
		{"explicitly, with a colleague", func(s *speech.Speech) { s.Text.IsExplicit, s.Text.MentionsPeople = true, true }, speech.Ask, "reply_mentions", true},
		{"in a thread of automatic mail", func(s *speech.Speech) { s.InDailyThread, s.Text.IsExplicit = true, true }, speech.Inside, "automatic", true},
		{"mentions a colleague", func(s *speech.Speech) { s.Text.MentionsPeople = true }, speech.Inside, "mentions_colleague", false},
		{"nothing", func(s *speech.Speech) { s.Text.HasText = false }, speech.Inside, "empty", false},
		{"resolved", func(s *speech.Speech) { s.Status = bridge.StatusResolved }, speech.Inside, "not_open", true},
		{"closed", func(s *speech.Speech) { s.Status = bridge.StatusClosed }, speech.Inside, "not_open", true},
		{"explicitly, but resolved", func(s *speech.Speech) { s.Text.IsExplicit, s.Status = true, bridge.StatusResolved }, speech.Inside, "not_open", true},
		{"the account watches", func(s *speech.Speech) { s.Account.OnlyWatches = true }, speech.Inside, "watch", true},
		{"explicitly, but it watches", func(s *speech.Speech) { s.Text.IsExplicit, s.Account.OnlyWatches = true, true }, speech.Inside, "watch", true},
		{"explicit mode", func(s *speech.Speech) { s.Account.ReplyMode = "explicit" }, speech.Inside, "explicit_mode", true},
		{"not the assignee", func(s *speech.Speech) { s.Author.IsAssignee = false }, speech.Inside, "not_assignee", true},

		{"an unknown verb", func(s *speech.Speech) { s.Text.Verb = bridge.VerbUnknown }, speech.Ask, "unknown_verb", true},
		{"! and a letter", func(s *speech.Speech) { s.Text.Marker = bridge.MarkBang }, speech.Ask, "unknown_verb", true},
		{"/ and a letter", func(s *speech.Speech) { s.Text.Marker = bridge.MarkSlash }, speech.Ask, "unknown_verb", true},
		{"a verb alone", func(s *speech.Speech) { s.Text.Marker = bridge.MarkLone }, speech.Ask, "lone_verb", true},
		{"a word for colleagues", func(s *speech.Speech) { s.Text.Marker = bridge.MarkColleagues }, speech.Ask, "for_colleagues", true},
		{"a colleague's name", func(s *speech.Speech) { s.Text.NamesColleague = true }, speech.Ask, "names_colleague", true},
		{"an answer to a colleague's message", func(s *speech.Speech) { s.Text.QuotesPerson = true }, speech.Ask, "quotes_colleague", true},
		{"an answer to a colleague's message, explicitly", func(s *speech.Speech) { s.Text.QuotesPerson, s.Text.IsExplicit = true, true }, speech.Out, "explicit", false},
		{"a word for colleagues, explicitly", func(s *speech.Speech) {
			s.Text.Marker, s.Text.NamesColleague, s.Text.IsExplicit = bridge.MarkColleagues, true, true
		}, speech.Out, "explicit", false},
		{"a word for colleagues, by another agent", func(s *speech.Speech) { s.Text.Marker, s.Author.IsAssignee = bridge.MarkColleagues, false }, speech.Inside, "not_assignee", true},
		{"a file alone", func(s *speech.Speech) { s.Text.HasText, s.Text.HasFiles = false, true }, speech.Ask, "file_alone", true},
		{"after a colleague's remark", func(s *speech.Speech) { s.FollowsRemark = true }, speech.Ask, "after_remark", true},
		{"confirm_send", func(s *speech.Speech) { s.Account.MustConfirm = true }, speech.Ask, "confirm", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := reply()
			tt.change(&s)
			got, reason := speech.Speak(s)
			if got != tt.want || reason != tt.reason || book.MustTellAuthor(reason) != tt.told {
				t.Errorf("%s %s told %v, want %s %s told %v", got, reason, book.MustTellAuthor(reason), tt.want, tt.reason, tt.told)
			}
		})
	}
}

// forbidden says, apart from Speak, that a text must never leave (invariant 4).
func forbidden(s speech.Speech) bool {
	marked := s.Text.Marker == bridge.MarkNote || s.Text.Marker == bridge.MarkBang || s.Text.Marker == bridge.MarkSlash
	command := s.Text.Verb == bridge.VerbNote || s.Text.Verb == bridge.VerbUnknown
	ended := s.Status == bridge.StatusResolved || s.Status == bridge.StatusClosed
	return s.Author.Kind != bridge.ActorPerson || !s.Author.IsAgent || !s.Author.MayReply || s.InLeftThread || s.InDailyThread || marked || command || ended || s.Account.OnlyWatches ||
		!s.Text.HasText && !s.Text.HasFiles || s.Text.MentionsPeople || !s.Text.IsExplicit && s.Text.MentionsBot
}

// plain says, apart from Speak, that a permitted text needs no click: it was said to be a
// reply, or it is an ordinary text of somebody whose word it is to give.
func plain(s speech.Speech) bool {
	speaker := !s.HasOwner || s.Author.IsAssignee || s.Account.AnyAgentReplies
	unusual := s.Text.Marker == bridge.MarkLone || s.Text.Marker == bridge.MarkColleagues || s.Text.NamesColleague || s.Text.QuotesPerson || !s.Text.HasText || s.FollowsRemark || s.Account.MustConfirm
	return s.Text.IsExplicit || s.Account.ReplyMode == "direct" && speaker && !unusual
}

// Every combination of everything: what is forbidden never leaves and is never sent by
// less than a click; the rest leaves exactly when it is plain. It runs two hundred million times,
// so it counts without a map: that alone would take several times as long as all else.
//
func TestSpeakExhaustively(t *testing.T) {
	t.Parallel()
	var inside, out, ask int
	try := func(s speech.Speech) {
		got, reason := speech.Speak(s)
		switch got {
		case speech.Inside:
			inside++
		case speech.Out:
			out++
		case speech.Ask:
			ask++
		}
		want := !forbidden(s) && plain(s)
		if (got == speech.Out) != want || reason == "" || got == speech.Ask && !book.MustTellAuthor(reason) || got == speech.Out && book.MustTellAuthor(reason) {
			t.Fatalf("%+v: %s %s, want out %v", s, got, reason, want)
		}
	}
	for _, actor := range []bridge.ActorKind{bridge.ActorPerson, bridge.ActorForeign, bridge.ActorBot, bridge.ActorSelf, ""} {
		for _, verb := range []bridge.Verb{bridge.VerbSay, bridge.VerbEdit, bridge.VerbNote, bridge.VerbReply, bridge.VerbUnknown} {
			for _, marker := range []bridge.Marker{bridge.MarkNone, bridge.MarkNote, bridge.MarkBang, bridge.MarkSlash, bridge.MarkLone, bridge.MarkColleagues} {
				for _, status := range []bridge.Status{bridge.StatusOpen, bridge.StatusPending, bridge.StatusSnoozed, bridge.StatusResolved, bridge.StatusClosed} {
					for bits := range 1 << 18 {
						bit := func(n int) bool { return bits>>n&1 == 1 }
						mode := store.ReplyDirect
						if bit(13) {
							mode = store.ReplyExplicit
						}
						try(speech.Speech{
							Author: speech.Author{Kind: actor, IsAgent: bit(0), MayReply: bit(1), IsAssignee: bit(10)},
							Text: speech.TypedText{
								Verb: verb, Marker: marker, IsExplicit: bit(2), MentionsBot: bit(3), MentionsPeople: bit(4),
								HasText: bit(5), HasFiles: bit(6), NamesColleague: bit(16), QuotesPerson: bit(17),
							},
							Account: speech.AccountRules{ReplyMode: mode, OnlyWatches: bit(7), AnyAgentReplies: bit(8), MustConfirm: bit(12)},
							Status:  status, HasOwner: bit(9), FollowsRemark: bit(11), InLeftThread: bit(14), InDailyThread: bit(15),
						})
					}
				}
			}
		}
	}
	if inside == 0 || out == 0 || ask == 0 || inside+out+ask != 5*5*6*5<<18 {
		t.Errorf("%d combinations stay inside, %d leave, %d ask", inside, out, ask)
	}
	if d, _ := speech.Speak(speech.Speech{}); d != speech.Inside {
		t.Errorf("nothing is known, and it is %s", d)
	}
}
