package teams

import (
	"context"
	"errors"
	"sync"
	"time"

	"parley/bot/teams/connector"
	"parley/bot/teams/graph"
	"parley/bridge"
)

const (
	// lateBy is how much longer than usual a message takes to come that Teams could not bring at once:
	// less than the second after which it tries again at the earliest.
	lateBy = 750 * time.Millisecond
	// readEarlier bounds the look for what was typed before a late message: Teams waits for an answer.
	readEarlier = 4 * time.Second
)

// lateness knows how long messages usually take to come: about as long as the fastest one took, which
// is less than nothing where Teams' clock is ahead of ours. The zero value is ready; safe for
// concurrent use.
type lateness struct {
	mu    sync.Mutex
	least time.Duration
}

// late says that a message took much longer than usual. What is as late is usual from then on: one
// that comes in time makes it unusual again, and a clock that was set does not.
func (l *lateness) late(took time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	late := took > l.least+lateBy
	if late || took < l.least {
		l.least = took
	}
	return late
}

// readBefore stores, before a message that came late, what was typed in its thread earlier: Teams
// tries to bring each message at times of its own, so that an earlier one may come later still, when
// this one has left.
func (d *door) readBefore(ctx context.Context, a *connector.Activity) {
	sent := a.At()
	if a.Type != connector.TypeMessage || !inChannel(a) || sent.IsZero() || !d.lateness.late(d.now().Sub(sent)) {
		return
	}
	at := place(a)
	if at.Thread == "" || at.Thread == at.Message {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, readEarlier)
	defer cancel()
	if err := d.history.readThread(ctx, at); err != nil {
		d.log.Info("teams thread of a late message not read", "channel", at.Channel, "error", err)
		d.sweeper.CatchUpSoon(sent.Add(-activityTimeout)) // replies wait until all is read
	}
}

// readThread stores what is missing of a thread. Where reading isn't granted, what was missed stays
// missed.
func (h *history) readThread(ctx context.Context, at bridge.Place) error {
	m, err := patient(ctx, h.organisation, at.Channel, func(ctx context.Context, group string) (graph.Message, error) {
		return h.graph.Message(ctx, group, at.Channel, root(at), root(at))
	})
	if err == nil {
		err = h.readReplies(ctx, at.Channel, &m, "")
	}
	switch {
	case errors.Is(err, graph.ErrNotGranted), closedTo(err):
		return nil
	case err != nil:
		return err
	case !h.concerns(&m):
		return nil
	}
	_, err = h.catchUpThread(ctx, at.Channel, &m)
	return err
}
