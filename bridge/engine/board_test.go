package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge/bridgetest"
)

// boards returns the boards in the team's channel.
func (w *world) boards() []bridgetest.Message {
	return slices.DeleteFunc(w.chat.Messages(support, ""), func(m bridgetest.Message) bool { return !strings.HasPrefix(m.Plain(), "[board]") })
}

// waitBoard waits until one board shows some words, and not others.
func (w *world) waitBoard(has, lacks string) {
	w.t.Helper()
	w.eventually("the board shows "+has, func() bool {
		all := w.boards()
		return len(all) == 1 && strings.Contains(all[0].Plain(), has) && (lacks == "" || !strings.Contains(all[0].Plain(), lacks))
	})
}

// A team's channel has one board while the team wants one. It is changed where it stands, by whichever process, and never shows
// what is visible to some people only.
// Requirement R-253: A board for each channel.
func TestBoard(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{boardEvery: 100 * time.Millisecond, engines: 2})
	w.exec(`UPDATE teams SET board = true`)
	w.reloadEngines()
	w.waitBoard("Unassigned 0", "")
	first := w.boards()[0].ID

	w.customerWrites("kim", "Hello from kim")
	w.waitBoard("Unassigned 1", "")
	w.waitDrained()
	thread := w.text(`SELECT root FROM threads`) // the board shows what the customer wrote, too
	w.chat.Say("ann", support, thread, "!take")
	w.waitBoard("Unassigned 0", "")
	w.exec(`UPDATE conversations SET traits = traits || '{"urgent": "now", "late": "reply_due 1"}'`)
	w.waitBoard("Urgent 1", "")
	w.waitBoard("Overdue 1", "")

	w.exec(`UPDATE conversations SET visible_to = ARRAY[1]`)
	w.waitBoard("Urgent 0", "kim")
	w.waitDrained()
	calls := w.chat.Calls("update")
	w.advance(time.Hour)
	w.waitDrained()
	if more := w.chat.Calls("update") - calls; more != 0 {
		t.Errorf("an idle board makes %d calls", more)
	}

	w.exec(`UPDATE conversations SET visible_to = '{}'`)
	w.waitBoard("Urgent 1", "")
	wantEqual(t, "the board's message", w.boards()[0].ID, first)

	w.chat.Delete(support, first) // by a colleague: it is posted anew when something changes
	w.exec(`UPDATE conversations SET traits = traits - 'urgent'`)
	w.waitBoard("Urgent 0", "")

	w.exec(`UPDATE teams SET board = false`)
	w.reloadEngines()
	w.eventually("the board is taken out", func() bool { return len(w.boards()) == 0 })
	w.eventually("no board is left", func() bool { return w.count(`SELECT count(*) FROM boards`) == 0 })
}
