package engine_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/channels/channelstest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// markMade is a mark that Parley wanted to make, and the state of its delivery.
type markMade struct{ Mark, State string }

// marksMade returns all marks that Parley wanted to make, in order.
func (w *world) marksMade() []markMade {
	w.t.Helper()
	return readRows(w, pgx.RowToStructByPos[markMade], `SELECT payload->>'mark', state FROM deliveries
		WHERE kind = 'mark' ORDER BY created_at`)
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
