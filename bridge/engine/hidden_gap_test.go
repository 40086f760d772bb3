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
	"parley/store"
)

// gapHider is a surface to which events come by requests: it notices no gap.
type gapHider struct {
	bridge.Surface
	isUnreadable bool // its channels may not be read
}

func (h gapHider) HidesGaps(string) bool { return !h.isUnreadable }

// newHiderWorld makes a world whose chat hides its gaps. Replies are held for an hour, unless o says how long.
func newHiderWorld(t *testing.T, o options) *world {
	t.Helper()
	o.hold = cmp.Or(o.hold, time.Hour)
	if o.surface == nil {
		o.surface = func(inner bridge.Surface) bridge.Surface { return gapHider{Surface: inner} }
	}
	return newWorld(t, o)
}

// forgetGaps makes all gaps so old that no reply was typed before one of them ended. They are noted in the database within a
// second: a trigger makes notes that are still on their way as old.
func (w *world) forgetGaps() {
	w.t.Helper()
	w.engines[0].Desk(w.surface).AgeGap(24 * time.Hour)
	w.exec(`CREATE FUNCTION age_gap() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN NEW.until := NEW.until - interval '1 day'; RETURN NEW; END $$`)
	w.exec(`CREATE TRIGGER age_gap BEFORE INSERT OR UPDATE ON leases FOR EACH ROW WHEN (NEW.name LIKE 'gap:%') EXECUTE FUNCTION age_gap()`)
	w.exec(`UPDATE leases SET until = until WHERE name LIKE 'gap:%'`)
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

// Reading a reply again is a mere precaution there: a chat that asks for fewer calls for a day doesn't hold the reply up so long.
func TestLimitedChatThatHidesGaps(t *testing.T) {
	t.Parallel()
	w := newHiderWorld(t, options{gapWait: time.Hour})
	w.replyInHold(w.openThread(), "On our way")
	w.forgetGaps()
	w.chat.AddFault(bridgetest.Fault{Call: "message", Kind: bridgetest.FaultThrottle, Wait: 24 * time.Hour, Times: -1})
	w.advance(2 * time.Hour)
	w.endGapWait()
	w.provider.WaitTexts(t, "On our way")
}

// endGapWait waits until a reply could not be read again before it leaves, for which it waits. Then the time for which it waits, an hour
// in these tests, is over.
func (w *world) endGapWait() {
	w.t.Helper()
	w.eventually("the chat could not be asked", func() bool {
		return w.count(`SELECT count(*) FROM deliveries WHERE kind = 'reply' AND error_class = 'retry'`) > 0
	})
	w.wantNothingSent()
	w.exec(`UPDATE deliveries SET first_at = first_at - interval '2 hours' WHERE kind = 'reply'`)
	w.advance(2 * time.Hour)
}

// So it is with a chat that fails in another way.
func TestFailingChatThatHidesGaps(t *testing.T) {
	t.Parallel()
	for _, kind := range []bridgetest.FaultKind{bridgetest.FaultErrorBefore, bridgetest.FaultDropBefore} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := newHiderWorld(t, options{gapWait: time.Hour})
			w.replyInHold(w.openThread(), "On our way")
			w.forgetGaps()
			w.chat.AddFault(chatFault("message", kind, -1))
			w.advance(2 * time.Hour)
			w.endGapWait()
			w.provider.WaitTexts(t, "On our way")
		})
	}
}

// And with one that doesn't answer, however many lines are read there: time is left for the provider.
func TestSilentChatThatHidesGaps(t *testing.T) {
	t.Parallel()
	w := newHiderWorld(t, options{gapWait: time.Second, hold: lineHold})
	w.waitRunsAllowed()
	thread := w.openThread()
	w.replyInHold(thread, "Hi Kim,")
	w.replyInHold(thread, "we are on our way.")
	w.forgetGaps()
	release := make(chan struct{})
	defer close(release)
	w.chat.AddFault(bridgetest.Fault{Call: "message", Kind: bridgetest.FaultErrorBefore, Until: release, Times: -1})
	w.advance(2 * lineHold)
	w.provider.WaitTexts(t, "Hi Kim,\n\nwe are on our way.")
}

// A reply of which such a chat shows a change doesn't leave, also if the change can't be stored for longer than a gap is waited for.
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

// unstoredFinder is a surface that hides its gaps, and finds a change of each reply that it can't store before works is set.
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

// A chat that may not be read isn't asked.
func TestUnreadableChatThatHidesGaps(t *testing.T) {
	t.Parallel()
	w := newHiderWorld(t, options{surface: func(inner bridge.Surface) bridge.Surface { return gapHider{Surface: inner, isUnreadable: true} }})
	w.replyInHold(w.openThread(), "On our way")
	w.forgetGaps()
	reads := w.chat.Calls("message")
	w.advance(2 * time.Hour)
	w.provider.WaitTexts(t, "On our way")
	wantEqual(t, "how often the chat was asked", w.chat.Calls("message")-reads, 0)
}

// Where a gap is known, a failing chat is waited for, too.
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

// blockedChat is a chat in which a rule of the organisation keeps people from reading each card number, until it is lifted.
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

// newBlockedWorld makes a world with such a chat. Replies are held for lineHold.
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

// endHoldOfBlocked ends the holds of replies, of which one is blocked, and returns the line that says so.
func (w *world) endHoldOfBlocked(message string) bridgetest.Message {
	w.t.Helper()
	w.forgetGaps()
	w.advance(2 * lineHold)
	w.waitFate(message, "failed")
	w.waitDrained()
	return w.waitShown("A rule of your organisation blocks this message")
}

// What the organisation keeps its own people from reading doesn't reach the customer. Its author learns why, and the line that says so
// doesn't repeat the words.
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

// Nor does the line about a file of it that leaves by itself name the file.
func TestBlockedWithFiles(t *testing.T) {
	t.Parallel()
	w, _ := newBlockedWorld(t)
	blocked := w.chat.Say("ann", support, w.openThread(), cardNumber, plans(2)...)
	w.waitFate(blocked, "waiting")
	told := w.endHoldOfBlocked(blocked)
	w.wantNothingSent()
	wantEqual(t, "lines about the text and the other file", w.countLines(told.Thread, bridge.LineFailed), 2)
	wantEqual(t, "whether a file is named", w.isAnywhere("b.txt"), false)
}

// So it is if the other file can't leave for another reason, if nobody says which part of the reply is to be sent again, and when its
// author deletes it.
func TestBlockedWithAFileThatFailsOtherwise(t *testing.T) {
	t.Parallel()
	w, chat := newBlockedWorld(t)
	chat.blocks = func() { w.exec(`UPDATE identities SET opted_out = 'all'`) }
	blocked := w.chat.Say("ann", support, w.openThread(), cardNumber, plans(2)...)
	w.waitFate(blocked, "waiting")
	told := w.endHoldOfBlocked(blocked)
	w.waitShown("The customer doesn't want such messages")
	w.chooseVerb(told.Thread, blocked, bridge.VerbSendAgain)
	w.waitWhisper("ann", "Several parts of it are undecided")
	w.wantNothingSent()
	wantEqual(t, "words on the inbox page", w.inboxPage().newest("ann").Text, "")
	w.chat.Delete(support, blocked)
	w.waitFate(blocked, "dropped")
	wantEqual(t, "words on the inbox page after the deletion", w.inboxPage().newest("ann").Text, "")
	wantEqual(t, "whether a file is named", w.isAnywhere("b.txt"), false)
}

// The lines that were to leave in one message with what is blocked leave without it.
func TestBlockedBetweenOthers(t *testing.T) {
	t.Parallel()
	w, _ := newBlockedWorld(t)
	w.waitRunsAllowed()
	thread := w.openThread()
	before := w.replyInHold(thread, "Hi Kim,")
	blocked := w.replyInHold(thread, cardNumber)
	behind := w.replyInHold(thread, "we are on our way.")
	w.endHoldOfBlocked(blocked)
	w.waitFate(before, "out")
	w.waitFate(behind, "out")
	w.provider.WaitTexts(t, "Hi Kim,", "we are on our way.")
}

// changingChat is a chat that shows a change of each text with "regards", which nobody ever brings to Parley.
type changingChat struct{ gapHider }

func (changingChat) Confirm(_ context.Context, _ bridge.Place, text string) (bridge.Confirmation, error) {
	if strings.Contains(text, "regards") {
		return bridge.Changed, nil
	}
	return bridge.Unchanged, nil
}

// So they do without a line whose change in the chat can't be read: it leaves neither as it was typed nor as it is now.
func TestChangedBetweenOthers(t *testing.T) {
	t.Parallel()
	for _, lines := range [][]string{
		{"Hi Kim,", "best regards", "Ann"},
		{"Kind regards", "Ann", "Support"},
	} {
		t.Run(lines[0], func(t *testing.T) {
			t.Parallel()
			w := newHiderWorld(t, options{gapWait: time.Hour, hold: lineHold, surface: func(inner bridge.Surface) bridge.Surface {
				return changingChat{gapHider{Surface: inner}}
			}})
			w.waitRunsAllowed()
			thread := w.openThread()
			var want []string
			fates := map[string]store.Fate{}
			for _, text := range lines {
				place := w.replyInHold(thread, text)
				if strings.Contains(text, "regards") {
					fates[place] = "failed"
					continue
				}
				fates[place] = "out"
				want = append(want, text)
			}

			w.forgetGaps()
			w.advance(2 * lineHold)
			w.endGapWait()
			for place, fate := range fates {
				w.waitFate(place, fate)
			}
			w.waitDrained()
			wantEqual(t, "what the customer got", strings.Join(w.sentTexts(), "\n\n"), strings.Join(want, "\n\n"))
		})
	}
}

// If a blocked reply is edited, the line doesn't say what it says now. So whoever lets it leave is shown these words first.
func TestBlockedTextIsEdited(t *testing.T) {
	t.Parallel()
	w, chat := newBlockedWorld(t)
	blocked := w.replyInHold(w.openThread(), cardNumber)
	told := w.endHoldOfBlocked(blocked)
	w.chat.Edit(support, blocked, cardNumber+", by the way")
	w.eventually("the edit is known", func() bool { return w.text(`SELECT text FROM messages WHERE place = $1`, blocked) != cardNumber })
	w.waitDrained()
	if now := w.chat.Get(support, told.ID); strings.Contains(now.Plain(), "by the way") {
		t.Errorf("the line repeats the new words: %q", now.Plain())
	}

	chat.lifted.Store(true)
	w.chat.Press(t, "ann", told, bridge.VerbSendAgain)
	asked := w.waitWhisper("ann", "by the way")
	w.wantNothingSent()
	w.chat.Press(t, "ann", asked, bridge.VerbSendAgain)
	w.advance(2 * lineHold)
	w.provider.WaitTexts(t, cardNumber+", by the way")
}
