package engine_test

import (
	"strings"
	"testing"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels"
	"parley/store"
)

// reply_claims off: whoever replies in a conversation of nobody is asked to take it; nothing leaves
// before, whichever way it was said, and the button takes the conversation and sends.
//
func TestConversationsAreTakenBeforeReplies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: map[string]string{"reply_claims": "off"}})
	thread := w.openThread()
	typed := w.reply(thread, "Typed")
	w.waitFate(typed, "ask")
	line := w.waitAskedToTake("Typed")
	w.chat.Submit("ann", support, thread, formOf(bridge.VerbReply), "From the form")
	form := w.waitAskedToTake("From the form")
	w.waitDrained()
	w.waitCard(thread, "#1 open | Kim | Hello |  |")
	if n := w.provider.Calls(); n != 0 {
		t.Fatalf("a customer got %q of a conversation that nobody has taken", w.provider.Texts())
	}
	w.chat.Press(t, "ann", line, bridge.VerbSend)
	w.provider.WaitTexts(t, "Typed")
	w.waitCard(thread, "| Ann |")
	w.chat.Press(t, "ann", form, bridge.VerbSend)
	w.provider.WaitTexts(t, "Typed", "From the form")

	// Nobody has it any more. Ben is asked, and Cat takes it before he answers: his text stays.
	w.reply(thread, "!unassign")
	w.waitCard(thread, "#1 open | Kim | Hello |  |")
	late := w.chat.Say("ben", support, thread, "Mine, if I am first")
	w.waitFate(late, "ask")
	line = w.waitAskedToTake("Mine, if I am first")
	w.chat.Say("cat", support, thread, "!take")
	w.waitCard(thread, "| Cat |")
	w.chat.Press(t, "ben", line, bridge.VerbSend)
	w.waitWhisper("ben", "Cat took this conversation")
	w.waitFate(late, "ask")
	w.chat.Say("cat", support, thread, "Here is Cat")
	w.provider.WaitTexts(t, "Typed", "From the form", "Here is Cat")
}

// A status that a person chose after a reply was said stays, whether the reply's result is applied
// before or after that. The next reply makes the conversation pending.
func TestResultsLeaveAChosenStatus(t *testing.T) {
	t.Parallel()
	for logged, verbs := range map[string][]string{ // what the log tells of the last verb
		"unassigned": {"!unassign"},
		"assigned":   {"!assign #support"},
		"woke":       {"!snooze 2h", "!wake"},
		"reopened":   {"!resolve", "!reopen"},
	} {
		t.Run(logged, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread := w.openThread()
			release := w.holdQueues(w.accounts[chat])
			reply := w.reply(thread, "One")
			w.provider.WaitTexts(t, "One")
			w.waitDeliveryState(reply, store.Accepted)
			for _, verb := range verbs {
				w.reply(thread, verb)
			}
			w.eventually(logged, func() bool { return w.count(`SELECT count(*) FROM log_entries WHERE what = $1`, logged) == 1 })
			release()
			w.waitFate(reply, "out")
			w.waitDrained()
			w.waitCard(thread, "#1 open | Kim | Hello |")
			w.reply(thread, "Two")
			w.waitCard(thread, "#1 pending | Kim | Hello |")
		})
	}
}

// reply_claims off: a text that was asked about for another reason is asked about once more, and a
// template waits like a text.
func TestTakingIsAskedForAtEachClick(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withTemplates(options{settings: map[string]string{"reply_claims": "off", "confirm_send": "on"}}))
	id := w.saveTemplate(chat, nil)
	w.decideTemplate("order_update", channels.TemplateApproved, "")
	w.waitTemplateStatus(id, "approved")
	thread := w.openThread()
	m := w.reply(thread, "Shall we?")
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineAsk), bridge.VerbSend)
	w.waitAskedToTake("Shall we?")
	w.chat.Submit("ann", support, thread, templateForm(id, 1, map[string]string{"first_name": "Kim", "quote_number": "7"}), "")
	w.eventually("the template waits", func() bool { return w.text(`SELECT fate FROM messages WHERE template IS NOT NULL`) == "ask" })
	w.waitFate(m, "ask")
	w.waitDrained()
	if n := w.provider.Calls(); n != 0 {
		t.Fatalf("a customer got %q of a conversation that nobody has taken", w.provider.Texts())
	}
	w.chat.Press(t, "ann", w.waitAskedToTake("Shall we?"), bridge.VerbSend)
	w.provider.WaitTexts(t, "Shall we?")
}

// waitAskedToTake waits until the line is there that asks whether its author takes the conversation, so that a text can be sent.
func (w *world) waitAskedToTake(text string) bridgetest.Message {
	w.t.Helper()
	return w.waitShownAs(text, func(m bridgetest.Message) bool {
		return strings.HasPrefix(m.Plain(), "[ask]") && strings.Contains(m.Plain(), "unclaimed")
	})
}
