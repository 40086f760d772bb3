package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/channels/channelstest"
)

// If a reply is deleted, its files that still wait don't leave, even if its text failed or may have left (invariant 4).
func TestDeletionStopsWhatWaits(t *testing.T) {
	t.Parallel()
	refused := func(name string, times int) channelstest.Fault {
		return channelstest.Fault{Kind: channelstest.FaultRefuse, With: name, Times: times}
	}
	rejected := func(name string) channelstest.Fault {
		return channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent, With: name}
	}
	for name, c := range map[string]struct {
		faults []channelstest.Fault
		wait   func(w *world, thread string) // until the second file waits, and the first one doesn't
		late   string                        // what a line says of what the customer has, or ""
		fate   string
		sent   []sentMessage
	}{
		"its text is unclear": {
			faults: []channelstest.Fault{{Kind: channelstest.FaultDropAfter, With: "a.txt"}, {Kind: channelstest.FaultBlind, Times: -1},
				refused("b.txt", -1)},
			wait: func(w *world, thread string) {
				w.repeatUntil("nobody can tell", func() {
					w.exec(ageUnclear)
					w.exec(`UPDATE deliveries SET sent_at = sent_at - interval '1 hour' WHERE state = 'unknown'`)
					w.exec(lookNow)
				}, func() bool { return w.countLines(thread, bridge.LineUnclear) == 1 })
			},
			late: "unclear",
			fate: "unclear",
			sent: []sentMessage{withFiles("Two plans", "a.txt")},
		},
		"its text failed": {
			faults: []channelstest.Fault{rejected("a.txt"), rejected("b.txt"), refused("b.txt", -1)},
			wait: func(w *world, thread string) {
				w.waitLine(thread, bridge.LineFailed)
				w.eventually("both failed", func() bool { return w.countLines(thread, bridge.LineFailed) == 2 })
				w.chat.Press(w.t, "ann", w.waitLineAbout(thread, bridge.LineFailed, "b.txt"), bridge.VerbSendAgain)
			},
			fate: "undone",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{lossy: true, backoff: []time.Duration{time.Hour}})
			thread := w.openThread()
			for _, f := range c.faults {
				w.provider.AddFault(f)
			}

			said := w.chat.Say("ann", support, thread, "Two plans", file("a.txt", 1), file("b.txt", 2))
			c.wait(w, thread)
			w.waitFailedAttempt()
			w.chat.Delete(support, said)
			w.eventually("the deletion is applied", func() bool { return w.chat.Taken() && w.count(`SELECT count(*) FROM queued`) == 0 })

			w.provider.ClearFaults()
			w.advance(2 * time.Hour)
			w.wantSent(c.sent...)
			wantEqual(t, "what became of the reply", w.text(`SELECT fate FROM messages WHERE place = $1`, said), c.fate)

			if c.late == "" {
				wantEqual(t, "lines that say that it was too late", w.countLines(thread, bridge.LineDeleteLate), 0)
				return
			}
			w.waitLineAbout(thread, bridge.LineDeleteLate, c.late)
			w.pressNow("ann", w.waitLine(thread, bridge.LineUnclear), bridge.VerbMarkSent)
			w.waitFate(said, "out")
		})
	}
}
