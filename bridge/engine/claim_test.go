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
	thread := w.opened()
	typed := w.reply(thread, "Typed")
	w.fate(typed, "ask")
	line := w.asked("Typed")
	w.chat.Submit("ann", support, thread, submit(bridge.VerbReply), "From the form")
	form := w.asked("From the form")
	w.settled()
	w.card(thread, "#1 open | Kim | Hello |  |")
	if n := w.provider.Calls(); n != 0 {
		t.Fatalf("a customer got %q of a conversation that nobody has taken", w.provider.Texts())
	}
	w.chat.Press(t, "ann", line, bridge.VerbSend)
	w.provider.WaitTexts(t, "Typed")
	w.card(thread, "| Ann |")
	w.chat.Press(t, "ann", form, bridge.VerbSend)
	w.provider.WaitTexts(t, "Typed", "From the form")
	w.reply(thread, "!unassign")
	w.card(thread, "#1 open | Kim | Hello |  |")
	late := w.chat.Say("ben", support, thread, "Mine, if I am first")
	w.fate(late, "ask")
	line = w.asked("Mine, if I am first")
	w.chat.Say("cat", support, thread, "!take")
	w.card(thread, "| Cat |")
	w.chat.Press(t, "ben", line, bridge.VerbSend)
	w.whisper("ben", "Cat took this conversation")
	w.fate(late, "ask")
	w.chat.Say("cat", support, thread, "Here is Cat")
	w.provider.WaitTexts(t, "Typed", "From the form", "Here is Cat")
}

// A status that a person chose after a reply was said stays, whether the reply's result is applied
// before or after that. The next reply makes the conversation pending.
func TestResultsLeaveAChosenStatus(t *testing.T) {
	t.Parallel()
	for verb, logged := range map[string]string{"!unassign": "unassigned", "!assign #support": "assigned", "!snooze 2h\n!wake": "woke", "!resolve\n!reopen": "reopened"} {
		t.Run(logged, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread := w.opened()
			release := w.holdQueues(w.accounts[chat])
			reply := w.reply(thread, "One")
			w.provider.WaitTexts(t, "One")
			w.stateOf(reply, store.Accepted)
			for one := range strings.Lines(verb) {
				w.reply(thread, strings.TrimSpace(one))
			}
			w.eventually(logged, func() bool { return w.count(`SELECT count(*) FROM log_entries WHERE what = $1`, logged) == 1 })
			release()
			w.fate(reply, "out")
			w.settled()
			w.card(thread, "#1 open | Kim | Hello |")
			w.reply(thread, "Two")
			w.card(thread, "#1 pending | Kim | Hello |")
		})
	}
}

// reply_claims off: a text that was asked about for another reason is asked about once more, and a
// template waits like a text.
func TestTakingIsAskedForAtEachClick(t *testing.T) {
	t.Parallel()
	w := newWorld(t, templating(options{settings: map[string]string{"reply_claims": "off", "confirm_send": "on"}}))
	id := w.template(chat, nil)
	w.decide("order_update", channels.TemplateApproved, "")
	w.status(id, "approved")
	thread := w.opened()
	m := w.reply(thread, "Shall we?")
	w.chat.Press(t, "ann", w.line(thread, bridge.LineAsk), bridge.VerbSend)
	w.asked("Shall we?")
	w.chat.Submit("ann", support, thread, fill(id, 1, map[string]string{"first_name": "Kim", "quote_number": "7"}), "")
	w.eventually("the template waits", func() bool { return w.text(`SELECT fate FROM messages WHERE template IS NOT NULL`) == "ask" })
	w.fate(m, "ask")
	w.settled()
	if n := w.provider.Calls(); n != 0 {
		t.Fatalf("a customer got %q of a conversation that nobody has taken", w.provider.Texts())
	}
	w.chat.Press(t, "ann", w.asked("Shall we?"), bridge.VerbSend)
	w.provider.WaitTexts(t, "Shall we?")
}

// asked waits until it is asked whether the conversation is taken to send a text.
func (w *world) asked(text string) bridgetest.Message {
	w.t.Helper()
	return w.shownAs(text, func(m bridgetest.Message) bool {
		return strings.HasPrefix(m.Plain(), "[ask]") && strings.Contains(m.Plain(), "unclaimed")
	})
}
