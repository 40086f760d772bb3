package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
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

// The newest words also count if the message itself comes after some of its changes.
func TestEditsInTheWrongOrderBeforeTheOriginal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	began := time.Now().Add(-time.Minute)
	e := edit("m1", "Send it to Hamburg")
	e.At = began.Add(20 * time.Second)
	w.postChatEvent(e)
	thread := w.waitThread("Send it to Hamburg")

	w.wantEdit(began.Add(10*time.Second), "Send it to Bremen", "Hamburg")
	w.customerSends(chat, channelstest.Event{ID: "m1", From: "kim", Name: "Kim", Text: "Send it to Berlin", At: began})
	w.waitLine(thread, bridge.LineChanged)
	w.waitShown("Berlin")
	w.wantEdit(began.Add(15*time.Second), "Send it to Bonn", "Hamburg")
	wantEqual(t, "the preview", w.text(`SELECT last_preview FROM conversations`), "Send it to Hamburg")
	w.wantEdit(began.Add(30*time.Second), "Send it to Ulm", "Ulm")
}

// A change may have a time in the future, because the clock of the customer's device is ahead. The later changes still
// count.
func TestEditByAClockThatIsAhead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	began := time.Now().Add(-time.Minute)
	w.customerSends(chat, channelstest.Event{ID: "m1", From: "kim", Name: "Kim", Text: "Send it to Berlin", At: began})
	w.waitThread("Send it to Berlin")
	w.wantEdit(began.Add(time.Hour), "Send it to Kiel", "Kiel")
	w.wantEdit(began.Add(2*time.Minute), "Send it to Jena", "Jena")
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

// reactAt lets kim react to a message at this time, or take her reaction back with an empty emoji. It waits until that is
// applied.
func (w *world) reactAt(at time.Time, target, emoji string) {
	w.t.Helper()
	w.postChatEvent(channelstest.Event{Type: "reaction", From: "kim", Name: "Kim", Target: target, Emoji: emoji, At: at})
	w.waitDrained()
}

// isAnywhere reports whether any message in the channel shows this text now.
func (w *world) isAnywhere(text string) bool {
	return slices.ContainsFunc(w.allMessages(), func(m bridgetest.Message) bool { return strings.Contains(m.Plain(), text) })
}

// If a reaction comes after a later one was taken back, it isn't shown.
func TestLateReactionThatWasTakenBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	began := time.Now().Add(-time.Minute)
	id := w.customerWrites("kim", "One")
	w.waitThread("One")
	w.reactAt(began.Add(10*time.Second), id, "👍")
	w.waitShown("👍")
	w.reactAt(began.Add(30*time.Second), id, "")
	w.reactAt(began.Add(20*time.Second), id, "🙈")
	wantEqual(t, "whether the late reaction is shown", w.isAnywhere("🙈"), false)
}

// If Parley hears of a reaction only after it was taken back, it isn't shown.
func TestReactionTakenBackBeforeItComes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	began := time.Now().Add(-time.Minute)
	id := w.customerWrites("kim", "One")
	w.waitThread("One")
	w.reactAt(began.Add(20*time.Second), id, "")
	w.reactAt(began.Add(10*time.Second), id, "💤")
	wantEqual(t, "whether the reaction is shown", w.isAnywhere("💤"), false)

	w.reactAt(began.Add(40*time.Second), id, "😮")
	w.waitShown("😮")
}

// If Parley hears late that an earlier reaction was taken back, the newer reaction stays.
func TestLateEndOfAnEarlierReaction(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	began := time.Now().Add(-time.Minute)
	id := w.customerWrites("kim", "One")
	w.waitThread("One")
	w.reactAt(began.Add(40*time.Second), id, "😮")
	w.waitShown("😮")
	w.reactAt(began.Add(60*time.Second), id, "😮")
	w.reactAt(began.Add(50*time.Second), id, "")
	wantEqual(t, "whether the newer reaction is shown", w.isAnywhere("😮"), true)

	w.reactAt(began.Add(70*time.Second), id, "🙏")
	w.waitShown("🙏")
}

// A customer changes a message twice, and both changes come before the message. The thread shows the newest words last.
func TestTwoEditsBeforeTheOriginal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.postChatEvent(edit("m1", "Send it to Hamburg"))
	thread := w.waitThread("Send it to Hamburg")

	w.postChatEvent(edit("m1", "Send it to Bremen"))
	w.waitShown("Bremen")

	w.customerSends(chat, channelstest.Event{ID: "m1", From: "kim", Name: "Kim", Text: "Send it to Berlin"})
	last := w.waitShown("Berlin")
	wantWords(t, "the last line", last.Plain(), "Bremen")
	wantEqual(t, "the thread of the last line", last.Thread, thread)
	wantEqual(t, "the text that is kept", w.text(`SELECT text FROM messages WHERE external_id = 'm1'`), "Send it to Bremen")
}
