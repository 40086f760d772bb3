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
