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
	// lateBy is how much longer than usual a message takes if Teams could not deliver it at once. It is
	// less than the second that Teams waits at least before it tries again.
	lateBy = 750 * time.Millisecond
	// readEarlier bounds the reading of earlier messages before a late one: Teams waits for an answer.
	readEarlier = 4 * time.Second
)

// lateness knows how long messages usually take to come: about as long as the fastest one took. That
// is negative where Teams' clock is ahead of ours. The zero value is ready; safe for concurrent use.
type lateness struct {
	mu    sync.Mutex
	least time.Duration
}

// late says whether a message took much longer than usual. From then on that time counts as usual, so
// that a clock which was set makes only one message late. The next faster message lowers it again.
func (l *lateness) late(took time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	late := took > l.least+lateBy
	if late || took < l.least {
		l.least = took
	}
	return late
}

// readBefore stores earlier messages of a thread before a message that came late. Teams repeats the
// delivery of each message at its own times, so that an earlier one may arrive even later, when the
// late one has already left.
func (d *door) readBefore(ctx context.Context, a *connector.Activity) {
	sent := a.At()
	if a.Type != connector.TypeMessage || !fact.InChannel(a) || sent.IsZero() || !d.lateness.late(d.Now().Sub(sent)) {
		return
	}
	at := fact.PlaceOf(a)
	if at.Thread == "" || at.Thread == at.Message {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, readEarlier)
	defer cancel()
	if err := d.history.readThread(ctx, at); err != nil {
		d.Log.Info("teams thread of a late message not read", "channel", at.Channel, "error", err)
		d.sweeper.CatchUpSoon(sent.Add(-activityTimeout)) // replies wait until all is read
	}
}

// readThread stores the messages of a thread that are missing. Where we may not read, they stay
// missing.
func (h *history) readThread(ctx context.Context, at bridge.Place) error {
	m, err := organisation.Patient(ctx, h.Organisation, at.Channel, func(ctx context.Context, group string) (graph.Message, error) {
		return h.Graph.Message(ctx, group, at.Channel, fact.Root(at), fact.Root(at))
	})
	if err == nil {
		err = h.readReplies(ctx, at.Channel, &m, "")
	}
	switch {
	case errors.Is(err, graph.ErrNotGranted), organisation.ClosedTo(err):
		return nil
	case err != nil:
		return err
	case !h.concerns(&m):
		return nil
	}
	_, err = h.catchUpThread(ctx, at.Channel, &m)
	return err
}
