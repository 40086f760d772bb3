package bridge_test

import (
	"testing"
	"time"

	"parley/bridge"
)

// what begins like a remark for colleagues, or with a colleague's name, waits for a click;
// so does a reply that is changed into one while it is held. A customer's name alone doesn't.
func TestTextsForColleaguesWaitForAClick(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	w.writes("dan", "Hello") // who has the name of somebody who is no agent
	thread := w.thread("Hello")
	w.reply(thread, "!take")
	w.card(thread, "| Ann |")
	for text, fate := range map[string]string{
		"internal: do not refund twice": "ask", "Ben, can you check this please?": "ask", "Hi ben - please look": "ask", "@ben look at this": "ask", "BEN!": "ask", "Thanks Cat,\nI see": "ask",
		"Dan, it is on its way": "waiting", "Ann, our expert, will call you": "waiting", "Benefits: none, sorry": "waiting", "We asked Ben, he knows": "waiting", "Hi Dan,\nBen will call you": "waiting",
	} {
		w.fate(w.reply(thread, text), fate)
	}
	m := w.reply(thread, "Your parcel is lost")
	w.fate(m, "waiting")
	w.chat.Edit(support, m, "Ben, the parcel is lost")
	w.fate(m, "ask")
	if n := w.provider.Calls(); n != 0 {
		t.Errorf("the customer got %q", w.provider.Texts())
	}
}

// Somebody else's text leaves by no way without the question; it waits like any reply, and
// anybody can take it back. One's own text leaves at once.
func TestSendingForSomebodyElseIsAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.opened()
	w.reply(thread, "!take")
	w.card(thread, "| Ann |")
	remark := w.chat.Say("ben", support, thread, "He never pays on time")
	w.fate(remark, "inside")
	w.chat.Choose("ann", support, remark, bridge.VerbSend)
	w.whisper("ann", "[send_as] Ben")
	w.chat.Choose("cat", support, remark, bridge.VerbSend)
	question := w.whisper("cat", "[send_as] Ben")
	w.fate(remark, "inside")
	w.chat.Press(t, "cat", question, bridge.VerbSend)
	w.fate(remark, "waiting")
	w.chat.Press(t, "ann", w.shown("[done] <@ben> Cat send"), bridge.VerbUndo)
	w.fate(remark, "undone")

	own := w.chat.Say("ben", support, thread, "I know that shop")
	w.fate(own, "inside")
	w.chat.Choose("ben", support, own, bridge.VerbSend)
	w.fate(own, "waiting")
	if n := w.provider.Calls(); n != 0 {
		t.Errorf("the customer got %q", w.provider.Texts())
	}
}
