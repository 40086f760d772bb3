package engine_test

import (
	"slices"
	"strings"
	"testing"

	"parley/bridge"
	"parley/bridge/bridgetest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// Whoever puts the number of a conversation that isn't open to them into a form, a command or an act of the page, with any verb and any
// message, reads nothing of it and changes nothing there.
// Requirement R-212: Only some people read an account.
// Requirement R-221: Pages for admins.
func TestSwappedConversation(t *testing.T) {
	t.Parallel()
	w := newSecludedWorld(t, options{})
	p := w.inboxPage()
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	state := func() string {
		return w.text(`SELECT conversations::text || (SELECT string_agg(messages::text, '|' ORDER BY id) FROM messages WHERE conversation_id = 1)
			|| (SELECT count(*) FROM log_entries WHERE conversation_id = 1 AND what <> 'refused') || (SELECT count(*) FROM deliveries AS d JOIN lanes AS l ON l.id = d.lane_id
				WHERE l.conversation_id = 1) FROM conversations WHERE id = 1`)
	}
	w.waitDrained()
	before := state()
	secret := bridge.MessageID(w.count(`SELECT min(id)::int FROM messages WHERE conversation_id = 1`))
	open := bridge.MessageID(w.count(`SELECT min(id)::int FROM messages WHERE conversation_id = 2`))
	for _, verb := range w.engines[0].VerbNames() {
		if verb == bridge.VerbMoveChannel { // chats alone say it
			continue
		}
		args := bridge.Args{
			Conversation: 1, Agents: []string{"me"}, Tags: []string{"Billing"}, Until: "2h", Note: "x", Message: secret,
		}
		if _, err := p.tryAct("cat", bridge.Act{Verb: verb, Text: "x", Args: args}); err == nil && slices.Contains(bridge.Acts(), verb) && verb != bridge.VerbSeveral { // which names each in Of
			t.Errorf("the page lets cat %s", verb)
		}
		w.chat.Submit("cat", support, thread, bridgetest.Button{Verb: verb, Args: args}, "x")
		args.Conversation, args.Message = 2, secret // a message of another conversation than the form's
		w.chat.Submit("cat", support, thread, bridgetest.Button{Verb: verb, Args: args}, "x")
		args.Conversation, args.Message = 1, open
		w.chat.Submit("cat", support, thread, bridgetest.Button{Verb: verb, Args: args}, "x")
		w.chat.Say("cat", support, thread, "!"+string(verb)+" #1 x")
	}
	w.eventually("all is applied", func() bool { return w.chat.Taken() && w.count(`SELECT count(*) FROM queued`) == 0 })
	wantEqual(t, "the conversation that isn't open", state(), before)
	told := w.text(`SELECT coalesce(string_agg(payload::text, ' '), '') FROM deliveries AS d JOIN lanes AS l ON l.id = d.lane_id
		WHERE l.conversation_id IS DISTINCT FROM 1`)
	for _, m := range w.chat.Whispers("cat") {
		told += m.Plain()
	}
	for _, word := range []string{"Salary", "Why so little", "Maria"} {
		if strings.Contains(told, word) {
			t.Errorf("cat reads %q", word)
		}
	}
}
