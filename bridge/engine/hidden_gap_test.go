package engine_test

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
)

// gapHider is a surface that gets its events by requests, so that it doesn't notice a gap, that is a time in which events
// were lost.
type gapHider struct {
	bridge.Surface
	isUnreadable bool // its channels may not be read
}

func (h gapHider) HidesGaps(string) bool { return !h.isUnreadable }

// newHiderWorld makes a world whose chat is a gapHider. Replies are held for an hour, unless o says how long.
func newHiderWorld(t *testing.T, o options) *world {
	t.Helper()
	o.hold = cmp.Or(o.hold, time.Hour)
	if o.surface == nil {
		o.surface = func(inner bridge.Surface) bridge.Surface { return gapHider{Surface: inner} }
	}
	return newWorld(t, o)
}

// forgetGaps makes all gaps so old that every reply was typed after them. Gaps are noted in the database within a second,
// so a trigger ages the notes that are still to come.
func (w *world) forgetGaps() {
	w.t.Helper()
	w.engines[0].Desk(w.surface).AgeGap(24 * time.Hour)
	w.exec(`CREATE FUNCTION age_gap() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN NEW.until := NEW.until - interval '1 day'; RETURN NEW; END $$`)
	w.exec(`CREATE TRIGGER age_gap BEFORE INSERT OR UPDATE ON leases FOR EACH ROW WHEN (NEW.name LIKE 'gap:%') EXECUTE FUNCTION age_gap()`)
	w.exec(`UPDATE leases SET until = until WHERE name LIKE 'gap:%'`)
}

// A reply is deleted in its hold, and that event is lost without Parley noticing: the reply doesn't leave
// (requirement R-249).
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

// The chat shows that a reply was changed, and the change can't be stored. The reply doesn't leave, however long that
// lasts.
func TestChangeThatCannotBeStored(t *testing.T) {
	t.Parallel()
	f := &unstoredFinder{}
	w := newHiderWorld(t, options{gapWait: time.Millisecond, surface: func(inner bridge.Surface) bridge.Surface {
		f.gapHider = gapHider{Surface: inner}
		return f
	}})
	w.replyInHold(w.openThread(), "On our way")
	w.forgetGaps()
	w.advance(2 * time.Hour)
	w.waitTriedTwice()
	w.wantNothingSent()
	f.works.Store(true)
	w.provider.WaitTexts(t, "On our way")
}

// waitTriedTwice waits until two attempts at a reply are over, neither of which sent it.
func (w *world) waitTriedTwice() {
	w.t.Helper()
	w.eventually("the reply was tried twice", func() bool {
		return w.count(`SELECT count(*) FROM deliveries WHERE kind = 'reply' AND state = 'queued' AND attempt >= 2`) > 0
	})
}

// unstoredFinder is a gapHider that finds a change of each reply, which it can't store before works is set.
type unstoredFinder struct {
	gapHider
	works atomic.Bool
}

func (f *unstoredFinder) Confirm(ctx context.Context, at bridge.Place, text string) (bridge.Confirmation, error) {
	if !f.works.Load() {
		return bridge.Changed, errors.New("the database is away")
	}
	return f.gapHider.Confirm(ctx, at, text)
}

// After a known gap a reply waits for a chat that fails.
func TestFailingChatAfterAGap(t *testing.T) {
	t.Parallel()
	w := newHiderWorld(t, options{gapWait: time.Millisecond})
	w.replyInHold(w.openThread(), "On our way")
	w.chat.AddFault(chatFault("message", bridgetest.FaultErrorBefore, -1))
	w.endHoldAfterGap()
	w.waitTriedTwice()
	w.wantNothingSent()
	w.chat.ClearFaults()
	w.provider.WaitTexts(t, "On our way")
}

// blockedChat is a chat in which a rule of the organisation hides messages with card numbers, until lifted is set.
type blockedChat struct {
	gapHider
	lifted atomic.Bool
	blocks func() // is called with each block; nil if nothing is to be done
}

func (c *blockedChat) Confirm(_ context.Context, _ bridge.Place, text string) (bridge.Confirmation, error) {
	if !strings.Contains(text, "4111") || c.lifted.Load() {
		return bridge.Unchanged, nil
	}
	if c.blocks != nil {
		c.blocks()
	}
	return bridge.Blocked, nil
}

// newBlockedWorld makes a world with a blockedChat. Replies are held for lineHold.
func newBlockedWorld(t *testing.T) (*world, *blockedChat) {
	t.Helper()
	blocked := &blockedChat{}
	w := newHiderWorld(t, options{hold: lineHold, surface: func(inner bridge.Surface) bridge.Surface {
		blocked.gapHider = gapHider{Surface: inner}
		return blocked
	}})
	return w, blocked
}

// cardNumber is a reply that is blocked.
const cardNumber = "Our card is 4111 1111 1111 1111"

// endHoldOfBlocked ends the holds of replies, one of which is blocked, and returns the line that says so.
func (w *world) endHoldOfBlocked(message string) bridgetest.Message {
	w.t.Helper()
	w.forgetGaps()
	w.advance(2 * lineHold)
	w.waitFate(message, "failed")
	w.waitDrained()
	return w.waitShown("A rule of your organisation blocks this message")
}

// A message that the organisation hides from its own people doesn't reach the customer. A line tells its author why, and
// doesn't repeat the text.
func TestBlockedInItsChat(t *testing.T) {
	t.Parallel()
	w, _ := newBlockedWorld(t)
	told := w.endHoldOfBlocked(w.replyInHold(w.openThread(), cardNumber))
	w.wantNothingSent()
	if strings.Contains(told.Plain(), "4111") {
		t.Errorf("the line repeats the words: %q", told.Plain())
	}
	wantEqual(t, "words on the inbox page", w.inboxPage().newest("ann").Text, "")
	w.chat.Say("ann", support, w.waitThread("Hello"), "!why")
	if why := w.waitWhisper("ann", "failed"); strings.Contains(why.Plain(), "4111") {
		t.Errorf("!why repeats the words: %q", why.Plain())
	}
}
