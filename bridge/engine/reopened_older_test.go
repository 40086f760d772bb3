package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/channels/channelstest"
)

// An agent opened an earlier conversation of a chat again, beside a later one that is over. What the customer writes
// next belongs to the open one: there is one open conversation for what a customer says in a chat.
func TestWritesBesideAReopenedOlderOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: map[string]string{"reply_after_resolve": "new_linked"}})
	w.customer(chat, channelstest.Event{From: "+491", Name: "Kim", Text: "First matter"})
	first := w.thread("First matter")
	w.chat.Say("ann", support, first, "!resolve")
	w.eventually("it is resolved", func() bool { return w.count(`SELECT count(*) FROM conversations WHERE status = 'resolved'`) == 1 })
	w.customer(chat, channelstest.Event{From: "+491", Name: "Kim", Text: "Second matter"})
	second := w.thread("Second matter")
	w.chat.Say("ann", support, second, "!resolve")
	w.eventually("both are resolved", func() bool { return w.count(`SELECT count(*) FROM conversations WHERE status = 'resolved'`) == 2 })
	w.chat.Say("ann", support, first, "!reopen")
	w.line(first, bridge.LineReopened)
	w.customer(chat, channelstest.Event{From: "+491", Name: "Kim", Text: "About the first matter"})
	w.eventually("it is applied", func() bool { return w.count(`SELECT count(*) FROM queues`) == 0 })
	if n := w.count(`SELECT count(*) FROM quarantine`); n != 0 {
		t.Fatalf("%d in quarantine: %s", n, w.text(`SELECT reason FROM quarantine LIMIT 1`))
	}
	if w.thread("About the first matter") != first {
		t.Errorf("it stands in another thread\n%s", w.dump())
	}
}
