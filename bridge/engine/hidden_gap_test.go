package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
)

// gapHider is a surface to which events come by requests: it notices no gap.
type gapHider struct{ bridge.Surface }

func (gapHider) HidesGaps() bool { return true }

// newHiderWorld makes a world whose chat hides its gaps. Replies are held for an hour.
func newHiderWorld(t *testing.T, o options) *world {
	t.Helper()
	o.hold = time.Hour
	o.surface = func(inner bridge.Surface) bridge.Surface { return gapHider{inner} }
	return newWorld(t, o)
}

// forgetGaps makes all gaps so old that no reply was typed before one of them ended. They are noted in the database within a
// second: a last one, of which the note is awaited, has no other behind it.
func (w *world) forgetGaps() {
	w.t.Helper()
	desk := w.engines[0].Desk(w.surface)
	desk.Gap()
	desk.Filled()
	filled := w.text(`SELECT clock_timestamp()::text`)
	w.eventually("the gap is noted", func() bool {
		return w.count(`SELECT count(*) FROM leases WHERE name LIKE 'gap:%' AND until > $1::text::timestamptz`, filled) == 1
	})
	desk.AgeGap(24 * time.Hour)
	w.exec(`UPDATE leases SET until = until - interval '1 day' WHERE name LIKE 'gap:%'`)
}

// where nobody notices that events get lost, a reply that was deleted in its hold doesn't leave either.
func TestDeletedWhileNobodyNoticesTheGap(t *testing.T) {
	t.Parallel()
	w := newHiderWorld(t, options{})
	deleted := w.replyInHold(w.openThread(), "Go away")
	w.chat.Mute(true)
	w.chat.Delete(support, deleted)
	w.chat.Mute(false)
	w.forgetGaps()
	w.advance(2 * time.Hour)
	w.waitFate(deleted, "undone")
	w.waitDrained()
	w.wantNothingSent()
}

// Reading a reply again is a mere precaution there: a chat that asks for fewer calls for an hour doesn't hold the reply up so long.
func TestLimitedChatThatHidesGaps(t *testing.T) {
	t.Parallel()
	w := newHiderWorld(t, options{gapWait: time.Second})
	w.replyInHold(w.openThread(), "On our way")
	w.forgetGaps()
	w.chat.AddFault(bridgetest.Fault{Call: "message", Kind: bridgetest.FaultThrottle, Wait: time.Hour, Times: -1})
	w.advance(2 * time.Hour)
	w.eventually("the chat has refused to be asked", func() bool {
		return w.count(`SELECT count(*) FROM deliveries WHERE kind = 'reply' AND error_class = 'retry'`) > 0
	})
	w.wantNothingSent()
	w.provider.WaitTexts(t, "On our way")
}

// Where a gap is known, such a chat is waited for, since the text may have been changed.
func TestLimitedChatAfterAGap(t *testing.T) {
	t.Parallel()
	w := newHiderWorld(t, options{gapWait: time.Second})
	w.replyInHold(w.openThread(), "On our way")
	w.chat.AddFault(bridgetest.Fault{Call: "message", Kind: bridgetest.FaultThrottle, Wait: time.Hour, Times: -1})
	w.endHoldAfterGap()
	w.eventually("the reply waits for as long as the chat asks", func() bool {
		return w.count(`SELECT count(*) FROM lanes WHERE due_at > clock_timestamp() + interval '30 min'`) > 0
	})
	w.wantNothingSent()
}
