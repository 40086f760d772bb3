package torture

import (
	"context"
	"slices"
	"time"
)

// Parley keeps each new reply back for a few seconds, its hold, so that the author can take it back. This file simulates
// what people in a test run do later: they edit or delete a reply that the customer has already received, edit a note
// into a reply, or snooze a conversation. The driver, which acts for all people, queues such acts: a delayed act is due at
// a fixed time, a waiting act once something has happened.

// How often people do these things.
const (
	lateEditPercent   = 8  // of replies are edited after the customer received them
	lateDeletePercent = 8  // of replies are deleted after the customer received them
	turnPercent       = 50 // of notes are edited into replies
	turnBackPercent   = 40 // of these notes are edited back, and as many are deleted
	// snoozeTime is longer than a run, so that only the customer ends a snooze.
	snoozeTime = "30d"

	// lookInterval is the interval at which a waiting act is checked.
	lookInterval = time.Second
	// maxWaiting is the maximum time for which an act waits before it is dropped.
	maxWaiting = 10 * time.Minute
	// lastSnoozes is how many conversations are snoozed at the end, when customers don't write any more. Earlier they
	// may write so often that a snooze never takes effect.
	lastSnoozes = 2
)

// waitingAct is something that a person does once something else has happened, such as editing a reply that the customer
// has received.
type waitingAct struct {
	isDue  func(context.Context) (bool, error)
	do     func(context.Context) error
	lookAt time.Time // when isDue is called next
	until  time.Time // when the act is dropped
}

// waitingActs are acts that wait until they are due.
type waitingActs []waitingAct

// add queues an act: do is called once isDue returns true. isDue is first called after the delay, and last about
// maxWaiting later.
func (w *waitingActs) add(delay time.Duration, isDue func(context.Context) (bool, error), do func(context.Context) error) {
	lookAt := time.Now().Add(delay)
	*w = append(*w, waitingAct{isDue, do, lookAt, lookAt.Add(maxWaiting)})
}

// lookNow makes the next run call isDue of all acts.
func (w *waitingActs) lookNow() {
	for i := range *w {
		(*w)[i].lookAt = time.Now()
	}
}

// run performs the acts that are due, and drops those that have waited too long.
func (w *waitingActs) run(ctx context.Context) error {
	now, acts := time.Now(), *w
	*w = nil // an act may add another one
	for _, act := range acts {
		isDue := false
		if !now.Before(act.lookAt) {
			var err error
			if isDue, err = act.isDue(ctx); err != nil {
				return err
			}
			act.lookAt = now.Add(lookInterval)
		}

		if isDue {
			if err := act.do(ctx); err != nil {
				return err
			}
			continue
		}
		if now.Before(act.until) {
			*w = append(*w, act)
		}
	}
	return nil
}

// delayedAct is something that a person does at a certain time, such as editing a reply a moment after typing it.
type delayedAct struct {
	at time.Time
	do func(context.Context) error
}

// delayedActs is a queue of acts in the order of their times.
type delayedActs []delayedAct

// add queues an act, to be performed after actDelay.
func (a *delayedActs) add(do func(context.Context) error) {
	*a = append(*a, delayedAct{at: time.Now().Add(actDelay), do: do})
}

// run performs the acts that are due.
func (a *delayedActs) run(ctx context.Context) error {
	for len(*a) > 0 && !(*a)[0].at.After(time.Now()) {
		act := (*a)[0]
		*a = (*a)[1:]
		if err := act.do(ctx); err != nil {
			return err
		}
	}
	return nil
}

// snoozeQuietest snoozes the lastSnoozes conversations whose customers have not written for the longest time.
func (d *driver) snoozeQuietest(ctx context.Context) error {
	if err := d.findThreads(ctx); err != nil {
		return err
	}
	list := slices.DeleteFunc(slices.Clone(d.conversations), func(c *conversation) bool { return c.root == "" || c.resolved || c.wasSnoozed })
	slices.SortStableFunc(list, func(a, b *conversation) int { return a.wroteAt.Compare(b.wroteAt) })
	for _, c := range list[:min(lastSnoozes, len(list))] {
		if err := d.snooze(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// finishWaiting performs the waiting acts that are due after everything else was written, and reports whether there were
// any. If isSettled is true, nothing else will happen: it checks every act once more, and drops all acts if none is due.
func (d *driver) finishWaiting(ctx context.Context, isSettled bool) (hasActed bool, err error) {
	before := len(d.history)
	if !d.isFinishing {
		d.isFinishing = true
		if err := d.snoozeQuietest(ctx); err != nil {
			return false, err
		}
	}
	if isSettled {
		d.waiting.lookNow()
	}
	err = d.waiting.run(ctx)
	hasActed = len(d.history) > before
	if isSettled && !hasActed {
		d.waiting = nil
	}
	return hasActed, err
}

// changeAfterArrival may queue an act, by chance, that edits or deletes a reply once the customer has received it.
func (d *driver) changeAfterArrival(c *conversation, id string, m Marker) {
	hasArrived := func(ctx context.Context) (bool, error) { return d.client.HasReceived(ctx, c.kind, c.number, m) }
	switch n := d.rng.IntN(wholePercent); {
	case c.bounces: // never arrives
	case n < lateEditPercent:
		edited := c.nextMarker(Edited)
		text := d.traits.Reply(d.rng.composeText(m), m.Number) + " (corrected: " + edited.String() + ")"
		d.waiting.add(d.hold, hasArrived, func(ctx context.Context) error {
			d.counts.LateEdits++
			return d.editAndRecord(ctx, c, id, text, Operation{Marker: edited, Arrived: true})
		})
	case n < lateEditPercent+lateDeletePercent:
		d.waiting.add(d.hold, hasArrived, func(ctx context.Context) error {
			d.counts.LateDeletes++
			return d.deleteAndRecord(ctx, c, id, Operation{Arrived: true})
		})
	}
}

// turnNote queues an act that edits a note into a reply, which may then be edited back or deleted. The act waits until
// Parley has been notified of the note. Otherwise Parley would only see a reply, and couldn't know that it was a note.
func (d *driver) turnNote(c *conversation, id string, m Marker) {
	wasTold := func(ctx context.Context) (bool, error) {
		delays, err := d.platform.EventDelays(ctx, Written)
		return delays[id] != NotTold, err
	}
	always := func(context.Context) (bool, error) { return true, nil }
	words, op := d.rng.composeText(m), Operation{Marker: m}
	d.waiting.add(lookInterval, wasTold, func(ctx context.Context) error {
		d.counts.Turned++
		switch n := d.rng.IntN(wholePercent); {
		case n < turnBackPercent:
			note := d.traits.Internal(c.agent, c.colleague, words)[0].Text
			d.waiting.add(lookInterval, always, func(ctx context.Context) error { return d.editAndRecord(ctx, c, id, note, op) })
		case n < 2*turnBackPercent:
			d.waiting.add(lookInterval, always, func(ctx context.Context) error { return d.deleteAndRecord(ctx, c, id, Operation{}) })
		}
		return d.editAndRecord(ctx, c, id, d.traits.Reply(words, m.Number), op)
	})
}

// snooze has the agent snooze a conversation. Once its card shows the snooze, the customer writes, which must wake it up.
// A conversation is snoozed only once in a run, so that nobody snoozes it again after the customer's message.
func (d *driver) snooze(ctx context.Context, c *conversation) error {
	c.wasSnoozed = true
	d.counts.Snoozed++
	showsSnooze := func(ctx context.Context) (bool, error) {
		err := d.findThreads(ctx)
		return c.isSnoozed, err
	}
	d.waiting.add(lookInterval, showsSnooze, func(ctx context.Context) error {
		d.mailsLeft++
		d.counts.Woken++
		if err := d.writeAsCustomer(ctx, c, true); err != nil {
			return err
		}
		d.history[len(d.history)-1].WhileSnoozed = true
		return nil
	})
	return d.typeCommand(ctx, c, Operation{Kind: OpSnooze}, "snooze "+snoozeTime)
}

// editAndRecord edits a message as its author. It completes op and adds it to the history.
func (d *driver) editAndRecord(ctx context.Context, c *conversation, id, text string, op Operation) error {
	op.Kind = OpEdit
	d.counts.Edits++
	return d.recordChange(c, id, op, d.platform.Edit(ctx, c.agent, id, text))
}

// deleteAndRecord deletes a message as its author. It completes op and adds it to the history.
func (d *driver) deleteAndRecord(ctx context.Context, c *conversation, id string, op Operation) error {
	op.Kind = OpDelete
	d.counts.Deletes++
	return d.recordChange(c, id, op, d.platform.Delete(ctx, c.agent, id))
}

// recordChange completes op and adds it to the history, unless the change failed with err.
func (d *driver) recordChange(c *conversation, id string, op Operation, err error) error {
	if err != nil {
		return err
	}
	op.At, op.Announced = time.Now(), true
	op.Conversation, op.Root, op.ID = c.number, c.root, id
	d.history = append(d.history, op)
	return nil
}
