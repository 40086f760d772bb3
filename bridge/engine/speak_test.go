package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/bridge/engine"
)

// reply is a text that goes out: an assignee's, in an open conversation.
func reply() engine.Speech {
	return engine.Speech{Actor: bridge.ActorPerson, IsAgent: true, MayReply: true, Verb: bridge.VerbSay, HasText: true,
		Status: bridge.StatusOpen, ReplyMode: "direct", Assigned: true, IsAssignee: true}
}

// Each way in which a reply differs from a plain one, and what becomes of it.
//
func TestSpeakReasons(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*engine.Speech)
		want   engine.Decision
		reason string
		told   bool
	}{
		{"an assignee's text", func(*engine.Speech) {}, engine.Out, "assignee", false},
		{"the first text claims", func(s *engine.Speech) { s.Assigned, s.IsAssignee = false, false }, engine.Out, "claims", false},
		{"text with a file", func(s *engine.Speech) { s.HasFiles = true }, engine.Out, "assignee", false},
		{"anybody's, where anybody may", func(s *engine.Speech) { s.IsAssignee, s.AnyAgent = false, true }, engine.Out, "assignee", false},
		{"while it is pending", func(s *engine.Speech) { s.Status = bridge.StatusPending }, engine.Out, "assignee", false},
		{"while it is snoozed", func(s *engine.Speech) { s.Status = bridge.StatusSnoozed }, engine.Out, "assignee", false},
		{"explicitly", func(s *engine.Speech) { s.Explicit, s.MentionsBot = true, true }, engine.Out, "explicit", false},
		{"explicitly in explicit mode", func(s *engine.Speech) { s.Explicit, s.ReplyMode = true, "explicit" }, engine.Out, "explicit", false},
		{"explicitly by another agent", func(s *engine.Speech) { s.Explicit, s.IsAssignee = true, false }, engine.Out, "explicit", false},

		{"another app", func(s *engine.Speech) { s.Actor = bridge.ActorBot }, engine.Inside, "not_a_person", false},
		{"our own app", func(s *engine.Speech) { s.Actor = bridge.ActorSelf }, engine.Inside, "not_a_person", false},
		{"a guest", func(s *engine.Speech) { s.Actor = bridge.ActorForeign }, engine.Inside, "not_a_person", false},
		{"no agent", func(s *engine.Speech) { s.IsAgent = false }, engine.Inside, "not_an_agent", true},
		{"may not reply", func(s *engine.Speech) { s.MayReply = false }, engine.Inside, "may_not_reply", true},
		{"a note by form", func(s *engine.Speech) { s.Verb = bridge.VerbNote }, engine.Inside, "note", false},
		{"a note by marker", func(s *engine.Speech) { s.Marker = bridge.MarkNote }, engine.Inside, "note", false},
		{"mentions us", func(s *engine.Speech) { s.MentionsBot = true }, engine.Inside, "mentions_us", false},
		{"in a thread that was left", func(s *engine.Speech) { s.Moved, s.Explicit = true, true }, engine.Inside, "moved", true},
		{"explicitly, with a colleague", func(s *engine.Speech) { s.Explicit, s.Mentions = true, true }, engine.Ask, "reply_mentions", true},
		{"in a thread of automatic mail", func(s *engine.Speech) { s.Automatic, s.Explicit = true, true }, engine.Inside, "automatic", true},
		{"mentions a colleague", func(s *engine.Speech) { s.Mentions = true }, engine.Inside, "mentions_colleague", false},
		{"nothing", func(s *engine.Speech) { s.HasText = false }, engine.Inside, "empty", false},
		{"resolved", func(s *engine.Speech) { s.Status = bridge.StatusResolved }, engine.Inside, "not_open", true},
		{"closed", func(s *engine.Speech) { s.Status = bridge.StatusClosed }, engine.Inside, "not_open", true},
		{"explicitly, but resolved", func(s *engine.Speech) { s.Explicit, s.Status = true, bridge.StatusResolved }, engine.Inside, "not_open", true},
		{"the account watches", func(s *engine.Speech) { s.Watch = true }, engine.Inside, "watch", true},
		{"explicitly, but it watches", func(s *engine.Speech) { s.Explicit, s.Watch = true, true }, engine.Inside, "watch", true},
		{"explicit mode", func(s *engine.Speech) { s.ReplyMode = "explicit" }, engine.Inside, "explicit_mode", true},
		{"not the assignee", func(s *engine.Speech) { s.IsAssignee = false }, engine.Inside, "not_assignee", true},

		{"an unknown verb", func(s *engine.Speech) { s.Verb = bridge.VerbUnknown }, engine.Ask, "unknown_verb", true},
		{"! and a letter", func(s *engine.Speech) { s.Marker = bridge.MarkBang }, engine.Ask, "unknown_verb", true},
		{"/ and a letter", func(s *engine.Speech) { s.Marker = bridge.MarkSlash }, engine.Ask, "unknown_verb", true},
		{"a verb alone", func(s *engine.Speech) { s.Marker = bridge.MarkLone }, engine.Ask, "lone_verb", true},
		{"a word for colleagues", func(s *engine.Speech) { s.Marker = bridge.MarkColleagues }, engine.Ask, "for_colleagues", true},
		{"a colleague's name", func(s *engine.Speech) { s.Colleague = true }, engine.Ask, "names_colleague", true},
		{"a word for colleagues, explicitly", func(s *engine.Speech) { s.Marker, s.Colleague, s.Explicit = bridge.MarkColleagues, true, true }, engine.Out, "explicit", false},
		{"a word for colleagues, by another agent", func(s *engine.Speech) { s.Marker, s.IsAssignee = bridge.MarkColleagues, false }, engine.Inside, "not_assignee", true},
		{"a file alone", func(s *engine.Speech) { s.HasText, s.HasFiles = false, true }, engine.Ask, "file_alone", true},
		{"after a colleague's remark", func(s *engine.Speech) { s.AfterInner = true }, engine.Ask, "after_remark", true},
		{"confirm_send", func(s *engine.Speech) { s.Confirm = true }, engine.Ask, "confirm", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := reply()
			tt.change(&s)
			got, reason := engine.Speak(s)
			if got != tt.want || reason != tt.reason || engine.Told(reason) != tt.told {
				t.Errorf("%s %s told %v, want %s %s told %v", got, reason, engine.Told(reason), tt.want, tt.reason, tt.told)
			}
		})
	}
}

// forbidden says, apart from Speak, that a text must never leave (invariant 4).
func forbidden(s engine.Speech) bool {
	marked := s.Marker == bridge.MarkNote || s.Marker == bridge.MarkBang || s.Marker == bridge.MarkSlash
	command := s.Verb == bridge.VerbNote || s.Verb == bridge.VerbUnknown
	ended := s.Status == bridge.StatusResolved || s.Status == bridge.StatusClosed
	return s.Actor != bridge.ActorPerson || !s.IsAgent || !s.MayReply || s.Moved || s.Automatic || marked || command || ended || s.Watch ||
		!s.HasText && !s.HasFiles || s.Mentions || !s.Explicit && s.MentionsBot
}

// plain says, apart from Speak, that a permitted text needs no click: it was said to be a
// reply, or it is an ordinary text of somebody whose word it is to give.
func plain(s engine.Speech) bool {
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
	try := func(s engine.Speech) {
		got, reason := engine.Speak(s)
		switch got {
		case engine.Inside:
			inside++
		case engine.Out:
			out++
		case engine.Ask:
			ask++
		}
		want := !forbidden(s) && plain(s)
		if (got == engine.Out) != want || reason == "" || got == engine.Ask && !engine.Told(reason) || got == engine.Out && engine.Told(reason) {
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
						try(engine.Speech{Actor: actor, Verb: verb, Marker: marker, Status: status, ReplyMode: mode,
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
	if d, _ := engine.Speak(engine.Speech{}); d != engine.Inside {
		t.Errorf("nothing is known, and it is %s", d)
	}
}
