package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/channels/channelstest"
)

// In a chat a customer has one open conversation. If an agent reopens an earlier one while the later one is resolved, the
// customer's next message belongs to the earlier one.
func TestWritesBesideAReopenedOlderOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: map[string]string{"reply_after_resolve": "new_linked"}})
	w.customerSends(chat, channelstest.Event{From: "+491", Name: "Kim", Text: "First matter"})
	first := w.waitThread("First matter")
	w.chat.Say("ann", support, first, "!resolve")
	w.eventually("it is resolved", func() bool { return w.count(`SELECT count(*) FROM conversations WHERE status = 'resolved'`) == 1 })

	w.customerSends(chat, channelstest.Event{From: "+491", Name: "Kim", Text: "Second matter"})
	second := w.waitThread("Second matter")
	w.chat.Say("ann", support, second, "!resolve")
	w.eventually("both are resolved", func() bool { return w.count(`SELECT count(*) FROM conversations WHERE status = 'resolved'`) == 2 })

	w.chat.Say("ann", support, first, "!reopen")
	w.waitLine(first, bridge.LineReopened)
	w.customerSends(chat, channelstest.Event{From: "+491", Name: "Kim", Text: "About the first matter"})
	w.eventually("it is applied", func() bool { return w.count(`SELECT count(*) FROM queues`) == 0 })
	if n := w.count(`SELECT count(*) FROM quarantine`); n != 0 {
		t.Fatalf("%d in quarantine: %s, want none", n, w.text(`SELECT reason FROM quarantine LIMIT 1`))
	}
	if w.waitThread("About the first matter") != first {
		t.Errorf("it stands in another thread\n%s", w.dump())
	}
}

// In a mailbox two conversations of a customer may be open. If an agent reopens an earlier one which a later one
// continues, an answer to a mail of the earlier one belongs there, by our token or by the ids of its mails.
func TestAnswersAReopenedOlderMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: map[string]string{"reply_after_resolve": "new_linked"}})
	first := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "One", Text: "First matter"})
	earlier := w.waitThread("First matter")
	w.chat.Say("ann", support, earlier, "!resolve")
	w.eventually("it is resolved", func() bool { return w.count(`SELECT count(*) FROM conversations WHERE status = 'resolved'`) == 1 })

	second := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Text: "Second matter", References: []string{first}})
	later := w.waitThread("Second matter")
	w.chat.Say("ann", support, earlier, "!reopen")
	w.waitLine(earlier, bridge.LineReopened)

	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Text: "Answers the first mail", References: []string{first}})
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Text: "Answers by the token", Conversation: 1})
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Text: "Answers the second mail", References: []string{second, first}})
	want := map[string]string{"Answers the first mail": earlier, "Answers by the token": earlier, "Answers the second mail": later}
	for text, thread := range want {
		if got := w.waitThread(text); got != thread {
			t.Errorf("%q stands in the thread %s, want %s\n%s", text, got, thread, w.dump())
		}
	}
}
