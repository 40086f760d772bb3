package engine_test

import (
	"slices"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels/channelstest"
	"parley/store/dispatch"
)

// holdMarks lets no mark out until letMarksOut, as if other conversations had used up what the chat takes.
func (w *world) holdMarks() {
	w.t.Helper()
	w.exec(`INSERT INTO gates (account_id, key, burst, next_at) VALUES ($1, 'mark', 5, clock_timestamp() + interval '1 day')
		ON CONFLICT (account_id, key) DO UPDATE SET next_at = EXCLUDED.next_at`, w.surface)
}

// letMarksOut ends holdMarks.
func (w *world) letMarksOut() {
	w.t.Helper()
	w.exec(`UPDATE gates SET next_at = clock_timestamp() WHERE key = 'mark'`)
}

// marksMade tells which marks were to be made and what became of each: "sent accepted, warning queued".
const marksMade = `SELECT coalesce(string_agg((payload->>'mark') || ' ' || state, ', ' ORDER BY id), '') FROM deliveries WHERE kind = 'mark'`

// What is known of a reply while its mark still waits is shown by that mark.
func TestMarksCoalesce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.holdMarks()
	thread := w.openThread()
	reply := w.reply(thread, "On our way")
	w.provider.WaitTexts(t, "On our way")
	w.eventually("the mark waits", func() bool { return w.text(marksMade) == "sent queued" })
	external := w.provider.Sent()[0].ID
	for _, state := range []string{"delivered", "read"} {
		w.postEvents(chat, channelstest.Event{Type: "status", ID: external + state, State: state, External: []string{external}})
	}
	w.eventually("it tells more", func() bool { return w.text(marksMade) == "read queued" })
	w.letMarksOut()
	w.waitMarked(reply, "read")
	w.waitDrained()
	if got := w.chat.Get(support, reply).Marks; !slices.Equal(got, []string{"read"}) {
		t.Errorf("marks %v, want one", got)
	}
}

// a message has one mark: the newest takes the place of the one before.
func TestOneMark(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	reply := w.reply(thread, "On our way")
	w.waitMarked(reply, "sent")
	external := w.provider.Sent()[0].ID
	status := func(name, state string) {
		w.postEvents(chat, channelstest.Event{Type: "status", ID: external + name, State: state, External: []string{external}})
	}
	status(".f", "failed")
	w.waitFate(reply, "failed")
	w.waitMarked(reply, "warning")
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineFailed), bridge.VerbSendAgain)
	w.waitFate(reply, "out")
	w.waitMarked(reply, "sent")
	w.waitDrained()
	if got := w.chat.Get(support, reply).Marks; !slices.Equal(got, []string{"sent"}) {
		t.Errorf("marks %v, want one", got)
	}
	if got, want := w.text(marksMade), "sent accepted, warning accepted, sent accepted"; got != want {
		t.Errorf("marks %s, want %s", got, want)
	}
}

// what waits is marked at once, so that it doesn't look like a remark, which is marked as
// inside. Whoever clicks the mark of a waiting reply takes the reply back.
func TestWaitingAndInsideAreMarked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	sent, undone := w.reply(thread, "On our way"), w.reply(thread, "Never mind")
	for _, m := range []string{sent, undone} {
		w.waitMarked(m, "waiting")
	}
	for _, text := range []string{"note: he is a regular", "<@ben> can you look?"} {
		w.waitMarked(w.chat.Say("ann", support, thread, text), "inside")
	}
	w.waitCard(thread, "#1 open")
	w.chat.React("ann", w.chat.Get(support, undone), bridge.VerbUndo)
	w.waitFate(undone, "undone")
	w.chat.Wait(t, "its mark is taken off", func() bool { return len(w.chat.Get(support, undone).Marks) == 0 })
	w.advance(time.Hour)
	w.provider.WaitTexts(t, "On our way")
	w.waitMarked(sent, "sent")
	w.waitDrained()
	if got := w.chat.Get(support, sent).Marks; !slices.Equal(got, []string{"sent"}) {
		t.Errorf("marks %v, want one", got)
	}
	w.waitCard(thread, "#1 pending")
}

// A mark that waited for an hour is not made any more, and costs no call; a newer one is.
func TestOldMarksAreDropped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.holdMarks()
	thread := w.openThread()
	old := w.reply(thread, "One")
	w.provider.WaitTexts(t, "One")
	w.eventually("its mark waits", func() bool { return w.text(marksMade) == "sent queued" })
	w.advance(2 * time.Hour)
	late := w.reply(thread, "Two")
	w.eventually("two wait", func() bool { return w.text(marksMade) == "sent queued, sent queued" })
	if n := must(dispatch.DropOldMarks(t.Context(), w.pool, time.Hour, 10))(t); n != 1 {
		t.Errorf("dropped in %d lanes, want one", n)
	}
	w.letMarksOut()
	w.waitMarked(late, "sent")
	w.waitDrained()
	if got := w.chat.Get(support, old).Marks; len(got) > 0 {
		t.Errorf("the old reply is marked %v, want none", got)
	}
	if n := must(dispatch.DropOldMarks(t.Context(), w.pool, time.Hour, 10))(t); n != 0 {
		t.Errorf("dropped in %d lanes, want none", n)
	}
}
