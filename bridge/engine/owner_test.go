package engine_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels/channelstest"
	"parley/store"
)

// Whoever takes a conversation by a button, which doesn't subscribe them to its thread, is mentioned in a line there. An
// agent who types in the thread is told by the chat anyway.
// Requirement R-251: Notices by mentions in the thread.
func TestTakingByAButtonMentionsTheOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.reply(thread, "!take")
	w.waitCard(thread, "| Ann |")
	w.waitDrained()
	if n := w.countLines(thread, bridge.LineAssigned); n != 0 {
		t.Errorf("%d lines about what ann typed, want none", n)
	}

	w.chat.Press(t, "ben", w.chat.Get(support, thread), bridge.VerbTake)
	if line := w.waitLine(thread, bridge.LineAssigned); !slices.Equal(line.Mentions(), []string{"ben"}) {
		t.Errorf("the line: %q", line.Text)
	}
	w.waitCard(thread, "| Ben |")

	w.chat.Say("ann", support, "", commandOn("take")) // outside of the thread, which subscribes nobody either
	w.chat.Wait(t, "ann is mentioned", func() bool { return w.countLines(thread, bridge.LineAssigned) == 2 })
	w.waitCard(thread, "| Ann |")
}

// A note for owners mentions them in the thread, even if they own the conversation already.
// Requirement R-122: Hand over with a note.
func TestNoteForWhoOwnsItAlready(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.reply(thread, "!assign @ann @ben")
	w.waitCard(thread, "| Ann,Ben |")
	form := bridge.Args{Conversation: 1, Agents: []string{"ben"}, Note: "Please finish, the refund is agreed."}
	for _, note := range []string{"Please finish, the refund is agreed.", "And tell Kim."} {
		form.Note = note
		w.chat.Submit("ann", support, thread, bridgetest.Button{Verb: bridge.VerbAssign, Args: form}, "")
		wantList(t, "whom the note mentions", w.waitShown(note).Mentions(), []string{"ben"})
		w.waitCard(thread, "| Ben |")
	}
}

// An agent resolves their own conversation by an emoji on any message. For somebody else's the emoji has to be on the
// card, or the agent is asked. The owner is mentioned in the thread.
func TestEmojiResolvesOnesOwnOrAsks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.reply(thread, "!take")
	w.waitCard(thread, "| Ann |")

	hello := w.waitShown("Hello")
	w.chat.React("ben", hello, bridge.VerbResolve)
	asked := w.waitWhisper("ben", "not_assignee")
	w.waitCard(thread, "#1 open")
	w.chat.Press(t, "ben", asked, bridge.VerbResolve)
	w.waitCard(thread, "#1 resolved")
	if line := w.waitLine(thread, bridge.LineResolved); !slices.Equal(line.Mentions(), []string{"ann"}) {
		t.Errorf("the line: %q", line.Text)
	}

	w.reply(thread, "!reopen")
	w.waitCard(thread, "#1 open")
	w.chat.React("ann", hello, bridge.VerbResolve)
	w.waitCard(thread, "#1 resolved")

	w.reply(thread, "!reopen")
	w.waitCard(thread, "#1 open")
	w.chat.React("ben", w.chat.Get(support, thread), bridge.VerbResolve)
	w.waitCard(thread, "#1 resolved")
}

// If somebody is no longer an agent, their conversations go on with the other owners. Those without one are unassigned,
// and a line says so. The lines come one after the other, so that customers' messages don't wait behind many of them. A
// resolved conversation keeps its owner until somebody opens it again.
func TestOwnerLeaves(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	alone := w.openThread()
	w.reply(alone, "!assign @ben")
	w.waitCard(alone, "| Ben |")

	w.customerWrites("lee", "Both, please")
	both := w.waitThread("Both, please")
	w.reply(both, "!assign @ben @ann")
	w.waitLine(both, bridge.LineAssigned)

	w.customerSends(mail, channelstest.Event{From: "joe@x.test", Subject: "Thanks", Text: "Thanks"})
	over := w.waitThread("Thanks")
	w.reply(over, "!assign @ben")
	w.waitCard(over, "| Ben |")
	w.reply(over, "!resolve")
	w.waitCard(over, "resolved")
	w.waitDrained()

	// Ben leaves: of the three that he has, one is his alone, one has another owner, and one is resolved.
	check(t, store.RetireAgent(t.Context(), w.pool, w.agents["ben"]))
	check(t, store.BumpSettings(t.Context(), w.pool))
	if line := w.waitLine(alone, bridge.LineUnassigned); len(line.Mentions()) != 0 {
		t.Errorf("the line: %q", line.Text)
	}
	w.advance(5 * time.Second)
	w.waitCard(both, "| Ann |")
	w.waitDrained()

	apart := w.text(`SELECT max(due) - min(due) FROM (
		SELECT split_part(external_id, ':', 4)::bigint AS due FROM events WHERE external_id LIKE 'timer:%:left:%') AS timer`)
	wantEqual(t, "how long the two lines were due apart, in µs", apart, "5000000")
	owners := w.text(`SELECT string_agg(assignees::text, ' ' ORDER BY id) FROM conversations`)
	if want := fmt.Sprintf("{} {%d} {%d}", w.agents["ann"], w.agents["ben"]); owners != want {
		t.Errorf("owners are %s, want %s", owners, want)
	}
	wantEqual(t, "lines that nobody has the one with another owner", w.countLines(both, bridge.LineUnassigned), 0)

	// The resolved one is opened again, by an agent and by the customer.
	w.reply(over, "!reopen")
	w.waitLine(over, bridge.LineUnassigned)
	w.exec(`UPDATE conversations SET status = 'resolved', assignees = ARRAY[$1::bigint] WHERE id = 3`, w.agents["ben"])
	w.customerSends(mail, channelstest.Event{From: "joe@x.test", Subject: "Thanks", Text: "One more thing", Conversation: 3})
	w.waitThread("One more thing")
	w.waitDrained()
	if n := w.countLines(over, bridge.LineUnassigned); n != 2 {
		t.Errorf("%d lines say that nobody has it, want 2", n)
	}
}

// A time that an agent types is on that agent's own clock, wherever Parley runs and whoever reads it.
func TestSnoozeInTheAgentsZone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	must(store.SaveAgent(t.Context(), w.pool, store.Agent{Email: "ann@acme.test", Name: "Ann", Zone: "Asia/Kathmandu"}))(t)
	w.reloadEngines()
	thread := w.openThread()
	w.reply(thread, "!snooze "+time.Now().AddDate(0, 0, 7).Format(time.DateOnly)+" 09:00")
	w.eventually("it is snoozed", func() bool { return w.count(`SELECT count(*) FROM conversations WHERE status = 'snoozed'`) == 1 })
	got := w.text(`SELECT to_char(snoozed_until AT TIME ZONE 'UTC', 'HH24:MI') FROM conversations`)
	wantEqual(t, "time at which nine o'clock in Kathmandu is reached, by UTC", got, "03:15")
}
