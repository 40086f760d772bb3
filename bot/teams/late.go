package teams

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"parley/bridge"
)

// Teams delivers each message independently, and retries later if that fails. So an agent's second message can arrive
// before the first, and the customer would get them in the wrong order. When a message arrives late (see
// Lateness), other messages may be waiting for a retry, too. So this file then reads the thread with Graph,
// Microsoft's API for reading, and stores the earlier messages first.

// readEarlierTimeout bounds the reading of earlier messages. It is short because Teams waits for our response.
const readEarlierTimeout = 4 * time.Second

// storeEarlierMessages is called before a message is stored. If the message is late, it reads the thread and stores the
// earlier messages that are missing, which might otherwise arrive after the late one was sent to the customer. If the
// thread can't be read, it announces a gap (a time in which events may be missing), so that replies wait.
func (d *door) storeEarlierMessages(ctx context.Context, a *Activity) {
	sent := a.At()
	isChannelMessage := a.Type == TypeMessage && IsInChannel(a)
	if !isChannelMessage || sent.IsZero() {
		return
	}
	now := d.Now()
	isLate := d.lateness.RecordArrival(now, now.Sub(sent))
	if !isLate {
		return
	}

	at := PlaceOf(a)
	if at.Thread == "" || at.Thread == at.Message {
		return
	}

	ctx, cancel := context.WithTimeout(ctx, readEarlierTimeout)
	defer cancel()

	if err := d.history.readThreadBefore(ctx, at); err != nil {
		d.Log.Info("teams thread of a late message not read", "channel", at.Channel, "error", err)
		d.Sweep.CatchUpSoon(sent.Add(-activityTimeout)) // replies wait until the catch-up has read the channels
	}
}

// readThreadBefore reads the thread of a message, and stores the missing messages that were written before it. If we
// may not read the thread, it stores nothing and returns nil.
func (h *history) readThreadBefore(ctx context.Context, at bridge.Place) error {
	root, err := h.readWholeThread(ctx, at)
	if errors.Is(err, ErrNotGranted) || IsInaccessible(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if !h.hasOurPost(&root) { // the thread doesn't concern Parley
		return nil
	}

	isFromThenOn := func(r Message) bool { return compareIDs(r.ID, at.Message) >= 0 }
	root.Replies = slices.DeleteFunc(root.Replies, isFromThenOn)
	_, err = h.catchUpThread(ctx, at.Channel, &root)
	return err
}

// readWholeThread returns the first message of a thread with all replies.
func (h *history) readWholeThread(ctx context.Context, at bridge.Place) (root Message, err error) {
	root, err = h.ReadMessage(ctx, at, Root(at))
	if err != nil {
		return root, err
	}
	const firstPage = ""
	err = h.readReplies(ctx, at.Channel, &root, firstPage)
	return root, err
}

// Teams delivers each message independently, and retries later if that fails. A message that arrives much later than
// usual was probably retried. Then others may be missing, which were written before it.

const (
	// lateThreshold is by how much a message must be slower than usual to count as late. Teams waits at least a second
	// before it retries, so the threshold is less than that.
	lateThreshold = 750 * time.Millisecond
	// lateOnlySpan is the time after which, if all messages are late, their delay counts as usual.
	lateOnlySpan = time.Minute
)

// Lateness measures how long messages usually take to arrive: about as long as the fastest one took. The time is
// negative if Teams' clock is ahead of ours. The zero value is ready to use. Safe for concurrent use.
type Lateness struct {
	mu          sync.Mutex
	usual       time.Duration
	lateSince   time.Time     // since when all messages have been late; zero if the last one wasn't
	fastestLate time.Duration // how long the fastest of these late messages took
}

// RecordArrival records how long a message took that has just arrived, and reports whether it is late.
//
// A message that was faster than usual lowers the usual time. If all messages are late for lateOnlySpan, a clock was
// probably changed, and the time of the fastest of them becomes the usual one. A few late messages don't suffice:
// after an outage, Teams delivers the messages of several threads late, each with another delay.
func (l *Lateness) RecordArrival(now time.Time, took time.Duration) (isLate bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if took <= l.usual+lateThreshold {
		l.usual = min(l.usual, took)
		l.lateSince = time.Time{}
		return false
	}

	if l.lateSince.IsZero() {
		l.lateSince, l.fastestLate = now, took
	}
	l.fastestLate = min(l.fastestLate, took)
	if now.Sub(l.lateSince) >= lateOnlySpan {
		l.usual = l.fastestLate
		l.lateSince = time.Time{}
	}

	return true
}
