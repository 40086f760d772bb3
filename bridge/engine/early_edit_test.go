package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/store"
)

// openWithEarlyEdit opens a thread in which there is an edit whose message has not come. It gives the thread, and the message
// as it was typed.
func (w *world) openWithEarlyEdit() (thread string, typed bridgetest.Message) {
	w.t.Helper()
	thread = w.openThread()
	w.reply(thread, "!take")
	w.waitCard(thread, "| Ann |")
	w.chat.Mute(true)
	typed = w.chat.Get(support, w.reply(thread, "Hi Kin"))
	w.chat.Mute(false)
	w.chat.Edit(support, typed.ID, "Hi Kim")
	w.eventually("the edit is kept", func() bool { return w.count(`SELECT count(*) FROM posts WHERE kind = 'early'`) == 1 })
	w.waitDrained()
	return thread, typed
}

// wantOnce checks that what was typed was recorded once, and reached the customer at most once.
func (w *world) wantOnce(thread string) {
	w.t.Helper()
	w.waitDrained()
	if n := w.count(`SELECT count(*) FROM messages WHERE text = 'Hi Kim'`); n != 1 {
		w.t.Errorf("recorded %d times, want 1\n%s", n, w.dump())
	}
	if sent, offered := len(w.provider.Sent()), w.countLines(thread, bridge.LineParked); sent+offered != 1 {
		w.t.Errorf("sent %d times, offered %d times", sent, offered)
	}
}

// waitBlocked waits until so many transactions wait for a lock.
func (w *world) waitBlocked(n int) {
	w.t.Helper()
	w.eventually("transactions wait for a lock", func() bool {
		return w.count(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) >= n
	})
}

// An edit has waited for its message for too long when that comes after all. Both are applied at the same time, by
// two processes: whichever is first, the text is recorded once.
func TestEditAndItsMessageAtOnce(t *testing.T) {
	t.Parallel()
	for name, messageFirst := range map[string]bool{"the edit before": false, "the message before": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{engines: 2})
			thread, typed := w.openWithEarlyEdit()
			tx, err := w.pool.Begin(t.Context())
			check(t, err)
			defer func() { _ = tx.Rollback(t.Context()) }()
			_, err = tx.Exec(t.Context(), `SELECT FROM conversations WHERE id = 1 FOR UPDATE`)
			check(t, err)
			steps := []func(){func() { w.advance(6 * time.Minute) }, func() { w.journalSurfaceFact("say", typed) }}
			if messageFirst {
				steps[0], steps[1] = steps[1], steps[0]
			}
			for i, step := range steps {
				step()
				w.waitBlocked(i + 1)
			}
			check(t, tx.Rollback(t.Context()))
			w.wantOnce(thread)
		})
	}
}

// The same in one batch.
func TestEditAndItsMessageInOneBatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread, typed := w.openWithEarlyEdit()
	w.exec(`CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.due_at = clock_timestamp() + interval '1 hour'; RETURN NEW; END $$`)
	w.exec(`CREATE TRIGGER hold BEFORE INSERT ON queues FOR EACH ROW EXECUTE FUNCTION hold()`)
	w.journalSurfaceFact("say", typed)
	w.waitQueued(1)
	w.advance(6 * time.Minute)
	w.eventually("so is the end of the wait", func() bool {
		return w.count(`SELECT count(*) FROM queues WHERE account_id = $1`, store.SystemAccount) >= 1
	})
	w.exec(`DROP TRIGGER hold ON queues`)
	w.makeQueuesDue()
	w.wantOnce(thread)
}

// A note, or a word to a colleague, that its author edits into a reply is never sent by the edit alone: not even when the edit
// comes before the message. The author is asked.
func TestEditedNoteComesFirst(t *testing.T) {
	t.Parallel()
	for name, inside := range map[string]string{"note": "note: he is angry", "mention": "<@ben> he is angry"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread := w.openThread()
			w.chat.Mute(true)
			typed := w.chat.Get(support, w.reply(thread, inside))
			w.chat.Mute(false)
			w.chat.Edit(support, typed.ID, "We can do it")
			w.eventually("the edit is kept", func() bool { return w.count(`SELECT count(*) FROM posts WHERE kind = 'early'`) == 1 })
			w.journalSurfaceFact("say", typed)
			w.waitFate(typed.ID, store.FateAsk)
			w.waitDrained()
			w.wantNothingSent()
			w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineAsk), bridge.VerbSend)
			w.provider.WaitTexts(t, "We can do it")
		})
	}
}
