package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/channels/channelstest"
)

// A merged conversation has ended: what its customer writes comes to the other one, and what is typed in its thread is sent from there.
// Taken back, both go on as before.
//
// Requirement R-261: Merge and split.
func TestMerge(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	first := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Lamp", Text: "It is dark"})
	dark := w.waitThread("It is dark")
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Bulb", Text: "It is the bulb"})
	bulb := w.waitThread("It is the bulb")

	form := formOf(bridge.VerbMerge)
	form.Args.Conversation, form.Args.Note = 2, "#1"
	w.chat.Submit("ann", support, bulb, form, "")
	wantWords(t, "the line", w.waitLine(bulb, bridge.LineDone).Plain(), "merge")
	w.waitLine(dark, bridge.LineDone)
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Re: Lamp", Text: "Any news?", References: []string{first}})
	wantEqual(t, "where it is shown", w.waitShown("Any news?").Thread, bulb)

	w.reply(dark, "Try another one")
	w.chat.Press(t, "ann", w.waitLine(dark, bridge.LineInside), bridge.VerbSendThere)
	w.provider.WaitTexts(t, "Try another one")
	wantEqual(t, "whose it is", w.count(`SELECT conversation_id FROM messages WHERE text = 'Try another one'`), 2)

	w.chat.Press(t, "ann", w.waitLine(bulb, bridge.LineDone), bridge.VerbUnmerge)
	w.waitCardWith("#1 open")
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Re: Lamp", Text: "Hello?", References: []string{first}})
	wantEqual(t, "where it is shown now", w.waitShown("Hello?").Thread, dark)
}

// A message that is split off begins a conversation of its own, to which answers to it come.
func TestSplit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	first := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Lamp", Text: "It is dark"})
	thread := w.waitThread("It is dark")
	second := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Re: Lamp", Text: "And a bill, please", References: []string{first}})
	shown := w.waitShown("And a bill, please")
	form := formOf(bridge.VerbSplit)
	form.Args.Conversation = 1
	w.chat.Submit("ann", support, thread, form, "")
	w.waitLine(thread, bridge.LineDone)
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Re: Lamp", Text: "For tax", References: []string{second, first}})
	if at := w.waitShown("For tax").Thread; at == shown.Thread {
		t.Errorf("the answer to what was split off is shown in the old thread %s", at)
	}
}
