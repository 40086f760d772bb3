package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels/channelstest"
	"parley/store"
)

// addresses of people, as they are shown.
func addresses(list []bridge.PartyRef) []string {
	var all []string
	for _, p := range list {
		all = append(all, p.Address)
	}
	return all
}

// annsFacts are what forms and cards show to Ann of the conversation that was opened first.
func (w *world) annsFacts() bridge.Facts {
	w.t.Helper()
	return must(w.engines[0].Desk(w.surface).Facts(w.t.Context(), 1, "ann"))(w.t)
}

// wantRecipients sends a reply and compares its recipients with those that are shown before.
func (w *world) wantRecipients(thread, text string, to, cc, waiting []string) {
	w.t.Helper()
	w.waitDrained()
	f := w.annsFacts()
	if !slices.Equal(addresses(f.Recipients.To), to) || !slices.Equal(addresses(f.Recipients.Cc), cc) || !slices.Equal(addresses(f.Recipients.Waiting), waiting) {
		w.t.Errorf("before %q: shown to %q, copy %q, waiting %q; want %q, %q, %q", text, f.Recipients.To, f.Recipients.Cc, f.Recipients.Waiting, to, cc, waiting)
	}
	n := len(w.provider.Sent())
	w.reply(thread, text)
	if m := w.waitSent(n + 1)[n]; !slices.Equal(m.To, addresses(f.Recipients.To)) || !slices.Equal(m.Cc, addresses(f.Recipients.Cc)) {
		w.t.Errorf("%q went to %q, copy %q; shown were %q and %q", text, m.To, m.Cc, f.Recipients.To, f.Recipients.Cc)
	}
}

// What is shown of a mail's recipients is what is sent: no newcomer who is not allowed yet, no
// customer whom !to replaced. Saving the same recipients changes nothing and allows nobody.
func TestRecipientsShownAreThoseSentTo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	first := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test"}, Subject: "One", Text: "first"})
	thread := w.waitThread("first")
	w.wantRecipients(thread, "A", []string{"kim@x.test"}, []string{"lee@x.test"}, nil)
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test", "spy@y.test"}, Text: "second", References: []string{first}})
	w.waitLine(thread, bridge.LineParticipant)
	w.wantRecipients(thread, "B", []string{"kim@x.test"}, []string{"lee@x.test"}, []string{"spy@y.test"})
	w.chat.Say("ann", support, thread, "!to kim@x.test")
	w.waitWhisper("ann", "[unchanged]")
	w.wantRecipients(thread, "C", []string{"kim@x.test"}, []string{"lee@x.test"}, []string{"spy@y.test"})
	if n := w.countLines(thread, bridge.LineRecipients); n != 0 {
		t.Errorf("%d lines tell of recipients that did not change", n)
	}
	w.chat.Say("ann", support, thread, "!to lee@x.test")
	w.waitLine(thread, bridge.LineRecipients)
	w.wantRecipients(thread, "D", []string{"lee@x.test"}, nil, []string{"spy@y.test"})
}

// What is shown for forms tells Parley's time, from which what people choose there is meant.
func TestFactsTellParleysTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.openThread()
	before := w.annsFacts().Now
	w.advance(48 * time.Hour)
	if now := w.annsFacts().Now; now.Sub(before) < 48*time.Hour {
		t.Errorf("after two days it is %s, and was %s", now, before)
	}
}

// Who is left out of the copy by the customer is named.
func TestWhoDropsOutOfTheCopyIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	first := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test", "mia@x.test"}, Subject: "One", Text: "first"})
	thread := w.waitThread("first")
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"mia@x.test"}, Text: "second", References: []string{first}})
	if line := w.waitLine(thread, bridge.LineRecipients).Plain(); !strings.Contains(line, "without lee@x.test") || strings.Contains(line, "without mia") {
		t.Errorf("the line says %q, want who got no reply any more", line)
	}
}

// With reply_to: sender people in copy get no reply, but agents see that they read along, and may
// answer them after all.
func TestCopyIsShownWhereOnlyTheSenderIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: map[string]string{"reply_to": "sender"}})
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test"}, Subject: "One", Text: "first"})
	thread := w.waitThread("first")
	w.wantRecipients(thread, "A", []string{"kim@x.test"}, nil, nil)
	if got := addresses(w.annsFacts().Recipients.Copied); !slices.Equal(got, []string{"lee@x.test"}) {
		t.Errorf("agents see %q in copy, want Lee", got)
	}
	if w.countLines(thread, bridge.LineParticipant) != 0 {
		t.Error("somebody is asked about a person who is never answered")
	}
	w.chat.Say("ann", support, thread, "!cc lee@x.test")
	w.waitLine(thread, bridge.LineRecipients)
	w.wantRecipients(thread, "B", []string{"kim@x.test"}, []string{"lee@x.test"}, nil)
}

// replies go to whom the last mail names; who is new waits for a click.
func TestParticipants(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	first := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test"}, Subject: "One", Text: "first"})
	thread := w.waitThread("first")
	w.reply(thread, "A")
	sent := w.provider.WaitTexts(t, "A")
	if !slices.Equal(sent[0].To, []string{"kim@x.test"}) || !slices.Equal(sent[0].Cc, []string{"lee@x.test"}) || sent[0].InReplyTo != first {
		t.Errorf("sent to %v, copy %v, answering %q", sent[0].To, sent[0].Cc, sent[0].InReplyTo)
	}
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test", "spy@y.test"}, Text: "second", References: []string{first}})
	line := w.waitLine(thread, bridge.LineParticipant)
	w.reply(thread, "B")
	if sent = w.provider.WaitTexts(t, "A", "B"); !slices.Equal(sent[1].Cc, []string{"lee@x.test"}) {
		t.Errorf("a newcomer got a reply: %v, want %v", sent[1].Cc, []string{"lee@x.test"})
	}
	w.chat.Press(t, "ann", line, bridge.VerbAllow)
	w.waitLine(thread, bridge.LineRecipients)
	if got := w.waitOutcome(line, bridge.OutcomeAllowed); buttonVerbs(got) != "" || !strings.HasSuffix(got.Plain(), "Ann") {
		t.Errorf("once it was allowed, the line says %q with the buttons %s", got.Text, buttonVerbs(got))
	}
	w.reply(thread, "C")
	if sent = w.provider.WaitTexts(t, "A", "B", "C"); !slices.Equal(sent[2].Cc, []string{"lee@x.test", "spy@y.test"}) {
		t.Errorf("after the click the copy is %v, want %v", sent[2].Cc, []string{"lee@x.test", "spy@y.test"})
	}
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test", "mia@y.test"}, Text: "third", References: []string{first}})
	line = waitMessage(t, w.chat, support, thread, "[participant]", "mia@y.test")
	w.chat.Say("ben", support, thread, "!allow mia@y.test")
	if got := w.waitOutcome(line, bridge.OutcomeAllowed); !strings.HasSuffix(got.Plain(), "Ben") {
		t.Errorf("allowed by a typed command, the line says %q", got.Text)
	}
}

// Somebody new answers a mail to all, with the customer in copy. Until an agent allows the newcomer, replies go on to the
// customer, also where only the sender of a mail is answered. R-257
func TestNewcomerAnswersToAll(t *testing.T) {
	t.Parallel()
	for _, replyTo := range []string{"all", "sender"} {
		w := newWorld(t, options{settings: map[string]string{"reply_to": replyTo}})
		first := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test"}, Subject: "One", Text: "first"})
		thread := w.waitThread("first")
		w.chat.Say("ann", support, thread, "!cc lee@x.test") // which changes nothing where all are answered
		copied := []string{"lee@x.test"}
		w.wantRecipients(thread, "A", []string{"kim@x.test"}, copied, nil)
		toAll := channelstest.Event{From: "mia@y.test", Cc: []string{"kim@x.test", "lee@x.test"}, Text: "second", References: []string{first}}
		w.customerSends(mail, toAll)
		line := w.waitLine(thread, bridge.LineParticipant)
		w.wantRecipients(thread, "B", []string{"kim@x.test"}, copied, []string{"mia@y.test"})
		w.chat.Press(t, "ann", line, bridge.VerbAllow)
		w.waitOutcome(line, bridge.OutcomeAllowed)
		w.wantRecipients(thread, "C", []string{"mia@y.test", "kim@x.test"}, copied, nil)
	}
}

// The form of a reply changes who gets it and what follows. Handed in as it was opened it changes
// nobody, also when somebody joined while it was open; handed in again it counts as it is then.
func TestReplyFormChangesRecipients(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	first := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test"}, Subject: "One", Text: "first"})
	thread := w.waitThread("first")
	w.waitDrained()
	form := func(name string, to, cc []string) bridgetest.Button {
		b := formOf(bridge.VerbReply)
		b.Form, b.Args = name, bridge.Args{Conversation: b.Args.Conversation, ReplyArgs: bridge.ReplyArgs{To: to, Cc: cc, Shown: bridge.RecipientsMark([]string{"kim@x.test"}, []string{"lee@x.test"})}}
		return b
	}
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test", "spy@y.test"}, Text: "second", References: []string{first}})
	w.waitLine(thread, bridge.LineParticipant)
	n := 0
	hands := func(b bridgetest.Button, text string, to, cc []string) {
		t.Helper()
		w.chat.Submit("ann", support, thread, b, text)
		n++
		if m := w.waitSent(n)[n-1]; m.Text != text || !slices.Equal(m.To, to) || !slices.Equal(m.Cc, cc) {
			t.Errorf("%q went to %q, copy %q; want %q and %q", m.Text, m.To, m.Cc, to, cc)
		}
		w.waitDrained()
	}
	hands(form("f1", []string{"Kim@x.test"}, []string{"lee@x.test"}), "unchanged", []string{"kim@x.test"}, []string{"lee@x.test"})
	if lines := w.countLines(thread, bridge.LineRecipients); lines != 0 {
		t.Errorf("%d lines tell of recipients that did not change", lines)
	}
	hands(form("f2", []string{"kim@x.test", "mia@x.test"}, nil), "changed", []string{"kim@x.test", "mia@x.test"}, nil)
	w.wantRecipients(thread, "typed", []string{"kim@x.test", "mia@x.test"}, nil, []string{"spy@y.test"})
	n++
	hands(form("f3", []string{"kim@x.test"}, []string{"spy@y.test"}), "named is allowed", []string{"kim@x.test"}, []string{"spy@y.test"})
	w.chat.Submit("ann", support, thread, form("f3", []string{"kim@x.test"}, []string{"lee@x.test"}), "and as it was opened")
	w.waitLine(thread, bridge.LineAsk)
	w.waitDrained()
	if got, want := addresses(w.annsFacts().Recipients.Cc), []string{"lee@x.test"}; !slices.Equal(got, want) {
		t.Errorf("handed in again, the form shows Lee in copy; shown are %q, want %q", got, want)
	}
}

// Somebody else answers while a form is open that shows the customer: what is handed in there goes to whom it shows, not to
// whom the agent didn't see as its recipient.
func TestReplyFormGoesToWhomItShows(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	first := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test"}, Subject: "One", Text: "first"})
	thread := w.waitThread("first")
	form := formOf(bridge.VerbReply)
	shown := bridge.ReplyArgs{To: []string{"kim@x.test"}, Cc: []string{"lee@x.test"}, Shown: bridge.RecipientsMark([]string{"kim@x.test"}, []string{"lee@x.test"})}
	form.Form, form.Args = "f1", bridge.Args{Conversation: form.Args.Conversation, ReplyArgs: shown}
	w.customerSends(mail, channelstest.Event{From: "lee@x.test", Text: "second", References: []string{first}})
	w.waitLine(thread, bridge.LineRecipients)
	w.chat.Submit("ann", support, thread, form, "For Kim")
	if m := w.waitSent(1)[0]; !slices.Equal(m.To, []string{"kim@x.test"}) || !slices.Equal(m.Cc, []string{"lee@x.test"}) {
		t.Errorf("%q went to %q, copy %q", m.Text, m.To, m.Cc)
	}
	w.eventually("it is told", func() bool { return w.countLines(thread, bridge.LineRecipients) == 2 })
}

// Who gets replies is named when a mail changes it.
func TestRecipientsAreNamedWhenTheyChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	first := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test"}, Subject: "One", Text: "first"})
	thread := w.waitThread("first")
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test"}, Text: "second", References: []string{first}})
	w.waitShown("second")
	w.waitDrained()
	if n := w.countLines(thread, bridge.LineRecipients); n != 0 {
		t.Errorf("%d lines though nothing changed, want none", n)
	}
	w.customerSends(mail, channelstest.Event{From: "lee@x.test", Text: "third", References: []string{first}})
	to, without, _ := strings.Cut(w.waitLine(thread, bridge.LineRecipients).Plain(), "without")
	if !strings.Contains(to, "lee@x.test") || strings.Contains(to, "kim@x.test") || strings.TrimSpace(without) != "kim@x.test" {
		t.Errorf("the line says replies go to %q, without %q", to, without)
	}
}

// A mail with very many new recipients makes one line, not one for each.
func TestManyNewcomers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	first := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "One", Text: "first"})
	thread := w.waitThread("first")
	var many []string
	for i := range 500 {
		many = append(many, "someone"+string(rune('a'+i%26))+string(rune('a'+i/26))+"@elsewhere.test")
	}
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Text: "second", References: []string{first}, Cc: many})
	w.waitShown("second")
	w.waitLine(thread, bridge.LineParticipant)
	w.waitDrained()
	if n := w.countLines(thread, bridge.LineParticipant); n > 10 {
		t.Errorf("%d lines, want at most 10", n)
	}
	if n := w.count(`SELECT count(*) FROM quarantine`); n != 0 {
		t.Errorf("%d events in quarantine, want none", n)
	}
}

// A reply does not go to others than it was typed for because a mail came in its hold
// (the check for the wrong customer); one whose author was retired does not leave.
func TestNotForOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	first := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test"}, Subject: "One", Text: "first"})
	thread := w.waitThread("first")
	reply := w.reply(thread, "For Kim")
	w.waitFate(reply, "waiting")
	w.customerSends(mail, channelstest.Event{From: "lee@x.test", Text: "second", References: []string{first}})
	w.waitLine(thread, bridge.LineRecipients)
	w.advance(2 * time.Hour)
	w.waitFate(reply, "failed")
	line := w.waitLine(thread, bridge.LineFailed)
	if !strings.Contains(line.Plain(), "kim@x.test") {
		t.Errorf("the line says %q", line.Plain())
	}
	w.chat.Press(t, "ann", line, bridge.VerbSendAgain)
	if sent := w.provider.WaitTexts(t, "For Kim"); len(sent[0].To) != 1 || sent[0].To[0] != "lee@x.test" {
		t.Errorf("sent to %v", sent[0].To)
	}
	late := w.reply(thread, "Bye")
	w.waitFate(late, "waiting")
	check(t, store.RetireAgent(t.Context(), w.pool, w.agents["ann"]))
	w.reloadEngines()
	w.advance(2 * time.Hour)
	w.waitFate(late, "failed")
	w.provider.WaitTexts(t, "For Kim")
}
