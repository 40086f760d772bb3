package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/store"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// newSecludedInbox makes a world of newSecludedWorld with another conversation, #2, which all agents may read and in
// which a reply of cat is held. ben is no longer an agent. It returns the page and the held reply.
func newSecludedInbox(t *testing.T) (p *page, held store.MessageID) {
	t.Helper()

	w := newSecludedWorld(t, options{hold: time.Hour})
	p = w.inboxPage()
	w.customerWrites("kim", "Hello")
	w.waitThread("Hello")
	p.act("cat", bridge.Act{Verb: bridge.VerbReply, Text: "Hi Kim", Args: bridge.Args{Conversation: 2}})
	held = store.MessageID(w.count(`SELECT id::int FROM messages WHERE text = 'Hi Kim'`))

	check(t, store.RetireAgent(t.Context(), w.pool, w.agents["ben"]))
	w.reloadEngines()
	return p, held
}

// The page shows an agent only what she may read, and does only what she may do. So it hides a private channel from
// others, and shows nothing to people who aren't agents. Acts that are refused aren't stored.
// Requirement R-274: An inbox in the browser.
// Requirement R-212: Only some people read an account.
func TestInboxPermissions(t *testing.T) {
	t.Parallel()
	p, held := newSecludedInbox(t)
	stored := p.count(`SELECT count(*) FROM events`)
	ctx := t.Context()
	for _, who := range []string{"cat", "ben", "nobody"} {
		agent := p.agents[who] // 0 for nobody
		refusals := []struct {
			name string
			err  error
		}{
			{name: "facts", err: errorOf(p.inbox.Facts(ctx, agent, 1))},
			{name: "messages", err: errorOf(p.inbox.ReadSpoken(ctx, agent, 1, bridge.SpokenBefore{}))},
			{name: "history", err: errorOf(p.inbox.History(ctx, agent, 1, 0))},
			{name: "stamp", err: errorOf(p.inbox.Stamp(ctx, agent, 1))},
			{name: "file", err: errorOf(p.inbox.File(ctx, agent, 1, 1, 0))},
			{name: "result", err: errorOf(p.inbox.Result(ctx, agent, 1, "act"))},
			{name: "note", err: errorOf(p.tryAct(who, bridge.Act{Verb: bridge.VerbNote, Text: "x"}))},
			{name: "reply", err: errorOf(p.tryAct(who, bridge.Act{Verb: bridge.VerbReply, Text: "x"}))},
			{name: "undo", err: errorOf(p.tryAct(who, bridge.Act{Verb: bridge.VerbUndo, Args: bridge.Args{Message: held}}))},
		}
		for _, refusal := range refusals {
			_ = wantProblem(t, refusal.name+" for "+who, refusal.err)
		}
	}
	wantEqual(t, "acts that were stored", p.count(`SELECT count(*) FROM events`)-stored, 0)
}

// An act is refused and not stored if it is about a message of another conversation, or if the page doesn't offer it.
// Requirement R-274: An inbox in the browser.
func TestInboxRefusesStrangeActs(t *testing.T) {
	t.Parallel()
	p, held := newSecludedInbox(t)
	stored := p.count(`SELECT count(*) FROM events`)
	tests := []struct {
		name string
		act  bridge.Act
	}{
		{
			name: "a message of another conversation",
			act:  bridge.Act{Verb: bridge.VerbUndo, Args: bridge.Args{Conversation: 1, Message: held}},
		},
		{name: "no message", act: bridge.Act{Verb: bridge.VerbSend}},
		{name: "what is for admins", act: bridge.Act{Verb: bridge.VerbClose}},
		{name: "a conversation that isn't there", act: bridge.Act{Verb: bridge.VerbNote, Text: "x", Args: bridge.Args{Conversation: 99}}},
	}
	for _, tt := range tests {
		if _, err := p.tryAct("ann", tt.act); err == nil {
			t.Errorf("an act on %s has no error, want one", tt.name)
		}
	}
	wantEqual(t, "acts that were stored", p.count(`SELECT count(*) FROM events`)-stored, 0)
}
