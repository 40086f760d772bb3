package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/channels/channelstest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// wish is an event by which kim allows or forbids messages. The provider doesn't say when she did so.
func wish(text string, consent channels.Consent) channelstest.Event {
	return channelstest.Event{Type: "consent", From: "kim", Text: text, Consent: &consent}
}

// wishAt is a wish with the time at which it was said.
func wishAt(at time.Time, text string, consent channels.Consent) channelstest.Event {
	e := wish(text, consent)
	e.At = at
	return e
}

// wantsNone and wantsAll are the meanings of STOP and START. The provider itself answers these words.
func wantsNone() channels.Consent { return channels.Consent{OptedOut: true, Silent: true} }
func wantsAll() channels.Consent  { return channels.Consent{Silent: true} }

// wantsNoAdverts and wantsAdverts forbid and allow advertising alone.
func wantsNoAdverts() channels.Consent {
	return channels.Consent{OptedOut: true, Marketing: true, Silent: true}
}
func wantsAdverts() channels.Consent { return channels.Consent{Marketing: true, Silent: true} }

// optedOutOf returns what kim opted out of: "all", "marketing", or "" for nothing.
func (w *world) optedOutOf() string {
	w.t.Helper()
	return w.text(`SELECT opted_out FROM identities WHERE key = 'kim'`)
}

// newOptedOut makes a world in which kim wrote STOP. Replies are held for an hour. It returns the thread.
func newOptedOut(t *testing.T) (w *world, thread string) {
	t.Helper()
	w = newWorld(t, options{hold: time.Hour})
	thread = w.openThread()
	w.postChatEvent(wish("STOP", wantsNone()))
	w.waitLine(thread, bridge.LineOptedOut)
	return w, thread
}

// When a customer writes STOP, Parley sends nothing more: neither a reply that was in its hold (the time in which it can
// be taken back) nor a new one. One line tells of the STOP, and the conversation stays open.
func TestOptOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	held := w.replyInHold(thread, "Still waiting")
	w.postChatEvent(wish("STOP", wantsNone()))
	wantWords(t, "the line", w.waitLine(thread, bridge.LineOptedOut).Plain(), "STOP")

	w.advance(time.Hour)
	w.waitFate(held, "failed")
	w.waitFate(w.reply(thread, "And another"), "ask")
	w.waitCard(thread, "#1 open")
	w.waitDrained()
	w.wantNothingSent()
	wantEqual(t, "lines that tell of the STOP", w.countLines(thread, bridge.LineOptedOut), 1)
}

// A wish that says more than STOP or START is also a message. Its words and files are shown, and it opens a conversation
// and its reply window.
func TestWishThatIsAMessage(t *testing.T) {
	t.Parallel()
	yes := wish("Yes", channels.Consent{})
	photo := wish("STOP", wantsNone())
	photo.Files = []channelstest.File{{Name: "fault.txt", Type: "text/plain", Content: []byte("it stopped")}}
	tests := []struct {
		name  string
		event channelstest.Event
		want  string // of the new conversation's thread
	}{
		{name: "an answer that allows messages", event: yes, want: "Yes"},
		{name: "a word beside a file", event: photo, want: "1 files"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{caps: withWindow(0)})
			w.postChatEvent(tt.event)
			w.waitShown(tt.want)
			wantEqual(t, "reply windows that it opened", w.count(`SELECT count(*) FROM conversations WHERE window_from IS NOT NULL`), 1)
		})
	}
}

// START needs nobody's attention, so it doesn't reopen a resolved conversation.
func TestOptInOpensNothing(t *testing.T) {
	t.Parallel()
	w, thread := newOptedOut(t)
	w.reply(thread, "!resolve")
	w.waitCard(thread, "#1 resolved")
	w.postChatEvent(wish("START", wantsAll()))
	w.waitLine(thread, bridge.LineOptedIn)
	w.waitDrained()
	w.waitCard(thread, "#1 resolved")
}

// After START replies leave again.
func TestOptInLetsRepliesLeave(t *testing.T) {
	t.Parallel()
	w, thread := newOptedOut(t)
	w.postChatEvent(wish("START", wantsAll()))
	w.waitLine(thread, bridge.LineOptedIn)
	w.replyInHold(thread, "Welcome back")
	w.advance(time.Hour)
	w.provider.WaitTexts(t, "Welcome back")
}

// If a provider refuses a reply because the customer opted out, the thread says so, and Parley doesn't try the next
// reply.
func TestProviderSaysOptedOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.OptedOut})
	w.waitFate(w.reply(thread, "Hi"), "failed")
	w.waitLine(thread, bridge.LineOptedOut)
	w.waitFate(w.reply(thread, "Hi again"), "ask")
	wantEqual(t, "calls to the provider", w.provider.Calls(), 1)
}

// If a provider refuses a reply because the customer wants no advertising, only advertising is forbidden from then on.
// The next reply leaves.
func TestProviderSaysAdvertisingStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.AdvertStopped})
	w.waitFate(w.reply(thread, "Hi"), "failed")
	wantWords(t, "the line", w.waitLine(thread, bridge.LineOptedOut).Plain(), "marketing")
	wantEqual(t, "what kim opted out of", w.optedOutOf(), "marketing")
	w.waitFate(w.reply(thread, "Your lamp is repaired"), "out")
}

// If a customer wrote STOP before she had a conversation, the thread of her first conversation says so.
func TestOptOutBeforeTheConversation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.postChatEvent(wish("STOP", wantsNone()))
	w.customerWrites("kim", "Where is my lamp?")
	w.waitLine(w.waitThread("Where is my lamp?"), bridge.LineOptedOut)
}

// A customer who forbade only advertising still gets replies, even after the provider or Parley has refused an
// advertising template.
func TestAdvertisingRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withTemplates(options{}))
	thread := w.openThread()
	id := w.saveTemplate(chat, func(t *bridge.Template) { t.Category, t.Body = "marketing", "Half price today." })
	w.decideTemplate("order_update", channels.TemplateApproved, "")
	w.waitTemplateStatus(id, "approved")

	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.OptedOut})
	for failures := 1; failures <= 2; failures++ { // the provider refuses the first template, Parley the second
		w.chat.Submit("ann", support, thread, templateForm(id, 1, nil), "")
		w.chat.Wait(t, "it is refused", func() bool { return w.countLines(thread, bridge.LineFailed) == failures })
	}
	w.waitDrained()
	wantEqual(t, "calls to the provider for two templates", w.provider.Calls(), 1)
	wantEqual(t, "what kim opted out of", w.optedOutOf(), "marketing")

	w.waitFate(w.reply(thread, "Your lamp is repaired"), "out")
	wantEqual(t, "calls to the provider, with the reply's", w.provider.Calls(), 2)

	w.waitFate(w.reply(thread, "!promo Half price today."), "failed") // refused by Parley
	w.waitDrained()
	wantEqual(t, "what kim opted out of", w.optedOutOf(), "marketing")
}

// If the provider has no templates, as with SMS, a template is sent like any other message. If the provider refuses it
// because of an opt-out, the customer wants no messages at all.
func TestPlainTemplateRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	id := w.saveTemplate(chat, func(t *bridge.Template) { t.Body = "Half price today." })
	w.waitTemplateStatus(id, "approved") // nobody has to approve it

	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.OptedOut})
	w.chat.Submit("ann", support, thread, templateForm(id, 1, nil), "")
	w.waitLine(thread, bridge.LineOptedOut)
	wantEqual(t, "what kim opted out of", w.optedOutOf(), "all")
}

// Of two wishes the one that was said later counts, even if it comes first: a callback may get lost and be repeated
// minutes later. The older wish isn't shown either.
func TestOlderWishComesLate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		older, newer channels.Consent // in the order in which they were said; the newer one comes first
		wantOptedOut string
	}{
		{name: "a lost START", older: wantsAll(), newer: wantsNone(), wantOptedOut: "all"},
		{name: "a lost STOP", older: wantsNone(), newer: wantsAll(), wantOptedOut: ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, thread := newLateWish(t, tt.older, tt.newer)
			wantEqual(t, "what kim opted out of", w.optedOutOf(), tt.wantOptedOut)
			lines := w.countLines(thread, bridge.LineOptedIn) + w.countLines(thread, bridge.LineOptedOut)
			wantEqual(t, "lines about wishes", lines, 1)
		})
	}
}

// Wishes about advertising and wishes about all messages are kept apart. A late wish of one kind doesn't change what the
// newer wish of the other kind says.
func TestOlderWishOfAnotherKindComesLate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		older, newer channels.Consent // in the order in which they were said; the newer one comes first
		wantOptedOut string
	}{
		{name: "START of adverts, lost before STOP of all", older: wantsAdverts(), newer: wantsNone(), wantOptedOut: "all"},
		{name: "START of all, lost before STOP of adverts", older: wantsAll(), newer: wantsNoAdverts(), wantOptedOut: "marketing"},
		{name: "STOP of all, lost before START of adverts", older: wantsNone(), newer: wantsAdverts(), wantOptedOut: "all"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, _ := newLateWish(t, tt.older, tt.newer)
			wantEqual(t, "what kim opted out of", w.optedOutOf(), tt.wantOptedOut)
		})
	}
}

// newLateWish makes a world in which kim's newer wish came before her older one. It returns the thread.
func newLateWish(t *testing.T, older, newer channels.Consent) (w *world, thread string) {
	t.Helper()
	w = newWorld(t, options{})
	thread = w.openThread()
	said := time.Now().Add(-time.Hour)
	w.postChatEvent(wishAt(said.Add(5*time.Minute), "Newer", newer))
	w.waitShown("Newer")
	w.postChatEvent(wishAt(said, "Older", older))
	w.waitDrained()
	return w, thread
}

// A wish may have a time in the future, because the sender's clock is ahead. A later wish still counts.
func TestWishFromTheFuture(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.postChatEvent(wishAt(time.Now().Add(24*time.Hour), "STOP", wantsNone()))
	w.waitLine(thread, bridge.LineOptedOut)
	w.postChatEvent(wish("START", wantsAll()))
	w.waitLine(thread, bridge.LineOptedIn)
}

// A refusal tells nothing if the refused message left before the customer allowed messages again, even if the refusal is
// told later.
func TestRefusedBeforeTheStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	reply := w.reply(thread, "Your lamp is repaired")
	w.waitFate(reply, "out")
	w.waitDrained()
	w.exec(`UPDATE deliveries SET sent_at = sent_at - interval '10 minutes' WHERE kind = 'reply'`)
	w.postChatEvent(wishAt(time.Now().Add(-5*time.Minute), "START", wantsAll()))
	w.waitLine(thread, bridge.LineOptedIn)

	external := w.provider.Sent()[0].ID
	w.reportStatus(channelstest.Event{State: "failed", External: []string{external}, Class: channels.OptedOut, Reason: "has opted out"})
	w.waitFate(reply, "failed")
	w.waitDrained()
	wantEqual(t, "what kim opted out of", w.optedOutOf(), "")
	wantEqual(t, "lines that kim opted out", w.countLines(thread, bridge.LineOptedOut), 0)
}
