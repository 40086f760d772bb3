package talk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"parley/channels/pause"
	"parley/cmd/parley/bench/rig"
)

// This file waits until the messages of customers and agents have arrived, and checks then that each arrived once and
// in order.

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

// faultsSoFar returns all faults that were noted, joined, or nil.
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

// countRelayed returns how many messages of customers and agents have arrived.
func (t *traffic) countRelayed() int64 { return t.in.Load() + t.out.Load() }

// waitForFirst waits until in every talk a customer's message stands in the thread and an agent's message has
// arrived.
func (t *traffic) waitForFirst(ctx context.Context) error {
	return t.wait(ctx, "the first messages", func() bool {
		t.mu.Lock()
		defer t.mu.Unlock()
		return !slices.ContainsFunc(t.talks, func(talk *talk) bool { return talk.posted == 0 || talk.arrived == 0 })
	})
}

// finish stops the customers and waits until everything has arrived, and Parley has nothing left to do.
func (t *traffic) finish(ctx context.Context) error {
	if err := t.waitForArrival(ctx); err != nil {
		return err
	}
	return t.waitUntilIdle(ctx)
}

// waitForArrival stops the customers and waits until everything said has arrived: their messages, agents' answers,
// and the receipts.
func (t *traffic) waitForArrival(ctx context.Context) error {
	t.stop.Store(true)
	return t.wait(ctx, "the last messages", func() bool { return t.speaking.Load() == 0 })
}

// waitUntilIdle waits until Parley has nothing left to do, cards and notes of analyses included.
func (t *traffic) waitUntilIdle(ctx context.Context) error {
	haveEchoesCome := func() bool { return t.w.Slack.Events.Pending() == 0 }
	if err := t.wait(ctx, "Slack's echoes", haveEchoesCome); err != nil {
		return err
	}
	if err := t.w.Drain(ctx, rig.DrainWithin); err != nil {
		return err
	}
	return t.wait(ctx, "Slack's last echoes", haveEchoesCome)
}

// wait waits until done, or until a fault was noted. what names it in errors.
func (t *traffic) wait(ctx context.Context, what string, done func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, rig.DrainWithin)
	defer cancel()
	for !done() {
		if err := t.faultsSoFar(); err != nil {
			return err
		}
		if !pause.For(ctx, 2*time.Millisecond) {
			return fmt.Errorf("%w: waited in vain for %s (%d in, %d out, %d talks)%s",
				rig.ErrNotDrained, what, t.in.Load(), t.out.Load(), t.speaking.Load(), t.w.LastWords())
		}
	}
	return t.faultsSoFar()
}

// deliveredReplies counts the replies that customers have got, all replies, and strays: the automatic conversations that
// Parley opens for receipts of messages that it doesn't know.
const deliveredReplies = `
	SELECT count(*) FILTER (WHERE state = 'delivered'), count(*), (SELECT count(*) FROM conversations WHERE kind = 'automatic')
	FROM deliveries WHERE kind = 'reply'`

// checkTalks checks that everybody got what was said to them, and that Parley took all receipts. Errors: ErrOrder.
func (t *traffic) checkTalks(ctx context.Context) error {
	var delivered, replies, strays int
	if err := t.w.Pool.QueryRow(ctx, deliveredReplies).Scan(&delivered, &replies, &strays); err != nil {
		return fmt.Errorf("bench: deliveries: %w", err)
	}

	t.mu.Lock()
	defer t.mu.Unlock()
	errs := slices.Clone(t.faults)
	typed := 0
	for _, talk := range t.talks {
		typed += talk.typed
		if talk.said != talk.posted || talk.typed != talk.arrived {
			errs = append(errs, fmt.Errorf("%w: %s said %d, %d stand in the thread; the agent said %d, %d arrived",
				ErrOrder, talk.customer, talk.said, talk.posted, talk.typed, talk.arrived))
		}
	}

	areAllDelivered := delivered == typed && replies == typed
	if !areAllDelivered || strays > 0 {
		errs = append(errs, fmt.Errorf("%w: of %d replies Parley knows %d, %d as delivered; %d threads of receipts that it could not place",
			ErrOrder, typed, replies, delivered, strays))
	}
	if lost := t.w.Slack.Events.Lost(); len(lost) > 0 {
		errs = append(errs, fmt.Errorf("%w: Slack gave up %d events", ErrOrder, len(lost)))
	}

	return errors.Join(errs...)
}

// close stops the provider.
func (t *traffic) close() error { return t.provider.Close() }
