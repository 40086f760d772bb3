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

// With a gapHider, replies are read again only as a precaution. A chat that asks for fewer calls for a day doesn't hold
// up a reply for a day.
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

// endGapWait waits until a reply couldn't be read again before it leaves, and then ends the time for which it waits for
// that, an hour in these tests.
func (w *world) endGapWait() {
	w.t.Helper()
	w.eventually("the chat could not be asked", func() bool {
		return w.count(`SELECT count(*) FROM deliveries WHERE kind = 'reply' AND error_class = 'retry'`) > 0
	})
	w.wantNothingSent()
	w.exec(`UPDATE deliveries SET first_at = first_at - interval '2 hours' WHERE kind = 'reply'`)
	w.advance(2 * time.Hour)
}

// A chat that fails in another way doesn't hold up a reply for long either.
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

// A chat that doesn't answer at all doesn't hold up a message of two lines either: enough time is left to send it.
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

// A chat whose channels may not be read isn't asked.
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

// After a known gap a reply waits as long as the chat asks for fewer calls, since its text may have been changed.
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

// A blocked message has two files, of which one would leave in a part of its own. The line about that part doesn't name
// the file.
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

// The second file of a blocked message fails for another reason. The words and the file are still named nowhere, also
// after Send again for the whole reply and after its deletion.
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

// The lines that would leave in one message with a blocked one leave without it.
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

// changingChat is a chat that shows a change of each text with "regards". No event ever tells Parley of it.
type changingChat struct{ gapHider }

func (changingChat) Confirm(_ context.Context, _ bridge.Place, text string) (bridge.Confirmation, error) {
	if strings.Contains(text, "regards") {
		return bridge.Changed, nil
	}
	return bridge.Unchanged, nil
}

// A line was changed in the chat, and the change can't be read. The other lines leave without it, and it leaves neither
// with its old words nor with new ones.
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

// A blocked reply is edited. The line about it doesn't show the new words, so an agent who sends the reply later is shown
// them first.
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
