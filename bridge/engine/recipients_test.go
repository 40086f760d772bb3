package engine_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels/channelstest"
	"parley/store"
)

// addresses returns the addresses of people.
func addresses(list []bridge.PartyRef) []string {
	var all []string
	for _, p := range list {
		all = append(all, p.Address)
	}
	return all
}

// annsFacts returns what forms and cards show to Ann of the conversation that was opened first.
func (w *world) annsFacts() bridge.Facts {
	w.t.Helper()
	return must(w.engines[0].Desk(w.surface).Facts(w.t.Context(), 1, "ann"))(w.t)
}

// recipients of a reply: the people it is addressed to, those in copy, and those who wait until an agent allows them.
type recipients struct{ to, cc, waiting []string }

// wantRecipients checks the recipients that are shown for a conversation, and that a reply with this text goes to them.
func (w *world) wantRecipients(thread, text string, want recipients) {
	w.t.Helper()
	w.waitDrained()
	shown := w.annsFacts().Recipients
	wantList(w.t, fmt.Sprintf("recipients that are shown before %q", text), addresses(shown.To), want.to)
	wantList(w.t, fmt.Sprintf("copies that are shown before %q", text), addresses(shown.Cc), want.cc)
	wantList(w.t, fmt.Sprintf("who waits to be allowed before %q", text), addresses(shown.Waiting), want.waiting)
	n := len(w.provider.Sent())
	w.reply(thread, text)
	wantSentTo(w.t, w.waitSent(n + 1)[n], addresses(shown.To), addresses(shown.Cc))
}

// A reply goes to the recipients that are shown: not to a newcomer whom nobody has allowed, nor to a customer whom !to
// replaced. Saving the same recipients changes nothing and allows nobody.
func TestRecipientsShownAreThoseSentTo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	first := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test"}, Subject: "One", Text: "first"})
	thread := w.waitThread("first")
	w.wantRecipients(thread, "A", recipients{to: []string{"kim@x.test"}, cc: []string{"lee@x.test"}})

	// A newcomer waits to be allowed, also when the recipients are saved as they are.
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test", "spy@y.test"}, Text: "second",
		References: []string{first}})
	w.waitLine(thread, bridge.LineParticipant)
	withSpy := recipients{to: []string{"kim@x.test"}, cc: []string{"lee@x.test"}, waiting: []string{"spy@y.test"}}
	w.wantRecipients(thread, "B", withSpy)
	w.chat.Say("ann", support, thread, "!to kim@x.test")
	w.waitWhisper("ann", "[unchanged]")
	w.wantRecipients(thread, "C", withSpy)
	if n := w.countLines(thread, bridge.LineRecipients); n != 0 {
		t.Errorf("%d lines tell of recipients that did not change", n)
	}

	// Another recipient takes the customer's place.
	w.chat.Say("ann", support, thread, "!to lee@x.test")
	w.waitLine(thread, bridge.LineRecipients)
	w.wantRecipients(thread, "D", recipients{to: []string{"lee@x.test"}, waiting: []string{"spy@y.test"}})
}

// A mail that came to us as a blind copy is answered to its sender only. A reply to the others would tell them that we
// got it.
func TestBlindCopyIsAnsweredToItsSender(t *testing.T) {
	t.Parallel()
	checkOnlySenderIsAnswered(t, newWorld(t, options{}), channelstest.Event{Blind: true})
}

// checkOnlySenderIsAnswered checks that a customer's first mail is answered to her alone, until an agent adds the person
// in copy.
func checkOnlySenderIsAnswered(t *testing.T, w *world, e channelstest.Event) {
	t.Helper()
	e.From, e.Cc, e.Subject, e.Text = "kim@x.test", []string{"lee@x.test"}, "One", "first"
	w.customerSends(mail, e)
	thread := w.waitThread("first")
	w.wantRecipients(thread, "A", recipients{to: []string{"kim@x.test"}})
	if got := addresses(w.annsFacts().Recipients.Copied); !slices.Equal(got, []string{"lee@x.test"}) {
		t.Errorf("agents see %q in copy, want Lee", got)
	}
	wantEqual(t, "lines that ask about a person who is never answered", w.countLines(thread, bridge.LineParticipant), 0)
	w.chat.Say("ann", support, thread, "!cc lee@x.test")
	w.waitLine(thread, bridge.LineRecipients)
	w.wantRecipients(thread, "B", recipients{to: []string{"kim@x.test"}, cc: []string{"lee@x.test"}})
}

// A newcomer answers a mail to all, with the customer in copy. Until an agent allows the newcomer, replies go to the
// customer as before. That holds also where only the sender of a mail is answered (requirement R-257).
func TestNewcomerAnswersToAll(t *testing.T) {
	t.Parallel()
	for _, replyTo := range []string{"all", "sender"} {
		t.Run("reply_to: "+replyTo, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{settings: map[string]string{"reply_to": replyTo}})
			first := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test"}, Subject: "One", Text: "first"})
			thread := w.waitThread("first")
			w.chat.Say("ann", support, thread, "!cc lee@x.test") // which changes nothing where all are answered
			copied := []string{"lee@x.test"}
			w.wantRecipients(thread, "A", recipients{to: []string{"kim@x.test"}, cc: copied})

			toAll := channelstest.Event{From: "mia@y.test", Cc: []string{"kim@x.test", "lee@x.test"}, Text: "second", References: []string{first}}
			w.customerSends(mail, toAll)
			line := w.waitLine(thread, bridge.LineParticipant)
			page := w.inboxPage()
			wantNewest := func(when, address string, isStranger bool) {
				t.Helper()
				list := must(page.inbox.ReadSpoken(t.Context(), page.agents["ann"], 1, bridge.SpokenBefore{}))(t).List
				at := slices.IndexFunc(list, func(s bridge.SpokenMessage) bool { return s.Text == "second" })
				wantEqual(t, when+": the address beside her name", list[at].Address, address)
				wantEqual(t, when+": whether she is new", list[at].Stranger, isStranger)
			}
			wantNewest("before", "mia@y.test", true)
			w.wantRecipients(thread, "B", recipients{to: []string{"kim@x.test"}, cc: copied, waiting: []string{"mia@y.test"}})
			wantEqual(t, "the mail that is answered", w.waitSent(2)[1].InReplyTo, first)

			w.chat.Press(t, "ann", line, bridge.VerbAllow)
			w.waitOutcome(line, bridge.OutcomeAllowed)
			wantNewest("once she is allowed", "", false)
			w.wantRecipients(thread, "C", recipients{to: []string{"mia@y.test", "kim@x.test"}, cc: copied})
		})
	}
}

// An automatic mail doesn't change who gets replies, whoever it is from and whomever it has in copy.
func TestMachineChangesNoRecipients(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	first := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test"}, Subject: "One", Text: "first"})
	thread := w.waitThread("first")
	for _, from := range []string{"kim@x.test", "robot@x.test"} {
		w.customerSends(mail, channelstest.Event{From: from, Cc: []string{"all@x.test"}, Text: "away, says " + from, Automatic: "auto-replied",
			References: []string{first}})
		w.waitShown("away, says " + from)
	}
	w.wantRecipients(thread, "A", recipients{to: []string{"kim@x.test"}, cc: []string{"lee@x.test"}})
	wantEqual(t, "the mail that is answered", w.waitSent(1)[0].InReplyTo, first)
}

// A reply was addressed to Bob alone, and a mail with the customer comes in its hold: it fails, since it would also reach
// her. It leaves if an agent has added her.
func TestNotForOthersAsWell(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mail  channelstest.Event // it comes in the hold; none if From is empty
		typed string             // a command that is typed in the hold
		want  store.Fate
		hint  string // what the line offers if it failed
	}{
		"the customer writes, with Bob in copy": {
			mail: channelstest.Event{From: "kim@x.test", Cc: []string{"bob@x.test"}}, want: "failed", hint: "!to bob@x.test",
		},
		"Bob writes, with the customer in copy": {
			mail: channelstest.Event{From: "bob@x.test", Cc: []string{"kim@x.test"}}, want: "failed", hint: "!cc -kim@x.test",
		},
		"an agent gives her a copy": {typed: "!cc kim@x.test", want: "out"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{hold: time.Hour})
			question, thread := w.askByMail("Where is my refund?")
			w.reply(thread, "!to bob@x.test")
			w.waitLine(thread, bridge.LineRecipients)
			reply := w.replyInHold(thread, "Between us, Bob: she gets none")
			if c.mail.From != "" {
				c.mail.Text, c.mail.References = "Any news?", []string{question}
				w.customerSends(mail, c.mail)
			} else {
				w.reply(thread, c.typed)
			}
			w.eventually("the recipients have changed", func() bool { return w.countLines(thread, bridge.LineRecipients) == 2 })

			w.advance(2 * time.Hour)
			w.waitFate(reply, c.want)
			if c.want == "failed" {
				wantWords(t, "the line", w.waitLine(thread, bridge.LineFailed).Plain(), "would also reach kim@x.test", c.hint)
				w.wantNothingSent()
			}
		})
	}
}

// A mail in the hold of a reply changes the recipients: the reply fails, since it wouldn't reach the person that it was
// typed for. A held reply doesn't leave after its author was retired.
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
	wantWords(t, "the line", line.Plain(), "would not reach kim@x.test")
	w.chat.Press(t, "ann", line, bridge.VerbSendAgain)
	wantList(t, "whom it goes to by a click", w.provider.WaitTexts(t, "For Kim")[0].To, []string{"lee@x.test"})

	// An agent is taken out while a reply is held.
	late := w.reply(thread, "Bye")
	w.waitFate(late, "waiting")
	check(t, store.RetireAgent(t.Context(), w.pool, w.agents["ann"]))
	w.reloadEngines()
	w.advance(2 * time.Hour)
	w.waitFate(late, "failed")
	w.provider.WaitTexts(t, "For Kim")
}
