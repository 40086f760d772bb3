package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/channels/channelstest"
)

// withWindow gives the chat-like account templates and a reply window of a day. human is for how long people may answer,
// or 0 for no longer than that.
func withWindow(human time.Duration) func(*channels.Capabilities) {
	return func(caps *channels.Capabilities) {
		if !caps.Threads {
			caps.Window.Free, caps.Window.Human, caps.Templates = 24*time.Hour, human, true
		}
	}
}

// The window closes while two replies wait: both are parked, none leaves and none is lost (edge case 9).
func TestTheWindowClosesWhileRepliesWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(0), hold: time.Hour, settings: map[string]string{"join_lines": "off"}})
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	w.advance(24*time.Hour - 30*time.Minute)
	first := w.chat.Say("ann", support, thread, "First")
	w.waitFate(first, "waiting")
	second := w.chat.Say("ann", support, thread, "Second")
	w.waitFate(second, "waiting")

	w.advance(2 * time.Hour)
	w.waitFate(first, "parked")
	w.waitFate(second, "parked")
	w.waitCard(thread, "#1 open")

	w.customerWrites("kim", "Still here")
	w.chat.Wait(t, "both are offered", func() bool { return w.countLines(thread, bridge.LineOffered) == 2 })
	w.wantNothingSent()
	wantEqual(t, "messages that failed", w.count(`SELECT count(*) FROM messages WHERE fate = 'failed'`), 0)
}

// The provider says that the window is closed, in its answer or in a later receipt. The reply is parked, and the card
// says that the window is closed.
func TestTheProviderSaysThatTheWindowIsClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(0)})
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.WindowClosed})
	refused := w.reply(thread, "Hi Kim")
	w.waitFate(refused, "parked")
	w.waitCard(thread, "| window closed")
	w.customerWrites("kim", "Hello?")
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineOffered), bridge.VerbSend)
	w.provider.WaitTexts(t, "Hi Kim")
	w.waitFate(refused, "out")

	w.postEvents(chat, channelstest.Event{
		Type:     "status",
		ID:       "s1",
		State:    "failed",
		External: []string{w.provider.Sent()[0].ID},
		Class:    channels.WindowClosed,
		Reason:   "too late",
	})
	w.waitFate(refused, "parked")
	w.waitCard(thread, "| window closed")
}

// Only the customer's own messages and taps open the window. Receipts, echoes, automatic replies and old messages don't
// (edge case 9).
func TestWhatOpensTheWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(0)})
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	w.reply(thread, "Hi")
	w.provider.WaitTexts(t, "Hi")
	w.advance(25 * time.Hour)
	w.waitCard(thread, "| window closed")

	sent := w.provider.Sent()[0].ID
	w.postEvents(chat, channelstest.Event{Type: "status", ID: "s1", State: "read", External: []string{sent}},
		channelstest.Event{Type: "own", ID: sent, From: "kim", Text: "Hi"},
		channelstest.Event{Type: "message", From: "kim", Text: "I am on holiday", Automatic: "auto-replied"})
	w.postEvents(chat, channelstest.Event{Type: "message", From: "kim", Text: "An old one", Historical: true})
	w.waitShown("An old one")
	w.waitDrained()
	w.waitFate(w.chat.Say("ann", support, thread, "Closed for us"), "parked")

	w.postEvents(chat, channelstest.Event{Type: "own", ID: "tap", From: "kim", Opens: true})
	w.waitLine(thread, bridge.LineOffered)
	w.waitCard(thread, "| window until ")
	if n := w.provider.Calls(); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
}

// A reopened conversation has the reply window that its customer opened in a later one.
func TestReopenedChatHasTheCustomersWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(0), settings: map[string]string{"reply_after_resolve": "new_linked"}})
	w.customerSends(chat, channelstest.Event{From: "+491", Name: "Kim", Text: "First matter"})
	first := w.waitThread("First matter")
	w.reply(first, "!resolve")
	w.waitCard(first, "resolved")
	w.advance(48 * time.Hour)
	w.customerSends(chat, channelstest.Event{From: "+491", Name: "Kim", Text: "Second matter"})
	second := w.waitThread("Second matter")
	w.reply(second, "!resolve")
	w.waitCard(second, "resolved")

	w.reply(first, "!reopen")
	w.waitCard(first, "| window until ")
	w.reply(first, "We call you")
	w.provider.WaitTexts(t, "We call you")
	w.advance(25 * time.Hour)
	w.waitCard(first, "| window closed")
}
