package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/channels/channelstest"
)

// A text that names another customer's address is held; one click sends it to that customer, in whose thread it is shown.
//
// Requirement R-270: Wrong customer.
func TestAnotherCustomersAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerSends(mail, channelstest.Event{From: "lee@x.test", Subject: "Bulb", Text: "It is the bulb"})
	bulb := w.waitThread("It is the bulb")
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Lamp", Text: "It is dark"})
	dark := w.waitThread("It is dark")
	w.chat.Say("ann", support, dark, "We have written to lee@x.test")
	w.chat.Press(t, "ann", w.waitLine(dark, bridge.LineAsk), bridge.VerbSendThere)
	wantList(t, "who gets it", w.waitSent(1)[0].To, []string{"lee@x.test"})
	wantWords(t, "the line there", w.waitLine(bulb, bridge.LineDone).Plain(), "We have written to lee@x.test")
}
