package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/channels/wire"
)

// This file waits until all messages of the simulated customers and agents have arrived, and then checks that
// each of them arrived exactly once and in order. A talk is one customer's conversation with one agent.
// Customers' messages arrive in a Slack thread, agents' messages at the customers' chat provider.

// waitForFirst waits until each talk has at least one message in each direction.
func (t *traffic) waitForFirst(ctx context.Context) error {
	return t.wait(ctx, "the first messages", t.ledger.haveAllBegun)
}

// finish stops the customers, and waits until everything has arrived and Parley has nothing left to do.
func (t *traffic) finish(ctx context.Context) error {
	if err := t.waitForArrival(ctx); err != nil {
		return err
	}
	return t.waitUntilIdle(ctx)
}

// waitForArrival stops the customers and waits until every message has arrived, and every delivery receipt of
// the provider.
func (t *traffic) waitForArrival(ctx context.Context) error {
	t.stop.Store(true)
	return t.wait(ctx, "the last messages", func() bool { return t.speaking.Load() == 0 })
}

// waitUntilIdle waits until Parley has nothing left to do. That includes work after the arrival of a message,
// such as updating cards. Slack echoes each of Parley's posts as an event, so the echoes must have been
// delivered before and after.
func (t *traffic) waitUntilIdle(ctx context.Context) error {
	allEchoesDelivered := func() bool { return t.world.Slack.Events.Pending() == 0 }
	if err := t.wait(ctx, "Slack's echoes", allEchoesDelivered); err != nil {
		return err
	}
	if err := t.world.Drain(ctx, DrainWithin); err != nil {
		return err
	}
	return t.wait(ctx, "Slack's last echoes", allEchoesDelivered)
}

// wait polls until done returns true. It fails if a fault was recorded, or after rig.DrainWithin. what
// describes the condition in errors.
func (t *traffic) wait(ctx context.Context, what string, done func() bool) error {
	const pollEvery = 2 * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, DrainWithin)
	defer cancel()
	for !done() {
		if err := t.ledger.faultsSoFar(); err != nil {
			return err
		}
		if !wire.For(ctx, pollEvery) {
			return fmt.Errorf("%w: waited in vain for %s (%d in, %d out, %d talks)%s",
				ErrNotDrained, what, t.ledger.in.Load(), t.ledger.out.Load(), t.speaking.Load(), t.world.LastWords())
		}
	}
	return t.ledger.faultsSoFar()
}

// deliveredReplies counts replies that were delivered to customers, all replies, and strays: conversations that
// Parley opened because it could not match a receipt to a message.
const deliveredReplies = `
	SELECT count(*) FILTER (WHERE state = 'delivered'), count(*), (SELECT count(*) FROM conversations WHERE kind = 'automatic')
	FROM deliveries WHERE kind = 'reply'`

// checkTalks checks that every message arrived, and that Parley processed all receipts.
//
// Errors: ErrOrder.
func (t *traffic) checkTalks(ctx context.Context) error {
	var delivered, replies, strays int
	if err := t.world.Pool.QueryRow(ctx, deliveredReplies).Scan(&delivered, &replies, &strays); err != nil {
		return fmt.Errorf("bench: deliveries: %w", err)
	}

	typed, faults := t.ledger.check()
	areAllDelivered := delivered == typed && replies == typed
	if !areAllDelivered || strays > 0 {
		faults = append(faults, fmt.Errorf("%w: of %d replies Parley knows %d, %d as delivered; "+
			"%d threads of receipts that it could not place",
			ErrOrder, typed, replies, delivered, strays))
	}
	if lost := t.world.Slack.Events.Lost(); len(lost) > 0 {
		faults = append(faults, fmt.Errorf("%w: Slack gave up %d events", ErrOrder, len(lost)))
	}

	return errors.Join(faults...)
}
