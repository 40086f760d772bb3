package engine_test

import (
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/channels/channelstest"
)

// Edge case 28: STOP, send, START.
func TestOptOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	w.writes("kim", "Hello")
	thread := w.thread("Hello")
	held := w.chat.Say("ann", support, thread, "Still waiting")
	w.fate(held, "waiting")
	stop := channelstest.Event{Type: "consent", From: "kim", Text: "STOP", Consent: &channels.Consent{OptedOut: true, Silent: true}}
	w.does(stop)
	if m := w.line(thread, bridge.LineOptedOut); !strings.Contains(m.Plain(), "STOP") {
		t.Errorf("the line says %q", m.Plain())
	}
	w.advance(time.Hour)
	w.fate(held, "failed")
	refused := w.chat.Say("ann", support, thread, "And another")
	w.fate(refused, "ask")
	w.card(thread, "#1 open")
	w.chat.Say("ann", support, thread, "!resolve")
	w.card(thread, "#1 resolved")
	w.does(channelstest.Event{Type: "consent", From: "kim", Text: "START", Consent: &channels.Consent{Silent: true}})
	w.line(thread, bridge.LineOptedIn)
	w.card(thread, "#1 resolved") // it opens nothing
	w.chat.Say("ann", support, thread, "!reopen")
	w.card(thread, "#1 open")
	w.chat.Say("ann", support, thread, "Welcome back")
	w.eventually("it waits", func() bool { return w.count(`SELECT count(*) FROM messages WHERE fate = 'waiting'`) == 1 })
	w.advance(time.Hour)
	w.provider.WaitTexts(t, "Welcome back")
	w.settled()
	if n := w.lines(thread, bridge.LineOptedOut); n != 1 {
		t.Errorf("%d lines", n)
	}
}

// A provider that refuses because the customer opted out sets the mark.
func TestProviderSaysOptedOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.writes("kim", "Hello")
	thread := w.thread("Hello")
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.OptedOut})
	w.fate(w.reply(thread, "Hi"), "failed")
	w.line(thread, bridge.LineOptedOut)
	w.fate(w.reply(thread, "Hi again"), "ask")
	if n := w.provider.Calls(); n != 1 {
		t.Errorf("%d calls", n)
	}
}

// Who forbade advertising alone still gets answers, also when an advertising template was tried,
// by us or by the provider.
func TestAdvertisingRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, templating(options{}))
	thread := w.opened()
	id := w.template(chat, func(t *bridge.Template) { t.Category, t.Body = "marketing", "Half price today." })
	w.decide("order_update", channels.TemplateApproved, "")
	w.status(id, "approved")
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.OptedOut})
	for i := range 2 { // the provider refuses the first one, we the second
		w.chat.Submit("ann", support, thread, fill(id, 1, nil), "")
		w.chat.Wait(t, "it is refused", func() bool { return w.lines(thread, bridge.LineFailed) == i+1 })
	}
	w.settled()
	if text := w.text(`SELECT opted_out FROM identities WHERE opted_out <> ''`); text != "marketing" {
		t.Errorf("opted out of %q", text)
	}
	w.fate(w.reply(thread, "Your lamp is repaired"), "out")
	if n := w.provider.Calls(); n != 2 {
		t.Errorf("%d calls", n)
	}
}
