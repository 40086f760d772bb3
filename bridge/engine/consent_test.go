package engine_test

import (
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/channels/channelstest"
)

// Edge case 28: a customer writes STOP. Nothing leaves any more, neither what was held nor what is typed then, until the customer
// writes START.
func TestOptOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	held := w.chat.Say("ann", support, thread, "Still waiting")
	w.waitFate(held, "waiting")
	stop := channelstest.Event{Type: "consent", From: "kim", Text: "STOP", Consent: &channels.Consent{OptedOut: true, Silent: true}}
	w.postChatEvent(stop)
	if m := w.waitLine(thread, bridge.LineOptedOut); !strings.Contains(m.Plain(), "STOP") {
		t.Errorf("the line says %q", m.Plain())
	}
	w.advance(time.Hour)
	w.waitFate(held, "failed")
	refused := w.chat.Say("ann", support, thread, "And another")
	w.waitFate(refused, "ask")
	w.waitCard(thread, "#1 open")
	w.chat.Say("ann", support, thread, "!resolve")
	w.waitCard(thread, "#1 resolved")
	w.postChatEvent(channelstest.Event{Type: "consent", From: "kim", Text: "START", Consent: &channels.Consent{Silent: true}})
	w.waitLine(thread, bridge.LineOptedIn)
	w.waitCard(thread, "#1 resolved") // it opens nothing
	w.chat.Say("ann", support, thread, "!reopen")
	w.waitCard(thread, "#1 open")
	w.chat.Say("ann", support, thread, "Welcome back")
	w.eventually("it waits", func() bool { return w.count(`SELECT count(*) FROM messages WHERE fate = 'waiting'`) == 1 })
	w.advance(time.Hour)
	w.provider.WaitTexts(t, "Welcome back")
	w.waitDrained()
	if n := w.countLines(thread, bridge.LineOptedOut); n != 1 {
		t.Errorf("%d lines, want 1", n)
	}
}

// A provider that refuses because the customer opted out sets the mark.
func TestProviderSaysOptedOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.OptedOut})
	w.waitFate(w.reply(thread, "Hi"), "failed")
	w.waitLine(thread, bridge.LineOptedOut)
	w.waitFate(w.reply(thread, "Hi again"), "ask")
	if n := w.provider.Calls(); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}

	// Somebody wanted none before there was a conversation: the thread says so once there is one.
	w.postChatEvent(channelstest.Event{Type: "consent", From: "lee", Text: "STOP", Consent: &channels.Consent{OptedOut: true, Silent: true}})
	w.customerWrites("lee", "Where is my lamp?")
	w.waitLine(w.waitThread("Where is my lamp?"), bridge.LineOptedOut)
}

// Who forbade advertising alone still gets answers, also when an advertising template was tried,
// by us or by the provider.
func TestAdvertisingRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withTemplates(options{}))
	thread := w.openThread()
	id := w.saveTemplate(chat, func(t *bridge.Template) { t.Category, t.Body = "marketing", "Half price today." })
	w.decideTemplate("order_update", channels.TemplateApproved, "")
	w.waitTemplateStatus(id, "approved")
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.OptedOut})
	for i := range 2 { // the provider refuses the first one, we the second
		w.chat.Submit("ann", support, thread, templateForm(id, 1, nil), "")
		w.chat.Wait(t, "it is refused", func() bool { return w.countLines(thread, bridge.LineFailed) == i+1 })
	}
	w.waitDrained()
	if text := w.text(`SELECT opted_out FROM identities WHERE opted_out <> ''`); text != "marketing" {
		t.Errorf("opted out of %q, want \"marketing\"", text)
	}
	w.waitFate(w.reply(thread, "Your lamp is repaired"), "out")
	if n := w.provider.Calls(); n != 2 {
		t.Errorf("%d calls, want 2", n)
	}
}

// Of a customer's wishes the one that was said last counts, not the one that comes last: callbacks get lost, and are made up for
// minutes later. The older one isn't shown, either.
func TestOlderWishComesLate(t *testing.T) {
	t.Parallel()
	said := time.Now().Add(-time.Hour)
	stop, start := channels.Consent{OptedOut: true, Silent: true}, channels.Consent{Silent: true}
	for name, test := range map[string]struct {
		newer, older channels.Consent
		optedOut     string
	}{
		"a lost START":                        {newer: stop, older: start, optedOut: "all"},
		"a lost STOP":                         {newer: start, older: stop, optedOut: ""},
		"a lost START before one of all":      {newer: stop, older: channels.Consent{Marketing: true, Silent: true}, optedOut: "all"},
		"a lost START, then none of adverts":  {newer: channels.Consent{OptedOut: true, Marketing: true, Silent: true}, older: start, optedOut: "marketing"},
		"a lost STOP of all, then of adverts": {newer: channels.Consent{Marketing: true, Silent: true}, older: stop, optedOut: "all"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread := w.openThread()
			w.postChatEvent(channelstest.Event{Type: "consent", From: "kim", Text: "Newer", At: said.Add(5 * time.Minute), Consent: &test.newer})
			w.waitShown("Newer")
			w.postChatEvent(channelstest.Event{Type: "consent", From: "kim", Text: "Older", At: said, Consent: &test.older})
			w.waitDrained()
			if got := w.text(`SELECT opted_out FROM identities WHERE key = 'kim'`); got != test.optedOut {
				t.Errorf("opted out of %q, want %q", got, test.optedOut)
			}
			if isOfSameKind := !test.newer.Marketing; isOfSameKind {
				wantEqual(t, "lines about wishes", w.countLines(thread, bridge.LineOptedIn)+w.countLines(thread, bridge.LineOptedOut), 1)
			}
		})
	}
}

// A wish whose sender's clock is ahead doesn't outdate the ones after it.
func TestWishFromTheFuture(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.postChatEvent(channelstest.Event{Type: "consent", From: "kim", Text: "STOP", At: time.Now().Add(24 * time.Hour), Consent: &channels.Consent{OptedOut: true, Silent: true}})
	w.waitLine(thread, bridge.LineOptedOut)
	w.postChatEvent(channelstest.Event{Type: "consent", From: "kim", Text: "START", Consent: &channels.Consent{Silent: true}})
	w.waitLine(thread, bridge.LineOptedIn)
}

// A refusal of a message that left before the customer allowed messages again changes nothing, though it is told later.
func TestRefusedBeforeTheStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	reply := w.reply(thread, "Your lamp is repaired")
	w.waitFate(reply, "out")
	w.waitDrained()
	w.exec(`UPDATE deliveries SET sent_at = sent_at - interval '10 minutes' WHERE kind = 'reply'`)
	w.postChatEvent(channelstest.Event{Type: "consent", From: "kim", Text: "START", At: time.Now().Add(-5 * time.Minute), Consent: &channels.Consent{Silent: true}})
	w.waitLine(thread, bridge.LineOptedIn)
	w.postChatEvent(channelstest.Event{Type: "status", State: "failed", External: []string{w.provider.Sent()[0].ID}, Class: channels.OptedOut, Reason: "has opted out"})
	w.waitFate(reply, "failed")
	w.waitDrained()
	wantEqual(t, "what kim opted out of", w.text(`SELECT opted_out FROM identities WHERE key = 'kim'`), "")
	wantEqual(t, "lines that kim opted out", w.countLines(thread, bridge.LineOptedOut), 0)
}
