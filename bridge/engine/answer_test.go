package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"parley/bridge"
	"parley/bridge/bridgetest"
)

// What is asked for behind other commands, all applied in one batch, is answered with what these have changed, and as it is for whoever
// asked: an admin who holds the conversation.
func TestAnswerInABurst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.sayInOneBatch(thread, "!take", "!tag Urgent", "!show", "!history")
	log := w.waitWhisper("ann", "["+string(bridge.LineHistory)+"]")
	wantWords(t, "the history", log.Plain(), "Ann tagged", "Ann assigned")
	if text := log.Plain(); strings.Index(text, "Ann tagged") > strings.Index(text, "Ann assigned") {
		t.Errorf("the history is %q, want the newest first: tagged, then assigned", text)
	}
	const details = `SELECT concat_ws(' ', f->'Viewer'->>'Name', f->'Viewer'->>'IsAdmin', f->'Assignees'->0->>'Name', f->'Tags'->0->>'Name')
		FROM (SELECT payload->'line'->'Other' AS f FROM deliveries WHERE payload->'line'->>'Kind' = 'details') AS d`
	if got := w.text(details); got != "Ann true Ann Urgent" {
		t.Errorf("the details are of %q, want \"Ann true Ann Urgent\"", got)
	}
}

// sayInOneBatch lets ann say several things, of which all but the first are applied in one transaction.
func (w *world) sayInOneBatch(thread string, texts ...string) {
	w.t.Helper()
	tx := must(w.pool.Begin(w.t.Context()))(w.t)
	defer func() { _ = tx.Rollback(context.Background()) }()
	if _, err := tx.Exec(w.t.Context(), `SELECT 1 FROM conversations FOR UPDATE`); err != nil {
		w.t.Fatal(err)
	}
	w.chat.Say("ann", support, thread, texts[0])
	w.eventually("the engine waits for the conversation", func() bool {
		return w.count(`SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')`) > 0
	})
	for _, text := range texts[1:] {
		w.chat.Say("ann", support, thread, text)
	}
	w.waitQueued(len(texts))
	check(w.t, tx.Commit(w.t.Context()))
}

// Who asks about a conversation in another thread is answered in that thread, with the conversation's number.
func TestAnswerWhereItWasAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	first := w.openThread()
	w.customerWrites("lee", "Another matter")
	second := w.waitThread("Another matter")
	named := bridge.Args{Conversation: bridge.ConversationID(w.count(`SELECT max(id) FROM conversations`))}
	for verb, kind := range map[bridge.Verb]bridge.LineKind{
		bridge.VerbFind:    bridge.LineDetails,
		bridge.VerbHistory: bridge.LineHistory,
		bridge.VerbWhy:     bridge.LineWhy,
	} {
		w.chat.Submit("ann", support, first, bridgetest.Button{Verb: verb, Args: named}, "")
		m := w.waitWhisper("ann", "["+string(kind)+"]")
		wantEqual(t, string(verb)+" is answered in the thread", m.Thread, first)
		wantWords(t, "the answer to "+string(verb), m.Plain(), fmt.Sprintf("#%d", named.Conversation))
	}
	w.chat.Say("ben", support, second, "!show")
	if m := w.waitWhisper("ben", "[details]"); m.Thread != second {
		t.Errorf("the answer is in %q, want %q", m.Thread, second)
	}
}
