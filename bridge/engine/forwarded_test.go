package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/channels/channelstest"
)

const forwardedHeater = "Please handle.\n\n---------- Forwarded message ---------\nFrom: Tilda Moor <tilda@x.test>\n" +
	"Date: Sun, 29 Nov 2026 at 18:00\nSubject: Broken heater\nTo: <ann@acme.test>\n\nMy heater broke."

// An agent's forwarded mail is a conversation with its author, who gets the answer; what the agent wrote above stays inside. One
// click makes it the agent's own.
//
// Requirement R-260: A forwarded mail is its sender's.
func TestForwardedByAgent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerSends(mail, channelstest.Event{From: "ann@acme.test", Subject: "Fwd: Broken heater", Text: forwardedHeater})
	thread := w.waitThread("My heater broke.")
	wantWords(t, "the line", w.waitLine(thread, bridge.LineForwarded).Plain(), "Ann", "Please handle.")
	w.reply(thread, "We come tomorrow")
	sent := w.waitSent(1)[0]
	wantList(t, "who gets the answer", sent.To, []string{"tilda@x.test"})

	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineForwarded), bridge.VerbForwarder)
	w.waitLine(thread, bridge.LineDone)
	w.reply(thread, "Who is this?")
	wantList(t, "who gets it now", w.waitSent(2)[1].To, []string{"ann@acme.test"})
}

// A customer who forwards a mail, and a mail in an agent's name that the agent's domain disowns, is the sender's own.
func TestForwardedByOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Fwd: Broken heater", Text: forwardedHeater})
	w.reply(w.waitThread("My heater broke."), "Who is that?")
	wantList(t, "who gets the answer", w.waitSent(1)[0].To, []string{"kim@x.test"})
}
