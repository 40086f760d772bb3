package engine_test

import (
	"strings"
	"testing"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels"
	"parley/store"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// asksToTake are settings by which an agent who replies in a conversation without an owner is first asked to take it.
func asksToTake() map[string]string { return map[string]string{"reply_claims": "off"} }

// With reply_claims off, an agent who replies in a conversation without an owner is asked to take it, both for a typed
// reply and for one from the form. Nothing leaves before. The button takes the conversation and sends the reply.
// Requirement R-027: Take one from the queue.
func TestConversationsAreTakenBeforeReplies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: asksToTake()})
	thread := w.openThread()
	typed := w.reply(thread, "Typed")
	w.waitFate(typed, "ask")
	askedByTyped := w.waitAskedToTake("Typed")
	w.chat.Submit("ann", support, thread, formOf(bridge.VerbReply), "From the form")
	askedByForm := w.waitAskedToTake("From the form")
	w.waitDrained()
	w.waitCard(thread, "#1 open | Kim | Hello |  |")
	w.wantNothingSent()

	w.chat.Press(t, "ann", askedByTyped, bridge.VerbSend)
	w.provider.WaitTexts(t, "Typed")
	w.waitCard(thread, "| Ann |")
	w.chat.Press(t, "ann", askedByForm, bridge.VerbSend)
	w.provider.WaitTexts(t, "Typed", "From the form")
}

// An agent is asked to take a conversation, and a colleague takes it before the click. The agent is told so, and the text
// stays inside.
// Requirement R-027: Take one from the queue.
func TestConversationIsTakenByAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: asksToTake()})
	thread := w.openThread()
	late := w.chat.Say("ben", support, thread, "Mine, if I am first")
	w.waitFate(late, "ask")
	asked := w.waitAskedToTake("Mine, if I am first")

	w.take("cat", "Hello")
	w.chat.Press(t, "ben", asked, bridge.VerbSend)
	w.waitWhisper("ben", "Cat took this conversation")
	w.waitFate(late, "ask")

	w.chat.Say("cat", support, thread, "!reply Here is Cat")
	w.provider.WaitTexts(t, "Here is Cat")
}

// A status that an agent chose after a reply was said stays, although the reply's result is applied later. The next reply
// makes the conversation pending.
func TestResultsLeaveAChosenStatus(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		verbs      []string
		wantLogged string // of the last verb
	}{
		{name: "unassigned", verbs: []string{"!unassign"}, wantLogged: "unassigned"},
		{name: "assigned to a team", verbs: []string{"!assign #support"}, wantLogged: "assigned"},
		{name: "snoozed and woken", verbs: []string{"!snooze 2h", "!wake"}, wantLogged: "woke"},
		{name: "resolved and reopened", verbs: []string{"!resolve", "!reopen"}, wantLogged: "reopened"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread := w.openThread()
			release := w.holdQueues(w.accounts[chat]) // the reply's result isn't applied yet
			reply := w.reply(thread, "One")
			w.provider.WaitTexts(t, "One")
			w.waitDeliveryState(reply, store.Accepted)

			for _, verb := range tt.verbs {
				w.reply(thread, verb)
			}
			w.eventually("it is logged as "+tt.wantLogged, func() bool {
				return w.count(`SELECT count(*) FROM log_entries WHERE what = $1`, tt.wantLogged) == 1
			})

			release()
			w.waitFate(reply, "out")
			w.waitDrained()
			w.waitCard(thread, "#1 open | Kim | Hello |")

			w.reply(thread, "Two")
			w.waitCard(thread, "#1 pending | Kim | Hello |")
		})
	}
}

// If each reply has to be confirmed, an agent who confirms one in a conversation without an owner is then asked to take
// it.
func TestTakingIsAskedForAfterAConfirmation(t *testing.T) {
	t.Parallel()
	settings := asksToTake()
	settings["confirm_send"] = "on"
	w := newWorld(t, options{settings: settings})
	thread := w.openThread()
	m := w.reply(thread, "Shall we?")
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineAsk), bridge.VerbSend)
	asked := w.waitAskedToTake("Shall we?")
	w.waitFate(m, "ask")
	w.waitDrained()
	w.wantNothingSent()

	w.chat.Press(t, "ann", asked, bridge.VerbSend)
	w.provider.WaitTexts(t, "Shall we?")
}

// A template waits like a text until its author has taken the conversation.
func TestTemplateWaitsUntilItsConversationIsTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withTemplates(options{settings: asksToTake()}))
	id := w.saveTemplate(chat, nil)
	w.decideTemplate("order_update", channels.TemplateApproved, "")
	w.waitTemplateStatus(id, "approved")
	thread := w.openThread()
	w.chat.Submit("ann", support, thread, templateForm(id, 1, map[string]string{"first_name": "Kim", "quote_number": "7"}), "")
	w.eventually("the template waits", func() bool { return w.text(`SELECT fate FROM messages WHERE template IS NOT NULL`) == "ask" })
	w.waitDrained()
	w.wantNothingSent()
}

// waitAskedToTake waits for the line that asks the author of this text to take the conversation.
func (w *world) waitAskedToTake(text string) bridgetest.Message {
	w.t.Helper()
	return w.waitShownAs(text, func(m bridgetest.Message) bool {
		return strings.HasPrefix(m.Plain(), "[ask]") && strings.Contains(m.Plain(), "unclaimed")
	})
}
