package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/channels/channelstest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// Changes of a customer's message come in the wrong order. The message has its newest words. Even a line about an earlier
// change that comes late ends with the words that are the newest then.
func TestEditsInTheWrongOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	began := time.Now().Add(-time.Minute)
	w.customerSends(chat, channelstest.Event{ID: "m1", From: "kim", Name: "Kim", Text: "Send it to Berlin", At: began})
	w.waitThread("Send it to Berlin")

	w.wantEdit(began.Add(20*time.Second), "Send it to Hamburg", "Hamburg")
	w.wantEdit(began.Add(10*time.Second), "Send it to Bremen", "Hamburg")
	w.wantEdit(began.Add(15*time.Second), "Send it to Bonn", "Hamburg")
	wantEqual(t, "the preview", w.text(`SELECT last_preview FROM conversations`), "Send it to Hamburg")
	w.wantEdit(began.Add(30*time.Second), "Send it to Ulm", "Ulm")
}

// If a change comes after the deletion of its message, the line still says that the message was deleted, and the
// conversation stays pending.
func TestEditBehindItsDeletion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	id := w.customerWrites("kim", "Send it to Berlin")
	thread := w.waitThread("Send it to Berlin")
	w.reply(thread, "Will do")
	w.waitCard(thread, "#1 pending")

	w.postChatEvent(deletion(id))
	w.postChatEvent(edit(id, "Send it to Hamburg"))
	wantSuffix(t, "the line", w.waitShown("Hamburg").Plain(), "[deleted] Send it to Hamburg")
	w.waitDrained()
	wantEqual(t, "lines that tell of a change", w.countLines(thread, bridge.LineChanged), 0)
	w.waitCard(thread, "#1 pending")
	wantEqual(t, "its last words", w.text(`SELECT revision ->> 'text' FROM messages WHERE external_id = $1`, id), "Send it to Hamburg")
}

// wantEdit lets kim change the message m1. It checks that the line about that ends with this word, the newest one.
func (w *world) wantEdit(at time.Time, text, lastWord string) {
	w.t.Helper()
	e := edit("m1", text)
	e.At = at
	w.postChatEvent(e)
	wantSuffix(w.t, "the line about "+text, w.waitShown(text[len("Send it to "):]).Plain(), lastWord)
}
