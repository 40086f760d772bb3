package engine_test

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"testing"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels/channelstest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// floodMail is the mail of a number in a flood: "Offer 7" with the id "Offer-7" says "Offer 7 words".
func floodMail(name string, i int, from string) channelstest.Event {
	return channelstest.Event{
		Type:    "message",
		ID:      fmt.Sprintf("%s-%d", name, i),
		From:    from,
		Subject: fmt.Sprintf("%s %d", name, i),
		Text:    fmt.Sprintf("%s %d words", name, i),
	}
}

// sendMails sends mails 1 to n of a flood, which answer nothing, from the addresses that from returns.
func (w *world) sendMails(name string, n int, from func(i int) string) {
	w.t.Helper()
	const together = 50
	for done := 0; done < n; done += together {
		var events []channelstest.Event
		for i := done + 1; i <= min(done+together, n); i++ {
			events = append(events, floodMail(name, i, from(i)))
		}
		w.postMails(events...)
	}
}

// postMails lets mails come, which must be accepted.
func (w *world) postMails(events ...channelstest.Event) {
	w.t.Helper()
	if status := w.postEvents(mail, events...); status != http.StatusOK {
		w.t.Fatalf("the webhook answered %d, want %d", status, http.StatusOK)
	}
}

// allFrom gives every mail of a flood the same address.
func allFrom(address string) func(int) string { return func(int) string { return address } }

// maxOpened is how many conversations a sender may open by mail before further mails are collected in one thread.
const maxOpened = 10

// countConversations counts those of a kind: store.KindCustomer, store.KindAutomatic, or "collecting" for threads.
func (w *world) countConversations(kind string) int {
	w.t.Helper()
	return w.count(`SELECT count(*) FROM conversations WHERE CASE WHEN collects IS NOT NULL THEN 'collecting' ELSE kind END = $1`, kind)
}

// newFlooded makes a world in which mails of one sender, "Offer 1" and so on, have opened maxOpened conversations and as
// many further ones as given are collected. It returns the thread that collects them.
func newFlooded(t *testing.T, collected int) (w *world, collecting string) {
	t.Helper()
	w = newWorld(t, options{})
	w.advanceToMorning() // a thread collects the mails of one day
	w.sendMails("Offer", maxOpened+collected, allFrom("eve@flood.test"))
	return w, w.waitThread(fmt.Sprintf("Offer %d words", maxOpened+1))
}

// The mails of one sender open maxOpened conversations. All further mails are collected in one thread.
func TestManySubjectsOfOneSender(t *testing.T) {
	t.Parallel()
	const collected = 4
	w, collecting := newFlooded(t, collected)
	for i := 1; i <= maxOpened+collected; i++ {
		at := w.waitThread(fmt.Sprintf("Offer %d words", i))
		wantEqual(t, fmt.Sprintf("whether mail %d is collected", i), at == collecting, i > maxOpened)
	}
	wantEqual(t, "conversations", w.countConversations("customer"), maxOpened)
	wantEqual(t, "collecting threads", w.countConversations("collecting"), 1)
	w.waitCard(collecting, "Very many new conversations")
}

// A collected mail becomes a conversation. Its sender gets the answer, and writes on in the conversation's own thread.
func TestCollectedMailBecomesAConversation(t *testing.T) {
	t.Parallel()
	w, _ := newFlooded(t, 2)
	w.chat.Press(t, "ann", w.waitShown("Offer 12 words"), bridge.VerbPromote)
	w.eventually("it is a conversation", func() bool { return w.countConversations("customer") == maxOpened+1 })
	thread := w.waitCardWith("| Offer 12 | Ann").ID
	w.reply(thread, "No, thank you")
	w.provider.WaitTexts(t, "No, thank you")
	w.customerSends(mail, channelstest.Event{From: "eve@flood.test", Subject: "Re: Offer 12", Text: "Why not?", References: []string{"Offer-12"}})
	wantEqual(t, "the thread of the sender's next mail", w.waitThread("Why not?"), thread)
}

// Silencing automatic mail doesn't hide what its sender writes in person. Silencing a collected mail hides further ones
// in that day's thread. Once that is taken back, the mail has its buttons again, without Block.
func TestSilencedSendersCollectedMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.advanceToMorning()
	w.customerSends(mail, channelstest.Event{From: "eve@flood.test", Subject: "Away", Text: "Away", Automatic: "auto-submitted"})
	w.chat.Press(t, "ann", w.waitShown("Away"), bridge.VerbSilence)
	w.waitWhisper("ann", "eve@flood.test")
	w.waitDrained()
	w.sendMails("Offer", maxOpened+1, allFrom("eve@flood.test"))
	collecting := w.waitThread(fmt.Sprintf("Offer %d words", maxOpened+1))

	collected := w.waitShown(fmt.Sprintf("Offer %d words", maxOpened+1))
	w.chat.Press(t, "ann", collected, bridge.VerbSilence)
	silenced := w.waitOutcome(collected, bridge.OutcomeSilenced)
	w.waitDrained()
	more := floodMail("Offer", maxOpened+2, "eve@flood.test")
	w.postMails(more)
	w.eventually("the mail is kept", func() bool { return w.countKept(more.Text) == 1 })
	w.waitDrained()
	wantList(t, "what the collecting thread shows of Eve", w.collectedTexts(collecting, "Offer"),
		[]string{fmt.Sprintf("Offer %d words", maxOpened+1)})

	w.chat.Press(t, "ann", silenced, bridge.VerbUnsilence)
	wantButtons(t, "the mail", w.waitOutcome(collected, bridge.OutcomeUnsilenced), bridge.VerbPromote, bridge.VerbSilence)
}

// newTwiceFlooded makes a world in which one thread collects the mails of two people from the eleventh on: "Offer" and
// "Prize".
func newTwiceFlooded(t *testing.T) (w *world, collecting string) {
	t.Helper()
	w, collecting = newFlooded(t, 2)
	w.sendMails("Prize", maxOpened+2, allFrom("mallory@other.test"))
	for _, text := range []string{"Offer 12 words", "Prize 11 words", "Prize 12 words"} {
		if at := w.waitThread(text); at != collecting {
			t.Fatalf("%q is in thread %s, want it in %s with the other collected mails", text, at, collecting)
		}
	}
	return w, collecting
}

// A text that is typed or submitted in a collecting thread reaches none of the people there, and nobody can close the
// thread.
func TestRepliesBesideCollectedMails(t *testing.T) {
	t.Parallel()
	w, collecting := newTwiceFlooded(t)
	typed := w.reply(collecting, "Please stop")
	w.waitFate(typed, "inside")
	wantButtons(t, "what was typed there", w.waitLine(collecting, bridge.LineInside))

	about := bridge.Args{Conversation: bridge.ConversationID(w.count(`SELECT id FROM conversations WHERE collects IS NOT NULL`))}
	w.chat.Submit("ann", support, collecting, bridgetest.Button{Verb: bridge.VerbReply, Args: about}, "From a form")
	w.chat.Submit("ann", support, collecting, bridgetest.Button{Verb: bridge.VerbSay, Args: about}, "Said in a form")
	w.reply(collecting, "!close")
	w.waitWhisper("ann", "opened very many conversations")
	w.waitDrained()
	w.wantNothingSent()
}

// collectedTexts returns what a thread that collects mails shows of a flood, in order.
func (w *world) collectedTexts(collecting, name string) []string {
	words := regexp.MustCompile(name + ` \d+ words`)
	var list []string
	for _, m := range w.chat.Messages(support, collecting) {
		list = append(list, words.FindAllString(m.Plain(), -1)...)
	}
	return list
}

// While a stranger's thousands of mails wait to be posted, messages of known customers wait for a few posts at most.
func TestFloodKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	const mostPosts = 20 // for which words of known customers may wait
	size := 1500
	if os.Getenv("PARLEY_TEST_LONG") != "" {
		size = 10_000
	}
	w := newWorld(t, options{rate: 20})
	orders := map[string]string{} // the first mail of each customer
	for _, name := range []string{"kim", "lou", "max"} {
		orders[name] = w.customerSends(mail, channelstest.Event{From: name + "@known.test", Subject: "Order", Text: name + " orders"})
		w.waitThread(name + " orders")
	}
	writeAgain := func(name string) {
		t.Helper()
		again := channelstest.Event{From: name + "@known.test", Subject: "Re: Order", Text: name + " waits", References: []string{orders[name]}}
		w.customerSends(mail, again)
		w.waitShown(name + " waits")
	}

	w.sendMails("Offer", size, allFrom("eve@flood.test"))
	writeAgain("kim")
	writeAgain("lou")
	w.eventually("all of the flood is kept", func() bool {
		return w.count(`SELECT count(*) FROM messages WHERE text LIKE 'Offer %'`) == size
	})
	writeAgain("max")
	for _, name := range []string{"kim", "lou", "max"} {
		if n := w.countPostsBefore(name + " waits"); n > mostPosts {
			t.Errorf("the words of %s waited for %d posts, want at most %d", name, n, mostPosts)
		}
	}
}

// countPostsBefore counts the posts that were made while a customer's text waited for its own.
func (w *world) countPostsBefore(text string) int {
	w.t.Helper()
	return w.count(`SELECT count(*) FROM deliveries AS d
		JOIN messages AS m ON m.id = d.message_id
		JOIN deliveries AS other ON other.kind <> 'reply' AND other.sent_at > d.created_at AND other.sent_at < d.sent_at
		WHERE d.kind = 'said' AND m.text = $1`, text)
}
