package engine_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/store/storetest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// Four commands are applied in one batch. The answers to the last two show what the first two have changed, and that the
// asker is an admin.
func TestAnswerBehindCommandsOfItsBatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.sayInOneBatch(thread, "!take", "!tag Urgent", "!show", "!history")

	history := w.waitWhisper("ann", "["+string(bridge.LineHistory)+"]").Plain()
	tagged, assigned := strings.Index(history, "Ann tagged"), strings.Index(history, "Ann assigned")
	if tagged < 0 || assigned < 0 || tagged > assigned {
		t.Errorf("the history is %q, want the newest first: Ann tagged, then Ann assigned", history)
	}

	details := w.detailsTold()
	wantEqual(t, "who asked", details.Viewer.Name, "Ann")
	wantEqual(t, "whether who asked is an admin", details.Viewer.IsAdmin, true)
	if len(details.Assignees) != 1 || len(details.Tags) != 1 {
		t.Fatalf("the details have the owners %+v and the tags %+v, want one of each", details.Assignees, details.Tags)
	}
	wantEqual(t, "the owner", details.Assignees[0].Name, "Ann")
	wantEqual(t, "the tag", details.Tags[0].Name, "Urgent")
}

// detailsTold returns the details of a conversation as the one answer to !show has told them.
func (w *world) detailsTold() (facts struct {
	Viewer    bridge.AgentRef
	Assignees []bridge.AgentRef
	Tags      []bridge.Tag
}) {
	w.t.Helper()
	told := w.text(`SELECT payload->'line'->'Other' FROM deliveries WHERE payload->'line'->>'Kind' = 'details'`)
	check(w.t, json.Unmarshal([]byte(told), &facts))
	return facts
}

// sayInOneBatch lets ann say several things. All but the first one are applied in one transaction.
func (w *world) sayInOneBatch(thread string, texts ...string) {
	w.t.Helper()
	tx := storetest.Begin(w.t, w.pool)
	must(tx.Exec(w.t.Context(), `SELECT 1 FROM conversations FOR UPDATE`))(w.t)
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

// A question about one conversation that is asked in the thread of another one is answered in that thread, with the
// number of the conversation.
func TestAnswerWhereItWasAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	first := w.openThread()
	w.customerWrites("lee", "Another matter")
	w.waitThread("Another matter")
	const second = 2 // the number of Lee's conversation

	tests := []struct {
		verb bridge.Verb
		line bridge.LineKind // that answers it
	}{
		{verb: bridge.VerbFind, line: bridge.LineDetails},
		{verb: bridge.VerbHistory, line: bridge.LineHistory},
		{verb: bridge.VerbWhy, line: bridge.LineWhy},
	}
	for _, tt := range tests {
		b := bridgetest.Button{Verb: tt.verb, Args: bridge.Args{Conversation: second}}
		w.chat.Submit("ann", support, first, b, "")
		m := w.waitWhisper("ann", "["+string(tt.line)+"]")
		wantEqual(t, "the thread in which "+string(tt.verb)+" is answered", m.Thread, first)
		wantWords(t, "the answer to "+string(tt.verb), m.Plain(), fmt.Sprintf("#%d", second))
	}
}

// A question about a conversation in its own thread is answered there.
func TestAnswerInTheOwnThread(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.openThread()
	w.customerWrites("lee", "Another matter")
	second := w.waitThread("Another matter")
	w.chat.Say("ben", support, second, "!show")
	wantEqual(t, "the thread of the answer", w.waitWhisper("ben", "["+string(bridge.LineDetails)+"]").Thread, second)
}
