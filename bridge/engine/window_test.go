package engine_test

import (
	"fmt"
	"slices"
	"strings"
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

// waitLineVerbs waits for a line of a kind, and returns the verbs of its buttons.
func (w *world) waitLineVerbs(thread string, kind bridge.LineKind) []bridge.Verb {
	var list []bridge.Verb
	for _, b := range w.waitLine(thread, kind).Buttons {
		list = append(list, b.Verb)
	}
	return list
}

// The card shows until when the reply window is open, and by itself that it has closed. A reply typed then is parked with
// its text, and offered once when the customer writes again (edge case 9).
// Requirement R-056: WhatsApp's reply window.
// Requirement R-057: Messenger's reply window.
func TestReplyWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(0)})
	w.customerWrites("kim", "Printer on fire")
	thread := w.waitThread("Printer on fire")
	w.waitCard(thread, "| window until ")
	w.reply(thread, "On our way")
	w.provider.WaitTexts(t, "On our way")

	w.advance(25 * time.Hour)
	w.waitCard(thread, "| window closed")
	late := w.chat.Say("ann", support, thread, "Still there?")
	w.waitFate(late, "parked")
	if text := w.waitLine(thread, bridge.LineParked).Plain(); !strings.Contains(text, "Still there?") {
		t.Errorf("the text is not kept: %s", text)
	}
	got, want := w.waitLineVerbs(thread, bridge.LineParked), []bridge.Verb{bridge.VerbTemplate, bridge.VerbKeep, bridge.VerbDrop}
	if !slices.Equal(got, want) {
		t.Errorf("buttons %v, want %v", got, want)
	}
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineParked), bridge.VerbKeep)
	w.waitWhisper("ann", "keep")

	w.customerWrites("kim", "Yes, still burning")
	offer := w.waitLine(thread, bridge.LineOffered)
	w.waitCard(thread, "| window until ")
	w.chat.Press(t, "ann", offer, bridge.VerbSend)
	w.provider.WaitTexts(t, "On our way", "Still there?")
	w.waitFate(late, "out")

	w.customerWrites("kim", "Thanks")
	w.waitShown("Thanks")
	w.waitDrained()
	if n := w.countLines(thread, bridge.LineOffered); n != 1 {
		t.Errorf("offered %d times, want 1\n%s", n, w.dump())
	}
}

// A dropped reply isn't offered when the window opens. One whose offer was used too late is offered again the next time.
// Requirement R-056: WhatsApp's reply window.
// Requirement R-264: Windows that close tonight.
func TestParkedForTheWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(0)})
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	w.advance(25 * time.Hour)
	dropped := w.chat.Say("ann", support, thread, "Never mind")
	w.waitFate(dropped, "parked")
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineParked), bridge.VerbDrop)
	w.waitFate(dropped, "dropped")

	kept := w.chat.Say("ann", support, thread, "Here is the answer")
	w.waitFate(kept, "parked")

	w.customerWrites("kim", "Anybody?")
	offer := w.waitLine(thread, bridge.LineOffered)
	w.advance(25 * time.Hour)
	w.chat.Press(t, "ann", offer, bridge.VerbSend)
	w.waitWhisper("ann", "window is closed")
	w.waitFate(kept, "parked")

	w.customerWrites("kim", "Well?")
	w.chat.Wait(t, "it is offered again", func() bool { return w.countLines(thread, bridge.LineOffered) == 2 })
	w.wantNothingSent()
}

// A reply was parked in a conversation that is resolved, and the customer begins a new one. A line there shows the reply,
// to be written anew, since nothing is sent from a resolved conversation.
func TestParkedInTheConversationBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(0)})
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	w.waitDrained() // nobody resolves before it is recorded that what the customer said is shown
	w.advance(25 * time.Hour)
	w.waitFate(w.chat.Say("ann", support, thread, "Your lamp is repaired"), "parked")

	w.reply(thread, "!resolve")
	w.waitCard(thread, "resolved")
	w.customerWrites("kim", "And my lamp?")
	next := w.waitThread("And my lamp?")
	if next == thread {
		t.Fatal("it is no new conversation")
	}

	offer := w.waitLine(next, bridge.LineOffered)
	wantWords(t, "the offer", offer.Plain(), "Your lamp is repaired")
	wantButtons(t, "the offer", offer)
	w.customerWrites("kim", "Hello?")
	w.waitShown("Hello?")
	w.waitDrained()
	wantEqual(t, "offers in both threads", w.countLines(next, bridge.LineOffered)+w.countLines(thread, bridge.LineOffered), 1)
	w.wantNothingSent()
}

// The line is also shown, once, if an agent began the next conversation, and if that one is resolved, too, before the
// customer writes.
func TestParkedInAConversationBeforeAnAgentsOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(0)})
	thread := w.openThread()
	w.advance(25 * time.Hour)
	w.waitFate(w.chat.Say("ann", support, thread, "Your lamp is repaired"), "parked")
	w.reply(thread, "!resolve")
	w.waitCard(thread, "resolved")
	for i := range 2 {
		w.chat.Submit("ann", support, "", startForm(chat, "kim", ""), fmt.Sprint("Are you there? ", i))
		thread = w.waitShown(fmt.Sprint("Are you there? ", i)).Thread
		if i == 0 {
			w.reply(thread, "!resolve")
			w.waitCard(thread, "resolved")
		}
	}

	for _, text := range []string{"And my lamp?", "Hello?"} {
		w.customerWrites("kim", text)
		wantEqual(t, "the thread of "+text, w.waitThread(text), thread)
		w.waitDrained()
		offers := slices.DeleteFunc(w.threadTexts(thread), func(s string) bool {
			return !strings.Contains(s, string(bridge.LineOffered)) || !strings.Contains(s, "Your lamp is repaired")
		})
		wantEqual(t, "offers of what waited, after "+text, len(offers), 1)
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

// Where the provider allows it, a person may still answer after the window has closed.
func TestHumanWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(7 * 24 * time.Hour)})
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	w.waitCard(thread, "| window until ")
	w.advance(25 * time.Hour)
	w.waitCard(thread, "| window for people until ")
	w.reply(thread, "Sorry for the wait")
	w.provider.WaitTexts(t, "Sorry for the wait")
	w.advance(7 * 24 * time.Hour)
	w.waitCard(thread, "| window closed")
	w.waitFate(w.chat.Say("ann", support, thread, "Too late"), "parked")
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

// A message that came late opened the window at the time when it was written.
func TestALateMessageOpensNoFreshWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(0)})
	w.customerSends(chat, channelstest.Event{From: "kim", Text: "From yesterday", At: time.Now().Add(-23 * time.Hour)})
	thread := w.waitThread("From yesterday")
	w.waitCard(thread, "| window until ")
	w.advance(2 * time.Hour)
	w.waitCard(thread, "| window closed")
}

// The card of a conversation that an agent begins while the customer's window is open says when it has closed, too.
func TestCardOfStartedConversationShowsTheWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(0)})
	thread := w.openThread()
	w.chat.Submit("ann", support, thread, formOf(bridge.VerbClose), "")
	w.waitCard(thread, "closed")
	w.chat.Submit("ben", support, "", startForm(chat, "kim", ""), "Good morning.")
	started := w.waitShown("Good morning.").Thread
	w.waitDrained()
	w.advance(25 * time.Hour)
	w.waitCard(started, "| window closed")
}
