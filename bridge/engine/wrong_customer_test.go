package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/bridge/bridgetest"
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

// A file that another customer sent is held, too, unless this customer sent it as well.
//
// Requirement R-270: Wrong customer.
func TestAnotherCustomersFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	bill := []channelstest.File{{Name: "bill.pdf", Type: "application/pdf", Content: []byte("500 for lamps")}}
	w.customerSends(mail, channelstest.Event{From: "lee@x.test", Subject: "Bulb", Text: "It is the bulb", Files: bill})
	w.waitThread("It is the bulb")
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Lamp", Text: "It is dark"})
	dark := w.waitThread("It is dark")
	again := bridgetest.File{Name: "bill.pdf", Content: bill[0].Content}
	w.chat.Say("ann", support, dark, "Here it is", again)
	w.chat.Press(t, "ann", w.waitLine(dark, bridge.LineAsk), bridge.VerbSendThere)
	wantList(t, "who gets it", w.waitSent(1)[0].To, []string{"lee@x.test"})

	form := formOf(bridge.VerbReply)
	form.Args.Conversation = 2
	w.chat.Submit("ann", support, dark, form, "From a form", again)
	w.chat.Press(t, "ann", w.waitShown("file_of_other From a form"), bridge.VerbKeep)

	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Bill", Text: "Is this it?", Files: bill})
	w.chat.Say("ann", support, w.waitThread("Is this it?"), "Yes", again)
	wantList(t, "who gets the other", w.waitSent(2)[1].To, []string{"kim@x.test"})
}
