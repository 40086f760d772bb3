package talk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/channels/pause"
	"parley/cmd/parley/bench/rig"
)

// ErrOrder means that something was lost, doubled or overtaken.
var ErrOrder = errors.New("bench: messages are lost, doubled or out of order")

// addFault notes a fault, unless there are so many that one more says nothing new.
func (t *traffic) addFault(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	const enough = 20
	if len(t.faults) < enough {
		t.faults = append(t.faults, err)
	}
}

// faultsSoFar returns all faults that addFault noted, or nil.
func (t *traffic) faultsSoFar() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return errors.Join(t.faults...)
}

// takeTimes returns how long messages took each way since the last call.
func (t *traffic) takeTimes() (in, out []float64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	in, out = t.inMS, t.outMS
	t.inMS, t.outMS = nil, nil
	return in, out
}

// waitForEach waits until in every talk so many customers' messages stand in the thread and so many
// agents' messages arrived at the provider.
func (t *traffic) waitForEach(ctx context.Context, n int) error {
	return t.wait(ctx, "the first messages", func() bool {
		t.mu.Lock()
		defer t.mu.Unlock()
		for _, talk := range t.talks {
			if talk.posted < n || talk.arrived < n {
				return false
			}
		}
		return true
	})
}

// finish stops the customers and waits until everything has arrived, and Parley has nothing left to do.
func (t *traffic) finish(ctx context.Context) error {
	if err := t.waitForArrival(ctx); err != nil {
		return err
	}
	return t.waitUntilIdle(ctx)
}

// waitForArrival stops the customers and waits until everything said has arrived: their messages, agents' answers, and
// the receipts.
func (t *traffic) waitForArrival(ctx context.Context) error {
	t.stop.Store(true)
	return t.wait(ctx, "the last messages", func() bool { return t.speaking.Load() == 0 })
}

// waitUntilIdle waits until Parley has nothing left to do, cards and notes of analyses included.
func (t *traffic) waitUntilIdle(ctx context.Context) error {
	err := t.wait(ctx, "Slack's echoes", func() bool { return t.w.Slack.Events.Pending() == 0 })
	if err == nil {
		err = t.w.Drain(ctx, rig.DrainWithin)
	}
	if err == nil {
		err = t.wait(ctx, "Slack's last echoes", func() bool { return t.w.Slack.Events.Pending() == 0 })
	}
	return err
}

func (t *traffic) wait(ctx context.Context, what string, done func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, rig.DrainWithin)
	defer cancel()
	for !done() {
		if err := t.faultsSoFar(); err != nil {
			return err
		}
		if !pause.For(ctx, 2*time.Millisecond) {
			return fmt.Errorf("%w: waited in vain for %s (%d in, %d out, %d talks)%s", rig.ErrNotDrained, what, t.in.Load(), t.out.Load(), t.speaking.Load(), t.w.LastWords())
		}
	}
	return t.faultsSoFar()
}

const deliveredReplies = `
	SELECT count(*) FILTER (WHERE state = 'delivered'), count(*), (SELECT count(*) FROM conversations WHERE kind = 'automatic')
	FROM deliveries WHERE kind = 'reply'`

// checkTalks compares what everybody got with what was said, and that all receipts count.
func (t *traffic) checkTalks(ctx context.Context) error {
	var delivered, replies, strays int
	if err := t.w.Pool.QueryRow(ctx, deliveredReplies).Scan(&delivered, &replies, &strays); err != nil {
		return fmt.Errorf("bench: deliveries: %w", err)
	}

	t.mu.Lock()
	defer t.mu.Unlock()
	errs := t.faults
	said, typed := 0, 0
	for _, talk := range t.talks {
		said, typed = said+talk.said, typed+talk.typed
		if talk.said != talk.posted || talk.typed != talk.arrived {
			errs = append(errs, fmt.Errorf("%w: %s said %d, %d stand in the thread; the agent said %d, %d arrived", ErrOrder, talk.customer, talk.said, talk.posted, talk.typed, talk.arrived))
		}
	}

	areAllDelivered := delivered == typed && replies == typed
	if !areAllDelivered || strays > 0 {
		errs = append(errs, fmt.Errorf("%w: of %d replies Parley knows %d, %d as delivered; %d threads of receipts that it could not place", ErrOrder, typed, replies, delivered, strays))
	}
	if lost := t.w.Slack.Events.Lost(); len(lost) > 0 {
		errs = append(errs, fmt.Errorf("%w: Slack gave up %d events", ErrOrder, len(lost)))
	}

	return errors.Join(errs...)
}

// close stops the provider.
func (t *traffic) close() error { return t.provider.Close() }
