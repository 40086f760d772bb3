package engine_test

import (
	"fmt"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// openWithEarlyEdit opens a thread with an edit whose message Parley hasn't been told of. It returns the thread, and the
// message as it was typed.
func (w *world) openWithEarlyEdit() (thread string, typed bridgetest.Message) {
	w.t.Helper()
	thread = w.openThread()
	w.take("ann", "Hello")
	return thread, w.editFirst(thread, "Hi Kin", "Hi Kim")
}

// editFirst lets ann type a text and edit it. Parley is told only of the edit, and keeps it until the message comes.
// editFirst returns the message as it was typed.
func (w *world) editFirst(thread, text, edited string) bridgetest.Message {
	w.t.Helper()
	w.chat.Mute(true)
	typed := w.chat.Get(support, w.reply(thread, text))
	w.chat.Mute(false)
	w.chat.Edit(support, typed.ID, edited)
	w.eventually("the edit is kept", func() bool { return w.count(`SELECT count(*) FROM posts WHERE kind = 'early'`) == 1 })
	w.waitDrained()
	return typed
}

// wantEditOnce checks that the edit of openWithEarlyEdit was recorded once, and either sent to the customer or offered to
// ann.
func (w *world) wantEditOnce(thread string) {
	w.t.Helper()
	w.waitDrained()
	if n := w.count(`SELECT count(*) FROM messages WHERE text = 'Hi Kim'`); n != 1 {
		w.t.Errorf("the edit is recorded %d times, want 1\n%s", n, w.dump())
	}
	sent, offered := len(w.provider.Sent()), w.countLines(thread, bridge.LineParked)
	if sent+offered != 1 {
		w.t.Errorf("the edit was sent %d times and offered %d times, want one of both once", sent, offered)
	}
}

// lockOfConversations matches the statement by which a batch locks its conversations. It is a pattern of LIKE.
const lockOfConversations = `%FROM conversations%FOR UPDATE`

// waitBlocked waits until n transactions wait for a lock in a statement that matches a pattern of LIKE.
func (w *world) waitBlocked(n int, statement string) {
	w.t.Helper()
	w.eventually(fmt.Sprint("transactions that wait for a lock: ", n), func() bool {
		return w.count(`SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE $1`, statement) >= n
	})
}

// An edit has waited for its message for too long, and at the same time the message comes. Two processes apply both, in
// either order. The text is recorded once.
func TestEditAndItsMessageAtOnce(t *testing.T) {
	t.Parallel()
	endWait := func(w *world, _ bridgetest.Message) { w.advance(6 * time.Minute) }
	comeLate := func(w *world, typed bridgetest.Message) { w.journalSurfaceFact("say", typed) }
	tests := []struct {
		name          string
		first, second func(w *world, typed bridgetest.Message)
	}{
		{name: "the edit's wait ends before the message comes", first: endWait, second: comeLate},
		{name: "the message comes before the edit's wait ends", first: comeLate, second: endWait},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{engines: 2})
			thread, typed := w.openWithEarlyEdit()
			release := w.holdLocks(`SELECT FROM conversations WHERE id = 1 FOR UPDATE`) // both wait for the conversation

			tt.first(w, typed)
			w.waitBlocked(1, lockOfConversations)
			tt.second(w, typed)
			w.waitBlocked(2, lockOfConversations)
			release()
			w.wantEditOnce(thread)
		})
	}
}
