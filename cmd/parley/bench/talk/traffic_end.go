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

func (t *traffic) fault(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.faults) < 20 {
		t.faults = append(t.faults, err)
	}
}

// wrong gives what went wrong so far.
func (t *traffic) wrong() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return errors.Join(t.faults...)
}

// times returns how long messages took each way since the last call.
func (t *traffic) times() (in, out []float64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	in, out, t.inMS, t.outMS = t.inMS, t.outMS, nil, nil
	return in, out
}

// reached waits until in every talk so many customers' messages stand in the thread and so many
// agents' messages arrived at the provider.
func (t *traffic) reached(ctx context.Context, n int) error {
	return t.wait(ctx, "the first messages", func() bool {
		t.mu.Lock()
		defer t.mu.Unlock()
		for _, k := range t.talks {
			if k.posted < n || k.arrived < n {
				return false
			}
		}
		return true
	})
}

// finish stops the customers and waits until everything has arrived, and Parley has nothing left to do.
func (t *traffic) finish(ctx context.Context) error {
	if err := t.arrive(ctx); err != nil {
		return err
	}
	return t.settle(ctx)
}

// arrive stops the customers and waits until everything said has arrived: their messages, agents' answers, and
// the receipts.
func (t *traffic) arrive(ctx context.Context) error {
	t.stop.Store(true)
	return t.wait(ctx, "the last messages", func() bool { return t.speaking.Load() == 0 })
}

// settle waits until Parley has nothing left to do, cards and notes of analyses included.
func (t *traffic) settle(ctx context.Context) error {
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
		if err := t.wrong(); err != nil {
			return err
		}
		if !pause.For(ctx, 2*time.Millisecond) {
			return fmt.Errorf("%w: waited in vain for %s (%d in, %d out, %d talks)%s", rig.ErrNotDrained, what, t.in.Load(), t.out.Load(), t.speaking.Load(), t.w.LastWords())
		}
	}
	return t.wrong()
}

const deliveredReplies = `
	SELECT count(*) FILTER (WHERE state = 'delivered'), count(*), (SELECT count(*) FROM conversations WHERE kind = 'automatic')
	FROM deliveries WHERE kind = 'reply'`

// check compares what everybody got with what was said, and that all receipts count.
func (t *traffic) check(ctx context.Context) error {
	var delivered, replies, strays int
	if err := t.w.Pool.QueryRow(ctx, deliveredReplies).Scan(&delivered, &replies, &strays); err != nil {
		return fmt.Errorf("bench: deliveries: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	errs := t.faults
	said, typed := 0, 0
	for _, k := range t.talks {
		said, typed = said+k.said, typed+k.typed
		if k.said != k.posted || k.typed != k.arrived {
			errs = append(errs, fmt.Errorf("%w: %s said %d, %d stand in the thread; the agent said %d, %d arrived", ErrOrder, k.customer, k.said, k.posted, k.typed, k.arrived))
		}
	}
	if delivered != typed || replies != typed || strays > 0 {
		errs = append(errs, fmt.Errorf("%w: of %d replies Parley knows %d, %d as delivered; %d threads of receipts that it could not place", ErrOrder, typed, replies, delivered, strays))
	}
	if lost := t.w.Slack.Events.Lost(); len(lost) > 0 {
		errs = append(errs, fmt.Errorf("%w: Slack gave up %d events", ErrOrder, len(lost)))
	}
	return errors.Join(errs...)
}

// close ends the provider.
func (t *traffic) close() error { return t.provider.Close() }
