package engine_test

import (
	"slices"
	"testing"

	"parley/channels/channelstest"
)

// resolveFirstMail lets Kim's first mail become a conversation, with Lee in copy, and resolves it. It returns the mail's id.
func (w *world) resolveFirstMail() string {
	w.t.Helper()
	first := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test"}, Subject: "One", Text: "first"})
	w.chat.Say("ann", support, w.waitThread("first"), "!resolve")
	w.eventually("it is resolved", func() bool { return w.count(`SELECT count(*) FROM conversations WHERE status = 'resolved'`) == 1 })
	return first
}

// previousOf is the number of the conversation that one continues, or 0.
func (w *world) previousOf(id int) int {
	return w.count(`SELECT coalesce(previous_id, 0) FROM conversations WHERE id = $1`, id)
}

// answer sends a reply in the thread of a text, and returns to whom it went.
func (w *world) answer(text string) []string {
	w.t.Helper()
	n := len(w.provider.Sent())
	w.reply(w.waitThread(text), "About "+text)
	return w.waitSent(n + 1)[n].To
}

// After the end of a customer's conversation somebody answers to whom the customer has passed a mail on. That begins a
// conversation of its own: what the customer writes afterwards continues hers, and is answered to her. A conversation that an
// earlier version linked takes no words of hers, either.
func TestStrangersMailAfterTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: map[string]string{"reply_after_resolve": "new_linked"}})
	first := w.resolveFirstMail()
	w.customerSends(mail, channelstest.Event{From: "mia@y.test", Text: "by Mia", Quoted: "what Ann wrote", References: []string{first}})
	w.waitThread("by Mia")
	if n := w.previousOf(2); n != 0 {
		t.Errorf("Mia's conversation continues #%d, want none", n)
	}
	w.exec(`UPDATE conversations SET previous_id = 1 WHERE id = 2`)

	second := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Text: "by Kim", References: []string{first}})
	if to, want := w.answer("by Kim"), []string{"kim@x.test"}; !slices.Equal(to, want) {
		t.Errorf("Kim's words were answered to %q, want %q\n%s", to, want, w.dump())
	}
	if n := w.previousOf(3); n != 1 {
		t.Errorf("Kim's conversation continues #%d, want her first one", n)
	}

	w.customerSends(mail, channelstest.Event{From: "mia@y.test", Text: "Mia again", References: []string{first}})
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Text: "Kim again", References: []string{first}})
	w.customerSends(mail, channelstest.Event{From: "zoe@z.test", Text: "by Zoe", References: []string{second, first}})
	for text, same := range map[string]string{"Mia again": "by Mia", "Kim again": "by Kim", "by Zoe": "by Kim"} {
		if w.waitThread(text) != w.waitThread(same) {
			t.Errorf("%q doesn't stand in the thread of %q\n%s", text, same, w.dump())
		}
	}
	if to, want := w.answer("Kim again"), []string{"kim@x.test"}; !slices.Equal(to, want) {
		t.Errorf("after a stranger's mail the answer went to %q, want %q", to, want)
	}
}

// After the end a colleague writes, who was in copy, and begins what continues the conversation. The customer, who takes no
// part in that, gets a continuation of her own.
func TestColleaguesMailAfterTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: map[string]string{"reply_after_resolve": "new_linked"}})
	first := w.resolveFirstMail()
	w.customerSends(mail, channelstest.Event{From: "lee@x.test", Text: "by Lee", References: []string{first}})
	w.waitThread("by Lee")
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Text: "by Kim", References: []string{first}})
	if to, want := w.answer("by Kim"), []string{"kim@x.test"}; !slices.Equal(to, want) {
		t.Errorf("Kim's words were answered to %q, want %q\n%s", to, want, w.dump())
	}
	wantEqual(t, "the conversation that Lee's continues", w.previousOf(2), 1)
	wantEqual(t, "the conversation that Kim's continues", w.previousOf(3), 1)
	if next := w.annsFacts().Next; next != 3 {
		t.Errorf("the first one leads to #%d, want the newest", next)
	}

	w.customerSends(mail, channelstest.Event{From: "lee@x.test", Cc: []string{"kim@x.test"}, Text: "Lee again", References: []string{first}})
	if w.waitThread("Lee again") != w.waitThread("by Lee") {
		t.Errorf("Lee's words don't stand in his thread\n%s", w.dump())
	}
}

// passMailOn lets Kim's conversation end, and Mia, to whom Kim passed a mail on, answer with what becomes #2. It returns the ids that
// the next mails refer to: of Mia's mail, and of Kim's.
func (w *world) passMailOn() []string {
	w.t.Helper()
	first := w.resolveFirstMail()
	mias := w.customerSends(mail, channelstest.Event{From: "mia@y.test", Text: "by Mia", Quoted: "what Ann wrote", References: []string{first}})
	w.waitThread("by Mia")
	if n := w.previousOf(2); n != 0 {
		w.t.Fatalf("Mia's conversation continues #%d, want none", n)
	}
	return []string{mias, first}
}

// Mia's next mail still carries the token of Kim's conversation, which Kim's mail brought along. It stands in Mia's own
// conversation, whether Kim's is over or Kim has gone on.
func TestStrangersMailWithTheToken(t *testing.T) {
	t.Parallel()
	for name, kimGoesOn := range map[string]bool{"Kim's is over": false, "Kim has gone on": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{settings: map[string]string{"reply_after_resolve": "new_linked"}})
			refs := w.passMailOn()
			if kimGoesOn {
				w.customerSends(mail, channelstest.Event{From: "kim@x.test", Text: "by Kim", References: refs[1:], Conversation: 1})
				w.waitThread("by Kim")
			}

			w.customerSends(mail, channelstest.Event{From: "mia@y.test", Text: "Mia again", References: refs, Conversation: 1})
			if w.waitThread("Mia again") != w.waitThread("by Mia") {
				t.Errorf("Mia's words don't stand in her thread\n%s", w.dump())
			}
			if to, want := w.answer("Mia again"), []string{"mia@y.test"}; !slices.Equal(to, want) {
				t.Errorf("Mia's words were answered to %q, want %q", to, want)
			}
		})
	}
}

// A colleague answers Mia in the mailbox, with a mail that carries the token of Kim's conversation, too: it is Mia who was answered.
func TestStrangerAnsweredInTheMailbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: map[string]string{"reply_after_resolve": "new_linked"}})
	refs := w.passMailOn()
	if n := w.countWaiting(); n != 1 {
		t.Fatalf("%d customers wait, want Mia alone", n)
	}

	w.postEvents(mail, channelstest.Event{Type: "foreign", ID: "sent-1", To: []string{"mia@y.test"}, Text: "Dear Mia", References: refs, Conversation: 1})
	if m := w.waitShown("Dear Mia"); m.Thread != w.waitThread("by Mia") {
		t.Errorf("the answer doesn't stand in Mia's thread\n%s", w.dump())
	}
	if n := w.countWaiting(); n != 0 {
		t.Errorf("Mia still waits\n%s", w.dump())
	}
}
