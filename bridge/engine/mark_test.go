package engine_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/channels/channelstest"
	"parley/store/dispatch"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// holdMarks keeps all marks waiting until letMarksOut, as if other conversations had used up the chat's rate. A mark is
// the emoji that shows what became of a message.
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

// markMade is a mark that Parley wanted to make, and the state of its delivery.
type markMade struct{ Mark, State string }

// marksMade returns all marks that Parley wanted to make, in order.
func (w *world) marksMade() []markMade {
	w.t.Helper()
	return readRows(w, pgx.RowToStructByPos[markMade], `SELECT payload->>'mark', state FROM deliveries
		WHERE kind = 'mark' ORDER BY created_at`)
}

// waitMarksMade waits until these are the marks, with these states.
func (w *world) waitMarksMade(want ...markMade) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("the marks are %+v", want), func() bool { return slices.Equal(w.marksMade(), want) })
}

// If a reply gets a newer state while its mark still waits, that mark is changed, and only the newest state is shown.
func TestMarksCoalesce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.holdMarks()
	thread := w.openThread()
	reply := w.reply(thread, "On our way")
	external := w.provider.WaitTexts(t, "On our way")[0].ID

	w.waitMarksMade(markMade{Mark: "sent", State: "queued"})
	w.reportStatus(channelstest.Event{ID: external + ".d", State: "delivered", External: []string{external}})
	w.reportStatus(channelstest.Event{ID: external + ".r", State: "read", External: []string{external}})
	w.waitMarksMade(markMade{Mark: "read", State: "queued"})

	w.letMarksOut()
	w.waitMarked(reply, "read")
	w.waitDrained()
	wantList(t, "marks of the reply", w.chat.Get(support, reply).Marks, []string{"read"})
}

// A message has only one mark: a newer one replaces it.
// Requirement R-247: One fate for every message.
// Requirement R-248: Few, lasting marks.
func TestOneMark(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	reply := w.reply(thread, "On our way")
	w.waitMarked(reply, "sent")

	external := w.provider.Sent()[0].ID
	w.reportStatus(channelstest.Event{ID: external + ".f", State: "failed", External: []string{external}})
	w.waitFate(reply, "failed")
	w.waitMarked(reply, "warning")

	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineFailed), bridge.VerbSendAgain)
	w.waitFate(reply, "out")
	w.waitMarked(reply, "sent")

	w.waitDrained()
	wantList(t, "marks of the reply", w.chat.Get(support, reply).Marks, []string{"sent"})
	wantList(t, "marks that were made", w.marksMade(), []markMade{
		{Mark: "sent", State: "accepted"},
		{Mark: "warning", State: "accepted"},
		{Mark: "sent", State: "accepted"},
	})
}

// A waiting reply is marked as waiting at once. Without that mark it would look like a remark.
// Requirement R-247: One fate for every message.
func TestWaitingAndInsideAreMarked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	reply := w.reply(thread, "On our way")
	w.waitMarked(reply, "waiting")
	w.waitMarked(w.reply(thread, "note: he is a regular"), "inside")
	w.waitMarked(w.reply(thread, "<@ben> can you look?"), "inside")
	w.waitCard(thread, "#1 open")

	w.advance(time.Hour)
	w.provider.WaitTexts(t, "On our way")
	w.waitMarked(reply, "sent")
	w.waitDrained()
	wantList(t, "marks of the reply", w.chat.Get(support, reply).Marks, []string{"sent"})
	w.waitCard(thread, "#1 pending")
}

// If the author of a waiting reply clicks its mark, the reply is taken back and marked as inside.
// Requirement R-247: One fate for every message.
func TestMarkOfAWaitingReplyTakesItBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	reply := w.reply(w.openThread(), "Never mind")
	w.waitMarked(reply, "waiting")
	w.chat.React("ann", w.chat.Get(support, reply), bridge.VerbUndo)
	w.waitFate(reply, "undone")
	w.waitMarked(reply, "inside")

	w.advance(time.Hour)
	w.waitDrained()
	w.wantNothingSent()
}

// A mark that has waited for an hour is dropped without a call to the chat. A newer mark is made.
func TestOldMarksAreDropped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.holdMarks()
	thread := w.openThread()
	waiting := markMade{Mark: "sent", State: "queued"}
	old := w.reply(thread, "One")
	w.provider.WaitTexts(t, "One")
	w.waitMarksMade(waiting)
	w.advance(2 * time.Hour)
	late := w.reply(thread, "Two")
	w.chat.Wait(t, "the second mark is made", func() bool { return len(w.marksMade()) == 2 })

	const mostLanes = 10                                                      // lanes in one call
	must(dispatch.DropOldMarks(t.Context(), w.pool, time.Hour, mostLanes))(t) // the engine may have done so before
	wantList(t, "marks before they may be made", w.marksMade(), []markMade{{Mark: "sent", State: "cancelled"}, waiting})

	w.letMarksOut()
	w.waitMarked(late, "sent")
	w.waitDrained()
	wantList(t, "marks of the old reply", w.chat.Get(support, old).Marks, nil)
	wantEqual(t, "lanes in which marks were dropped then", must(dispatch.DropOldMarks(t.Context(), w.pool, time.Hour, mostLanes))(t), 0)
}
