package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/channels/channelstest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// newLinkingConversations makes a world in which a mail that answers a resolved conversation begins a new one, which is
// linked to it.
func newLinkingConversations(t *testing.T) *world {
	t.Helper()
	return newWorld(t, options{settings: map[string]string{"reply_after_resolve": "new_linked"}})
}

// resolveFirstMail lets Kim's first mail become conversation #1, with Lee in copy, and resolves it. It returns the
// mail's id.
func (w *world) resolveFirstMail() string {
	w.t.Helper()
	first := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test"}, Subject: "One", Text: "first"})
	w.chat.Say("ann", support, w.waitThread("first"), "!resolve")
	w.eventually("it is resolved", func() bool { return w.count(`SELECT count(*) FROM conversations WHERE status = 'resolved'`) == 1 })
	return first
}

// answerAsMia lets Mia answer a mail that Kim has passed on to her, and waits until it is shown as #2. It returns the id
// of Mia's mail.
func (w *world) answerAsMia(first string) string {
	w.t.Helper()
	id := w.customerSends(mail, channelstest.Event{From: "mia@y.test", Text: "by Mia\n\n> first", References: []string{first}})
	w.waitThread("by Mia")
	return id
}

// previousOf returns the number of the conversation that another one continues, or 0.
func (w *world) previousOf(id int) int {
	w.t.Helper()
	return w.count(`SELECT coalesce(previous_id, 0) FROM conversations WHERE id = $1`, id)
}

// wantAnsweredTo sends a reply in the thread of a text, and checks that only one address gets it.
func (w *world) wantAnsweredTo(text, address string) {
	w.t.Helper()
	n := len(w.provider.Sent())
	w.reply(w.waitThread(text), "About "+text)
	wantList(w.t, "who gets the answer to "+text, w.waitSent(n + 1)[n].To, []string{address})
}

// wantInThreadOf checks that a text is shown in the same thread as an earlier one.
func (w *world) wantInThreadOf(earlier, text string) {
	w.t.Helper()
	if got, want := w.waitThread(text), w.waitThread(earlier); got != want {
		w.t.Errorf("%q stands in thread %s, want it in %s, that of %q\n%s", text, got, want, earlier, w.dump())
	}
}

// After Kim's conversation has ended, Mia answers a mail that Kim has passed on to her. That begins a conversation of
// Mia's own, which doesn't continue Kim's.
func TestStrangersMailAfterTheEndContinuesNothing(t *testing.T) {
	t.Parallel()
	w := newLinkingConversations(t)
	first := w.resolveFirstMail()
	w.answerAsMia(first)
	wantEqual(t, "the conversation that Mia's continues", w.previousOf(2), 0)
}

// An earlier version of Parley linked Mia's conversation to Kim's. The mails of each still go to their own conversation,
// and are answered there.
func TestStrangersLinkedConversationStaysHerOwn(t *testing.T) {
	t.Parallel()
	w := newLinkingConversations(t)
	first := w.resolveFirstMail()
	w.answerAsMia(first)
	w.exec(`UPDATE conversations SET previous_id = 1 WHERE id = 2`) // as an earlier version linked it

	second := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Text: "by Kim", References: []string{first}})
	w.wantAnsweredTo("by Kim", "kim@x.test")
	wantEqual(t, "the conversation that Kim's new one continues", w.previousOf(3), 1)

	w.customerSends(mail, channelstest.Event{From: "mia@y.test", Text: "Mia again", References: []string{first}})
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Text: "Kim again", References: []string{first}})
	w.customerSends(mail, channelstest.Event{From: "zoe@z.test", Text: "by Zoe", References: []string{second, first}})
	w.wantInThreadOf("by Mia", "Mia again")
	w.wantInThreadOf("by Kim", "Kim again")
	w.wantInThreadOf("by Kim", "by Zoe") // it answers a mail of Kim's open conversation
	w.wantAnsweredTo("Kim again", "kim@x.test")
}

// After the end Lee, who was in copy, writes and begins a conversation that continues Kim's. Kim takes no part in that
// one, so Kim's next mail begins another one, which continues the first, too.
func TestColleaguesMailAfterTheEnd(t *testing.T) {
	t.Parallel()
	w := newLinkingConversations(t)
	first := w.resolveFirstMail()
	w.customerSends(mail, channelstest.Event{From: "lee@x.test", Text: "by Lee", References: []string{first}})
	w.waitThread("by Lee")

	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Text: "by Kim", References: []string{first}})
	w.wantAnsweredTo("by Kim", "kim@x.test")
	wantEqual(t, "the conversation that Lee's continues", w.previousOf(2), 1)
	wantEqual(t, "the conversation that Kim's continues", w.previousOf(3), 1)
	wantEqual(t, "the conversation to which the first one leads, the newest", w.annsFacts().Next, 3)

	w.customerSends(mail, channelstest.Event{From: "lee@x.test", Cc: []string{"kim@x.test"}, Text: "Lee again", References: []string{first}})
	w.wantInThreadOf("by Lee", "Lee again")
}

// A conversation was continued very often. An answer to its first mail continues the last of the chain, and the next
// answer goes to the same conversation.
func TestLongChainOfConversations(t *testing.T) {
	t.Parallel()
	w := newLinkingConversations(t)
	first := w.resolveFirstMail()
	w.exec(`INSERT INTO conversations (id, account_id, identity_id, team_id, status, participants, previous_id,
		last_at, resolved_at, created_at)
		SELECT nextval('conversation_number'), account_id, identity_id, team_id, status, participants, n, last_at, resolved_at, created_at
		FROM conversations, generate_series(1, 30) AS n`)

	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Text: "by Kim", References: []string{first}})
	w.waitThread("by Kim")
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Text: "Kim again", References: []string{first}})
	w.wantInThreadOf("by Kim", "Kim again")
	wantEqual(t, "the conversation that the new one continues", w.previousOf(32), 31)
}

// Mia's next mail has the token of Kim's conversation, which Kim's mail contained. It still belongs to Mia's
// conversation.
func TestStrangersMailWithTheToken(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		kimGoesOn bool // Kim writes again before Mia does, which continues Kim's conversation
	}{{name: "Kim's conversation is over"}, {name: "Kim has gone on", kimGoesOn: true}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newLinkingConversations(t)
			first := w.resolveFirstMail()
			mias := w.answerAsMia(first)
			wantEqual(t, "the conversation that Mia's continues", w.previousOf(2), 0)
			if tt.kimGoesOn {
				w.customerSends(mail, channelstest.Event{From: "kim@x.test", Text: "by Kim", References: []string{first}, Conversation: 1})
				w.waitThread("by Kim")
			}

			w.customerSends(mail, channelstest.Event{From: "mia@y.test", Text: "Mia again", References: []string{mias, first}, Conversation: 1})
			w.wantInThreadOf("by Mia", "Mia again")
			w.wantAnsweredTo("Mia again", "mia@y.test")
		})
	}
}

// A colleague answers Mia in the mailbox, and the mail has the token of Kim's conversation. It counts as an answer to
// Mia.
func TestStrangerAnsweredInTheMailbox(t *testing.T) {
	t.Parallel()
	w := newLinkingConversations(t)
	first := w.resolveFirstMail()
	mias := w.answerAsMia(first)
	wantEqual(t, "customers who wait before the answer: Mia alone", w.countWaiting(), 1)

	w.postEvents(mail, channelstest.Event{
		Type: "foreign", ID: "sent-1", To: []string{"mia@y.test"}, Text: "Dear Mia", References: []string{mias, first}, Conversation: 1,
	})
	w.wantInThreadOf("by Mia", "Dear Mia")
	wantEqual(t, "customers who wait after the answer", w.countWaiting(), 0)
}

// If a person's mail has our token, it is handled after the end like any other mail, even if it is marked as spam. It
// doesn't reopen a closed conversation, nor a resolved one if answers begin a new one.
func TestSpamThatAnswersUsAfterTheEnd(t *testing.T) {
	t.Parallel()
	for verb, over := range map[string]string{"!close": "closed", "!resolve": "resolved"} {
		t.Run(over, func(t *testing.T) {
			t.Parallel()
			w := newLinkingConversations(t)
			_, thread := w.askByMail("It is dark")
			w.reply(thread, verb)
			w.waitCard(thread, over)
			w.customerSends(mail, channelstest.Event{From: "kim@x.test", Text: "Still dark", Automatic: "spam", Conversation: 1})
			w.waitCard(w.waitShown("Still dark").Thread, "#2 open")
			w.waitCard(thread, "#1 "+over)
			wantEqual(t, "the conversation that it continues", w.previousOf(2), 1)
			wantEqual(t, "customers who wait", w.countWaiting(), 1)
		})
	}
}

// A chat's old thread leads to the conversation in which the customer goes on. The old conversation can't be reopened
// beside that one, and nothing is sent from it.
func TestOldThreadOfAChat(t *testing.T) {
	t.Parallel()
	w := newLinkingConversations(t)
	thread := w.openThread()
	w.reply(thread, "!resolve")
	w.waitCard(thread, "#1 resolved")
	w.waitFate(w.reply(thread, "Bye"), "inside")
	before := w.waitLine(thread, bridge.LineInside)

	w.customerWrites("kim", "And my lamp?")
	w.waitThread("And my lamp?")
	w.chat.Press(t, "ann", before, bridge.VerbSend)
	w.waitWhisper("ann", "It goes on in #2")

	w.waitFate(w.reply(thread, "It is repaired"), "inside")
	line := w.waitLineAbout(thread, bridge.LineInside, "It is repaired")
	wantWords(t, "the line", line.Plain(), "#2")
	wantButtons(t, "in the old thread", line)
}
