package engine_test

import (
	"slices"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels/channelstest"
	"parley/routing"
	"parley/store"
)

// newReplyingWorld makes a world whose chat and mailbox answer by themselves, with office hours.
func newReplyingWorld(t *testing.T, o options) *world {
	t.Helper()
	w := newWorld(t, o)
	plan := routing.Plan{Replies: routing.Replies{
		First:  routing.Text{Text: "Welcome, {{first_name}}."},
		Closed: routing.Text{Text: "Closed until {{opens}}."},
	}}
	for _, name := range []string{chat, mail} {
		w.saveAccount(name, func(a *store.Account) {
			a.Routing, a.Hours = bridge.JSON(plan), officeHours(t)
		})
	}
	return w
}

// An account answers a person by itself, once in the night, and nothing else changes: the customer waits, nobody owns the conversation,
// it counts as no answer. Neither machines nor our own people nor who refused messages cause one.
// Requirement R-145: Automatic reply outside hours.
// Requirement R-146: Automatic reply at first contact.
// Requirement R-250: After an outage, one list instead of many notices.
func TestAutoReply(t *testing.T) {
	t.Parallel()
	w := newReplyingWorld(t, options{})
	w.advanceTo(time.Monday, 10, 0)
	w.customerWrites("kim", "Is my lamp ready?")
	thread := w.waitThread("Is my lamp ready?")
	wantWords(t, "the line", w.waitLine(thread, bridge.LineAutoReplied).Plain(), "first", "Welcome, Kim.")
	w.waitDrained()
	wantList(t, "texts in hours", w.sentTexts(), []string{"Welcome, Kim."})
	wantEqual(t, "conversations that wait for an answer", w.count(`
		SELECT count(*) FROM conversations WHERE status = 'open' AND assignees = '{}' AND waiting_since IS NOT NULL AND last_from = 'customer'`), 1)

	w.advanceTo(time.Monday, 22, 0)
	w.customerWrites("kim", "Hello?")
	w.customerWrites("kim", "Anybody?")
	w.postChatEvent(channelstest.Event{Type: "reaction", ID: "r1", From: "kim", Target: "in-1", Emoji: "👍"})
	for _, e := range []channelstest.Event{
		{From: "bot", Text: "I am away", Automatic: "auto-submitted"},
		{From: "list", Text: "News", Automatic: "list"},
		{From: "old", Text: "Written long ago", At: time.Now().Add(-16 * time.Minute)},
		{From: "mia", Cc: []string{"boss"}, Text: "And my bill?", Subject: "Bill"},
	} {
		w.customerSends(mail, e)
	}
	w.waitDrained()
	w.postChatEvent(wish("STOP", wantsNone()))
	w.customerWrites("kim", "No more of this")
	w.waitDrained()
	sent := w.provider.Sent()
	var texts []string
	for _, m := range sent {
		texts = append(texts, m.To[0]+": "+m.Text)
	}
	slices.Sort(texts)
	wantList(t, "texts in the night", texts, []string{"kim: Closed until Tuesday 09:00.", "kim: Welcome, Kim.", "mia: Closed until Tuesday 09:00."})
	for _, m := range sent[1:] {
		if m.To[0] == "mia" {
			wantEqual(t, "copies of an automatic reply", len(m.Cc), 0)
		}
	}
	wantEqual(t, "first answers", w.count(`SELECT count(*) FROM log_entries WHERE what IN ('replied', 'took', 'set pending')`), 0)
	w.wantNoQuarantine()
}

// Three processes apply what twenty customers write twice in the night: each of them has one automatic reply.
// Requirement R-147: Automatic reply always.
func TestAutoReplyOnce(t *testing.T) {
	t.Parallel()
	w := newReplyingWorld(t, options{engines: 3})
	w.advanceTo(time.Monday, 22, 0)
	for range 2 {
		w.eachCustomerWrites(20, "Where is parcel %d?")
	}
	w.waitDrained()
	wantEqual(t, "automatic replies", len(w.provider.Sent()), 20)
}

// A conversation ends by itself after silence, if an agent had the last word; a click opens it again. It doesn't while the customer
// waits, nor after an automatic reply alone.
// What the customer writes after the end goes through the rules again.
// Requirement R-035: Who writes after that begins anew, linked to before, or reopens.
// Requirement R-036: Resolved by itself after silence.
// Requirement R-037: Resolved by a customer's thanks.
// Requirement R-038: Abandoned ones end after a while.
func TestEndsByItself(t *testing.T) {
	t.Parallel()
	w := newReplyingWorld(t, options{settings: map[string]string{
		"autoresolve_hours": "24", "autoresolve_words": "thanks, Thank you", "abandon_hours": "72", "reply_after_resolve": "reopen",
	}})
	w.advanceTo(time.Monday, 22, 0)
	unanswered := w.openThread() // but for an automatic reply
	w.customerWrites("lee", "My lamp is broken")
	thread := w.waitThread("My lamp is broken")
	w.waitFate(w.reply(thread, "A new one is on its way"), "out")
	w.waitDrained()

	w.customerWrites("lee", "Thanks!!")
	wantWords(t, "the line", w.waitLine(thread, bridge.LineEnded).Plain(), "keyword")
	w.waitCard(thread, "resolved")
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineEnded), bridge.VerbReopen)
	w.waitCard(thread, "open")

	w.waitFate(w.reply(thread, "Anything else?"), "out")
	w.waitDrained()
	w.advance(23 * time.Hour)
	w.waitFate(w.reply(thread, "Are you there?"), "out")
	w.waitDrained()
	w.advance(2 * time.Hour) // the first timer
	w.waitDrained()
	w.waitCard(thread, "pending")
	w.advance(22 * time.Hour)
	w.chat.Wait(t, "it ends by silence", func() bool { return w.countLines(thread, bridge.LineEnded) == 2 })
	w.waitCard(thread, "resolved")

	w.saveAccount(chat, func(a *store.Account) {
		a.Settings = bridge.JSON(map[string]string{"abandon_hours": "72"})
		a.Routing = bridge.JSON(routing.Plan{Fallback: "ann@acme.test"})
	})
	w.chat.Say("ann", support, thread, "!reopen")
	w.waitCard(thread, "open")
	w.waitFate(w.reply(thread, "Last call"), "out")
	w.waitDrained()
	w.advance(73 * time.Hour)
	w.waitCard(thread, "closed")
	wantEqual(t, "abandoned conversations", w.count(`SELECT count(*) FROM conversations WHERE close_reason = $1`, bridge.CloseAbandoned), 1)
	w.waitCard(unanswered, "open")
	w.customerWrites("lee", "Back again")
	w.waitLine(w.waitThread("Back again"), bridge.LineRouted)
}
