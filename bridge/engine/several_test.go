package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/store"
)

// What is asked for several conversations at once is asked for each as if alone. Who asked is told once what became of them, and takes
// it back by one button.
// Requirement R-269: Start of the day.
// Requirement R-120: An admin hands out what is unassigned.
func TestSeveral(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("kim", "Hello from kim")
	first := w.waitThread("Hello from kim")
	w.customerWrites("lea", "Hello from lea")
	second := w.waitThread("Hello from lea")
	w.waitDrained()
	var ids []bridge.ConversationID
	check(t, w.pool.QueryRow(t.Context(), `SELECT array_agg(id ORDER BY id) FROM conversations WHERE kind = 'customer'`).Scan(&ids))

	button := bridgetest.Button{Verb: bridge.VerbSeveral, Args: bridge.Args{
		SeveralArgs: bridge.SeveralArgs{Do: bridge.VerbResolve, Of: append(slices.Clone(ids), 4711)},
	}}
	w.chat.Submit("ann", support, "", button, "")
	told := w.waitWhisper("ann", "several resolve 2")
	for _, thread := range []string{first, second} {
		w.waitCard(thread, "resolved")
	}
	whispers := slices.DeleteFunc(w.chat.Whispers("ann"), func(m bridgetest.Message) bool { return !strings.Contains(m.Plain(), "resolve") })
	wantEqual(t, "answers", len(whispers), 1)

	w.chat.Press(t, "ann", told, bridge.VerbSeveral)
	for _, thread := range []string{first, second} {
		w.waitCard(thread, "open")
	}

	given := bridgetest.Button{Verb: bridge.VerbSeveral, Args: bridge.Args{
		SeveralArgs: bridge.SeveralArgs{Do: bridge.VerbAssign, Of: ids}, Agents: []string{"ben"},
	}}
	w.chat.Submit("ann", support, "", given, "")
	told = w.waitWhisper("ann", "several assign 2")
	wantEqual(t, "ben's", w.held()[w.agents["ben"]], 2)
	w.chat.Press(t, "ann", told, bridge.VerbSeveral)
	w.waitWhisper("ann", "several unassign 2")

	button.OpenedAt = must(store.Now(t.Context(), w.pool))(t)
	w.customerWrites("lea", "One more thing")
	w.eventually("it is in the thread", func() bool {
		return slices.ContainsFunc(w.chat.Messages(support, second), func(m bridgetest.Message) bool { return m.Plain() == "One more thing" })
	})
	w.chat.Submit("ann", support, "", button, "")
	w.waitWhisper("ann", "several resolve 1")
	w.waitCard(first, "resolved")
	w.waitCard(second, "open")
	button.OpenedAt = time.Time{}

	button.Args.Do = bridge.VerbReply // only what is offered
	w.chat.Submit("ann", support, "", button, "Bye")
	w.waitWhisper("ann", "There is nothing to do")
	w.waitDrained()
	wantEqual(t, "replies", w.count(`SELECT count(*) FROM messages WHERE direction = 'out'`), 0)
}

// What a conversation had before, and what somebody else gave it since, stays when several are taken back.
// Requirement R-269: Start of the day.
func TestUndoOfSeveralKeepsTheRest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("kim", "Hello from kim")
	first := w.waitThread("Hello from kim")
	w.customerWrites("lea", "Hello from lea")
	second := w.waitThread("Hello from lea")
	w.waitDrained()
	var ids []bridge.ConversationID
	check(t, w.pool.QueryRow(t.Context(), `SELECT array_agg(id ORDER BY id) FROM conversations WHERE kind = 'customer'`).Scan(&ids))
	ask := func(args bridge.Args) bridgetest.Message {
		args.Of = ids
		w.chat.Submit("ann", support, "", bridgetest.Button{Verb: bridge.VerbSeveral, Args: args}, "")
		return w.waitWhisper("ann", "several "+string(args.Do)+" 2")
	}

	w.chat.Say("ben", support, first, "!tag Billing")
	w.waitCard(first, "Billing")
	told := ask(bridge.Args{SeveralArgs: bridge.SeveralArgs{Do: bridge.VerbTag}, Tags: []string{"billing", "Late"}})
	w.chat.Press(t, "ann", told, bridge.VerbSeveral)
	w.waitWhisper("ann", "several untag 1")
	wantEqual(t, "tags", w.text(`SELECT array_agg(tags::text ORDER BY id)::text FROM conversations`), `{"{Billing,Late}","{}"}`)

	told = ask(bridge.Args{SeveralArgs: bridge.SeveralArgs{Do: bridge.VerbTake}})
	w.chat.Say("ben", support, first, "!take")
	w.eventually("ben has one", func() bool { return w.held()[w.agents["ben"]] == 1 })
	w.chat.Press(t, "ann", told, bridge.VerbSeveral)
	w.waitWhisper("ann", "several unassign 1")
	wantEqual(t, "ben's", w.held()[w.agents["ben"]], 1)
	wantEqual(t, "ann's", w.held()[w.agents["ann"]], 0)

	w.chat.Say("ben", support, first, "!snooze friday")
	w.waitCard(first, "snoozed")
	told = ask(bridge.Args{SeveralArgs: bridge.SeveralArgs{Do: bridge.VerbSnooze}, Until: "2h"})
	wantEqual(t, "conversations to wake", len(told.Buttons[0].Args.Of), 1)
	w.chat.Say("ben", support, second, "!snooze 3d")
	w.eventually("it is snoozed for longer", func() bool {
		return w.count(`SELECT count(*) FROM conversations WHERE snoozed_until > now() + interval '1 day'`) == 1
	})
	w.chat.Press(t, "ann", told, bridge.VerbSeveral)
	w.waitWhisper("ann", "several wake")
	wantEqual(t, "snoozed", w.count(`SELECT count(*) FROM conversations WHERE status = 'snoozed'`), 2)

	told = ask(bridge.Args{SeveralArgs: bridge.SeveralArgs{Do: bridge.VerbResolve}})
	wantEqual(t, "buttons", len(told.Buttons), 0)
}

// Whoever answers by a form that wasn't opened in the conversation's thread is told there, and led on.
// Requirement R-269: Start of the day.
func TestNextAfterReply(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("kim", "Hello from kim")
	first := w.waitThread("Hello from kim")
	w.customerWrites("lea", "Hello from lea")
	second := w.waitThread("Hello from lea")
	w.waitDrained()

	reply := bridgetest.Button{Verb: bridge.VerbReply, Args: bridge.Args{Conversation: 1}}
	w.chat.Submit("ann", "", "", reply, "From a page of her own")
	w.eventually("ann is told", func() bool {
		told := w.chat.Messages("@ann", "")
		return len(told) == 1 && slices.ContainsFunc(told[0].Buttons, func(b bridgetest.Button) bool { return b.Verb == bridge.VerbNext })
	})

	w.chat.Submit("ann", support, second, reply, "From another one's thread")
	told := w.waitWhisper("ann", "reply")
	wantEqual(t, "where she is told", told.Thread, second)
	w.chat.Press(t, "ann", told, bridge.VerbNext)
	w.waitWhisper("ann", "lea")

	before := len(w.chat.Whispers("ann"))
	w.chat.Submit("ann", support, first, reply, "In its thread")
	w.waitDrained()
	wantEqual(t, "answers to a form of the thread", len(w.chat.Whispers("ann"))-before, 0)
}
