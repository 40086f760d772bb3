package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels/channelstest"
	"parley/store/erase"
)

// An admin deletes a conversation. Its thread loses what Parley posted, the database what was said, and the log says who did it and why.
// What colleagues type there then reaches nobody; what the customer writes begins another one, also if it answers what was deleted, or a
// conversation that was merged into it.
// Requirement R-045: Delete.
func TestDelete(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	other := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Bulb", Text: "It is the bulb"})
	bulb := w.waitThread("It is the bulb")
	first := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "A question", Text: "My zebra is dark"})
	thread := w.waitThread("My zebra is dark")
	w.chat.Submit("ann", support, thread, bridgetest.Button{Verb: bridge.VerbMerge, Args: bridge.Args{Conversation: 2, Note: "#1"}}, "")
	w.waitLine(bulb, bridge.LineDone)
	w.reply(thread, "Feed the zebra")
	w.provider.WaitTexts(t, "Feed the zebra")
	w.waitDrained()

	w.chat.Say("ben", support, thread, "!deleteall spam")
	w.waitWhisper("ben", "Only admins delete")
	w.chat.Say("ann", support, thread, "!deleteall spam")
	w.waitWhisper("ann", "not deleted yet")
	form := bridgetest.Button{Verb: bridge.VerbDeleteAll, Args: bridge.Args{Conversation: 2, Note: "spam", SendArgs: bridge.SendArgs{Sure: true}}}
	w.reply(thread, "!xyz now")
	ask := w.waitLine(thread, bridge.LineAsk)
	w.chat.Submit("ann", support, thread, form, "")
	w.waitWhisper("ann", "still on its way")
	w.chat.Press(t, "ann", ask, bridge.VerbKeep)
	w.waitDrained()
	w.chat.Submit("ann", support, thread, form, "")
	w.waitCard(thread, "Deleted by Ann: spam")
	w.waitDrained()
	for _, m := range w.chat.Messages(support, thread) {
		if m.User == bridgetest.App && m.ID != thread {
			t.Errorf("the thread still shows %q", m.Plain())
		}
	}

	w.reply(thread, "Is somebody there?")
	w.waitWhisper("ann", "#2 was deleted: nobody gets what is said to it.")
	w.chat.Say("ann", support, bulb, "!merge #2")
	w.chat.Say("ann", support, thread, "!reopen")
	w.waitDrained()
	w.runErasure(w.eraseOptions(), w.text(`SELECT id::text FROM erasures WHERE conversation_id = 2`))
	w.wantNotStored("zebra")
	log := `SELECT string_agg(what || coalesce(': ' || (detail ->> 'text'), ''), ',') FROM log_entries WHERE what = 'deleted'`
	wantEqual(t, "the log", w.text(log), "deleted: spam")
	wantEqual(t, "how it ended", w.text(`SELECT close_reason FROM conversations WHERE id = 2`), "deleted")
	wantEqual(t, "the customer", w.text(`SELECT key FROM identities`), "kim@x.test")
	if left, err := erase.ListUnfinished(t.Context(), w.pool); err != nil || len(left) > 0 {
		t.Errorf("erasures that go on: %v, %v", left, err)
	}

	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Re: A question", Text: "Hello?", References: []string{first}})
	again := w.waitThread("Hello?")
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Re: Bulb", Text: "And the bulb?", References: []string{other}})
	if at := w.waitShown("And the bulb?").Thread; at == thread || at == again {
		t.Errorf("what answers the conversation that was merged is shown in %s", at)
	}
}
