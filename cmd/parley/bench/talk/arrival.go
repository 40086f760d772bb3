package talk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/channels/pause"
	"parley/cmd/parley/bench/rig"
)

// This file waits until the messages of customers and agents have arrived, and checks then that each arrived once and
// in order.

// waitForFirst waits until in every talk a customer's message stands in the thread and an agent's message has
// arrived.
func (t *traffic) waitForFirst(ctx context.Context) error {
	return t.wait(ctx, "the first messages", t.ledger.haveAllBegun)
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
	haveEchoesCome := func() bool { return t.world.Slack.Events.Pending() == 0 }
	if err := t.wait(ctx, "Slack's echoes", haveEchoesCome); err != nil {
		return err
	}
	if err := t.world.Drain(ctx, rig.DrainWithin); err != nil {
		return err
	}
	return t.wait(ctx, "Slack's last echoes", haveEchoesCome)
}

// wait waits until done, or until a fault was noted. what names it in errors.
func (t *traffic) wait(ctx context.Context, what string, done func() bool) error {
	const pollEvery = 2 * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, rig.DrainWithin)
	defer cancel()
	for !done() {
		if err := t.ledger.faultsSoFar(); err != nil {
			return err
		}
		if !pause.For(ctx, pollEvery) {
			return fmt.Errorf("%w: waited in vain for %s (%d in, %d out, %d talks)%s",
				rig.ErrNotDrained, what, t.ledger.in.Load(), t.ledger.out.Load(), t.speaking.Load(), t.world.LastWords())
		}
	}
	return t.ledger.faultsSoFar()
}

// deliveredReplies counts the replies that customers have got, all replies, and strays: the automatic conversations that
// Parley opens for receipts of messages that it doesn't know.
const deliveredReplies = `
	SELECT count(*) FILTER (WHERE state = 'delivered'), count(*), (SELECT count(*) FROM conversations WHERE kind = 'automatic')
	FROM deliveries WHERE kind = 'reply'`

// checkTalks checks that everybody got what was said to them, and that Parley took all receipts. Errors: ErrOrder.
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
