package teams

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"parley/bot/teams/connector"
	"parley/bot/teams/fact"
	"parley/bot/teams/graph"
	"parley/bot/teams/organisation"
	"parley/bridge"
)

const (
	// A message that takes longer than usual by lateThreshold was not delivered at the first try. Teams waits at least a
	// second before it tries again, so the threshold is less than that.
	lateThreshold = 750 * time.Millisecond
	// readEarlierTimeout bounds the reading of earlier messages before a late one. It is short because Teams waits for
	// our answer meanwhile.
	readEarlierTimeout = 4 * time.Second
)

// lateOnlySpan is how long nothing but late messages must have come before their time counts as usual.
const lateOnlySpan = time.Minute

// lateness knows how long messages usually take to arrive: about as long as the fastest one took. That is negative if
// Teams' clock is ahead of ours. The zero value can be used. Safe for concurrent use.
type lateness struct {
	mu        sync.Mutex
	usual     time.Duration
	lateSince time.Time     // since when all messages were late; zero if the last one wasn't
	leastLate time.Duration // how long the fastest of them took
}

// recordArrival records how long a message took that came now. It returns true if that is late, much longer than usual.
//
// A message that comes faster than usual lowers the usual time. If all messages are late for lateOnlySpan, a clock was changed, and
// the least of their times becomes the usual one. A few late ones don't show that: after an outage Teams brings messages of several
// threads late, each after another time.
func (l *lateness) recordArrival(now time.Time, took time.Duration) (isLate bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if took <= l.usual+lateThreshold {
		l.usual = min(l.usual, took)
		l.lateSince = time.Time{}
		return false
	}

	if l.lateSince.IsZero() {
		l.lateSince, l.leastLate = now, took
	}
	l.leastLate = min(l.leastLate, took)
	if now.Sub(l.lateSince) >= lateOnlySpan {
		l.usual = l.leastLate
		l.lateSince = time.Time{}
	}

	return true
}

// storeEarlierMessages stores what is missing of a thread before a message of it that came late. Teams repeats the
// delivery of each message at times of its own, so an earlier message may arrive even later, when the late one has
// already been sent to the customer.
func (d *door) storeEarlierMessages(ctx context.Context, a *connector.Activity) {
	sent := a.At()
	isChannelMessage := a.Type == connector.TypeMessage && fact.IsInChannel(a)
	if !isChannelMessage || sent.IsZero() {
		return
	}
	now := d.Now()
	if isLate := d.lateness.recordArrival(now, now.Sub(sent)); !isLate {
		return
	}

	at := fact.PlaceOf(a)
	if at.Thread == "" || at.Thread == at.Message {
		return
	}

	ctx, cancel := context.WithTimeout(ctx, readEarlierTimeout)
	defer cancel()

	if err := d.history.readThreadBefore(ctx, at); err != nil {
		d.Log.Info("teams thread of a late message not read", "channel", at.Channel, "error", err)
		d.sweeper.CatchUpSoon(sent.Add(-activityTimeout)) // replies wait until the catch-up has read all
	}
}

// readThreadBefore reads a message's thread, and stores what is missing of it from before that message. If we may not read the
// thread, it stores nothing, and that is no error.
func (h *history) readThreadBefore(ctx context.Context, at bridge.Place) error {
	m, err := organisation.ReadPatiently(ctx, h.Organisation, at.Channel, func(ctx context.Context, group string) (graph.Message, error) {
		return h.Graph.Message(ctx, threadOf(group, at), fact.Root(at))
	})
	if err == nil {
		err = h.readReplies(ctx, at.Channel, &m, "")
	}
	if errors.Is(err, graph.ErrNotGranted) || organisation.IsClosedTo(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if !h.hasOurPost(&m) { // the thread doesn't concern us
		return nil
	}

	m.Replies = slices.DeleteFunc(m.Replies, func(r graph.Message) bool { return compareIDs(r.ID, at.Message) >= 0 })
	_, err = h.catchUpThread(ctx, at.Channel, &m)
	return err
}
