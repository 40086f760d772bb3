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

// wantsNone and wantsAll are the meanings of STOP and START. The provider itself answers these words.
func wantsNone() channels.Consent { return channels.Consent{OptedOut: true, Silent: true} }

// optedOutOf returns what kim opted out of: "all", "marketing", or "" for nothing.
func (w *world) optedOutOf() string {
	w.t.Helper()
	return w.text(`SELECT opted_out FROM identities WHERE key = 'kim'`)
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
