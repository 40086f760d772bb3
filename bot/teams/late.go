package teams

import (
	"context"
	"errors"
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

// lateness knows how long messages usually take to arrive: about as long as the fastest one took. That is negative if
// Teams' clock is ahead of ours. The zero value can be used. Safe for concurrent use.
type lateness struct {
	mu    sync.Mutex
	usual time.Duration
}

// isLate reports whether a message took much longer than usual. From then on that time counts as usual, so that a
// change of a clock makes only one message late. The next faster message lowers it again.
func (l *lateness) isLate(took time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	late := took > l.usual+lateThreshold
	if late || took < l.usual {
		l.usual = took
	}
	return late
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
	if !d.lateness.isLate(d.Now().Sub(sent)) {
		return
	}

	at := fact.PlaceOf(a)
	if at.Thread == "" || at.Thread == at.Message {
		return
	}

	ctx, cancel := context.WithTimeout(ctx, readEarlierTimeout)
	defer cancel()

	if err := d.history.readThread(ctx, at); err != nil {
		d.Log.Info("teams thread of a late message not read", "channel", at.Channel, "error", err)
		d.sweeper.CatchUpSoon(sent.Add(-activityTimeout)) // replies wait until the catch-up has read all
	}
}

// readThread reads a thread and stores its messages that are missing. If we may not read the thread, they stay missing,
// and that is no error.
func (h *history) readThread(ctx context.Context, at bridge.Place) error {
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

	_, err = h.catchUpThread(ctx, at.Channel, &m)
	return err
}
