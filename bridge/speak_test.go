package bridge_test

import (
	"testing"

	"parley/bridge"
)

// reply is a text that goes out: an assignee's, in an open conversation.
func reply() bridge.Speech {
	return bridge.Speech{Actor: bridge.ActorPerson, IsAgent: true, MayReply: true, Verb: bridge.VerbSay, HasText: true,
		Status: bridge.StatusOpen, ReplyMode: "direct", Assigned: true, IsAssignee: true}
}

// Each way in which a reply differs from a plain one, and what becomes of it.
//
func TestSpeakReasons(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*bridge.Speech)
		want   bridge.Decision
		reason string
		told   bool
	}{
		{"an assignee's text", func(*bridge.Speech) {}, bridge.Out, "assignee", false},
		{"the first text claims", func(s *bridge.Speech) { s.Assigned, s.IsAssignee = false, false }, bridge.Out, "claims", false},
		{"text with a file", func(s *bridge.Speech) { s.HasFiles = true }, bridge.Out, "assignee", false},
		{"anybody's, where anybody may", func(s *bridge.Speech) { s.IsAssignee, s.AnyAgent = false, true }, bridge.Out, "assignee", false},
		{"while it is pending", func(s *bridge.Speech) { s.Status = bridge.StatusPending }, bridge.Out, "assignee", false},
		{"while it is snoozed", func(s *bridge.Speech) { s.Status = bridge.StatusSnoozed }, bridge.Out, "assignee", false},
		{"explicitly", func(s *bridge.Speech) { s.Explicit, s.MentionsBot = true, true }, bridge.Out, "explicit", false},
		{"explicitly in explicit mode", func(s *bridge.Speech) { s.Explicit, s.ReplyMode = true, "explicit" }, bridge.Out, "explicit", false},
		{"explicitly by another agent", func(s *bridge.Speech) { s.Explicit, s.IsAssignee = true, false }, bridge.Out, "explicit", false},

		{"another app", func(s *bridge.Speech) { s.Actor = bridge.ActorBot }, bridge.Inside, "not_a_person", false},
		{"our own app", func(s *bridge.Speech) { s.Actor = bridge.ActorSelf }, bridge.Inside, "not_a_person", false},
		{"a guest", func(s *bridge.Speech) { s.Actor = bridge.ActorForeign }, bridge.Inside, "not_a_person", false},
		{"no agent", func(s *bridge.Speech) { s.IsAgent = false }, bridge.Inside, "not_an_agent", true},
		{"may not reply", func(s *bridge.Speech) { s.MayReply = false }, bridge.Inside, "may_not_reply", true},
		{"a note by form", func(s *bridge.Speech) { s.Verb = bridge.VerbNote }, bridge.Inside, "note", false},
		{"a note by marker", func(s *bridge.Speech) { s.Marker = bridge.MarkNote }, bridge.Inside, "note", false},
		{"mentions us", func(s *bridge.Speech) { s.MentionsBot = true }, bridge.Inside, "mentions_us", false},
		{"in a thread that was left", func(s *bridge.Speech) { s.Moved, s.Explicit = true, true }, bridge.Inside, "moved", true},
		{"explicitly, with a colleague", func(s *bridge.Speech) { s.Explicit, s.Mentions = true, true }, bridge.Ask, "reply_mentions", true},
		{"in a thread of automatic mail", func(s *bridge.Speech) { s.Automatic, s.Explicit = true, true }, bridge.Inside, "automatic", true},
		{"mentions a colleague", func(s *bridge.Speech) { s.Mentions = true }, bridge.Inside, "mentions_colleague", false},
		{"nothing", func(s *bridge.Speech) { s.HasText = false }, bridge.Inside, "empty", false},
		{"resolved", func(s *bridge.Speech) { s.Status = bridge.StatusResolved }, bridge.Inside, "not_open", true},
		{"closed", func(s *bridge.Speech) { s.Status = bridge.StatusClosed }, bridge.Inside, "not_open", true},
		{"explicitly, but resolved", func(s *bridge.Speech) { s.Explicit, s.Status = true, bridge.StatusResolved }, bridge.Inside, "not_open", true},
		{"the account watches", func(s *bridge.Speech) { s.Watch = true }, bridge.Inside, "watch", true},
		{"explicitly, but it watches", func(s *bridge.Speech) { s.Explicit, s.Watch = true, true }, bridge.Inside, "watch", true},
		{"explicit mode", func(s *bridge.Speech) { s.ReplyMode = "explicit" }, bridge.Inside, "explicit_mode", true},
		{"not the assignee", func(s *bridge.Speech) { s.IsAssignee = false }, bridge.Inside, "not_assignee", true},

		{"an unknown verb", func(s *bridge.Speech) { s.Verb = bridge.VerbUnknown }, bridge.Ask, "unknown_verb", true},
		{"! and a letter", func(s *bridge.Speech) { s.Marker = bridge.MarkBang }, bridge.Ask, "unknown_verb", true},
		{"/ and a letter", func(s *bridge.Speech) { s.Marker = bridge.MarkSlash }, bridge.Ask, "unknown_verb", true},
		{"a verb alone", func(s *bridge.Speech) { s.Marker = bridge.MarkLone }, bridge.Ask, "lone_verb", true},
		{"a word for colleagues", func(s *bridge.Speech) { s.Marker = bridge.MarkColleagues }, bridge.Ask, "for_colleagues", true},
		{"a colleague's name", func(s *bridge.Speech) { s.Colleague = true }, bridge.Ask, "names_colleague", true},
		{"a word for colleagues, explicitly", func(s *bridge.Speech) { s.Marker, s.Colleague, s.Explicit = bridge.MarkColleagues, true, true }, bridge.Out, "explicit", false},
		{"a word for colleagues, by another agent", func(s *bridge.Speech) { s.Marker, s.IsAssignee = bridge.MarkColleagues, false }, bridge.Inside, "not_assignee", true},
		{"a file alone", func(s *bridge.Speech) { s.HasText, s.HasFiles = false, true }, bridge.Ask, "file_alone", true},
		{"after a colleague's remark", func(s *bridge.Speech) { s.AfterInner = true }, bridge.Ask, "after_remark", true},
		{"confirm_send", func(s *bridge.Speech) { s.Confirm = true }, bridge.Ask, "confirm", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := reply()
			tt.change(&s)
			got, reason := bridge.Speak(s)
			if got != tt.want || reason != tt.reason || bridge.Told(reason) != tt.told {
				t.Errorf("%s %s told %v, want %s %s told %v", got, reason, bridge.Told(reason), tt.want, tt.reason, tt.told)
			}
		})
	}
}

// forbidden says, apart from Speak, that a text must never leave (invariant 4).
func forbidden(s bridge.Speech) bool {
	marked := s.Marker == bridge.MarkNote || s.Marker == bridge.MarkBang || s.Marker == bridge.MarkSlash
	command := s.Verb == bridge.VerbNote || s.Verb == bridge.VerbUnknown
	ended := s.Status == bridge.StatusResolved || s.Status == bridge.StatusClosed
	return s.Actor != bridge.ActorPerson || !s.IsAgent || !s.MayReply || s.Moved || s.Automatic || marked || command || ended || s.Watch ||
		!s.HasText && !s.HasFiles || s.Mentions || !s.Explicit && s.MentionsBot
}

// plain says, apart from Speak, that a permitted text needs no click: it was said to be a
// reply, or it is an ordinary text of somebody whose word it is to give.
func plain(s bridge.Speech) bool {
	speaker := !s.Assigned || s.IsAssignee || s.AnyAgent
	unusual := s.Marker == bridge.MarkLone || s.Marker == bridge.MarkColleagues || s.Colleague || !s.HasText || s.AfterInner || s.Confirm
	return s.Explicit || s.ReplyMode == "direct" && speaker && !unusual
}

// Every combination of everything: what is forbidden never leaves and is never sent by
// less than a click; the rest leaves exactly when it is plain. It runs a hundred million times,
// so it counts without a map: that alone would take several times as long as all else.
//
func TestSpeakExhaustively(t *testing.T) {
	t.Parallel()
	var inside, out, ask int
	try := func(s bridge.Speech) {
		got, reason := bridge.Speak(s)
		switch got {
		case bridge.Inside:
			inside++
		case bridge.Out:
			out++
		case bridge.Ask:
			ask++
		}
		want := !forbidden(s) && plain(s)
		if (got == bridge.Out) != want || reason == "" || got == bridge.Ask && !bridge.Told(reason) || got == bridge.Out && bridge.Told(reason) {
			t.Fatalf("%+v: %s %s, want out %v", s, got, reason, want)
		}
	}
	for _, actor := range []bridge.ActorKind{bridge.ActorPerson, bridge.ActorForeign, bridge.ActorBot, bridge.ActorSelf, ""} {
		for _, verb := range []bridge.Verb{bridge.VerbSay, bridge.VerbEdit, bridge.VerbNote, bridge.VerbReply, bridge.VerbUnknown} {
			for _, marker := range []bridge.Marker{bridge.MarkNone, bridge.MarkNote, bridge.MarkBang, bridge.MarkSlash, bridge.MarkLone, bridge.MarkColleagues} {
				for _, status := range []bridge.Status{bridge.StatusOpen, bridge.StatusPending, bridge.StatusSnoozed, bridge.StatusResolved, bridge.StatusClosed} {
					for bits := range 1 << 17 {
						bit := func(n int) bool { return bits>>n&1 == 1 }
						mode := "direct"
						if bit(13) {
							mode = "explicit"
						}
						try(bridge.Speech{Actor: actor, Verb: verb, Marker: marker, Status: status, ReplyMode: mode,
							IsAgent: bit(0), MayReply: bit(1), Explicit: bit(2), MentionsBot: bit(3), Mentions: bit(4), HasText: bit(5), HasFiles: bit(6),
							Watch: bit(7), AnyAgent: bit(8), Assigned: bit(9), IsAssignee: bit(10), AfterInner: bit(11), Confirm: bit(12), Moved: bit(14), Automatic: bit(15), Colleague: bit(16)})
					}
				}
			}
		}
	}
	if inside == 0 || out == 0 || ask == 0 || inside+out+ask != 5*5*6*5<<17 {
		t.Errorf("%d combinations stay inside, %d leave, %d ask", inside, out, ask)
	}
	if d, _ := bridge.Speak(bridge.Speech{}); d != bridge.Inside {
		t.Errorf("nothing is known, and it is %s", d)
	}
}
