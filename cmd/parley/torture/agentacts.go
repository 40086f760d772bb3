package torture

import (
	"context"
	"time"

	"parley/cmd/parley/torture/checker"
)

// This file has what agents do in the threads of their chat: reply, write a note for colleagues, edit, delete, and
// type commands such as "resolve". Each act is recorded in the driver's history, from which the checker knows what
// customers must have received and what not.

// internalAtLeft is how many replies are left when an internal message is typed if there was none yet: a run without
// any would not notice if they leaked.
const internalAtLeft = 10

// rareAct is what an agent does in place of a reply that stays.
type rareAct struct {
	percent int // of what agents type
	do      func(context.Context, *conversation) error
}

func (d *driver) rareActs() []rareAct {
	return []rareAct{
		{percent: 12, do: d.typeInternal},
		{percent: 4, do: d.typeAndDelete},
		{percent: 2, do: d.resolve},
		{percent: 2, do: d.handOver},
		{percent: 1, do: d.unassign},
		{percent: 1, do: d.snoozeOnce},
	}
}

// typeIn lets a teammate act in the thread of a conversation. By chance it is one of rareActs, else a reply of the
// agent.
func (d *driver) typeIn(ctx context.Context, c *conversation) error {
	roll := d.rng.IntN(wholePercent)
	if d.counts.Internal == 0 && d.repliesLeft < internalAtLeft {
		return d.typeInternal(ctx, c)
	}
	for _, act := range d.rareActs() {
		if roll -= act.percent; roll < 0 {
			return act.do(ctx, c)
		}
	}
	return d.typeReplies(ctx, c)
}

// typeReplies lets the agent type a reply, or several at once.
func (d *driver) typeReplies(ctx context.Context, c *conversation) error {
	return d.doOnceOrInBurst(d.repliesLeft, func(last bool) error { return d.typeReply(ctx, c, last) })
}

func (d *driver) resolve(ctx context.Context, c *conversation) error {
	d.counts.Resolved++
	c.untilReopened = 2
	return d.typeCommand(ctx, c, checker.Operation{Kind: checker.OpResolve}, "resolve")
}

func (d *driver) handOver(ctx context.Context, c *conversation) error {
	d.counts.HandedOver++
	return d.typeCommand(ctx, c, checker.Operation{Kind: checker.OpHandOver, Team: checker.OtherTeam}, "assign #"+checker.OtherTeam)
}

func (d *driver) unassign(ctx context.Context, c *conversation) error {
	d.counts.HandedOver++
	return d.typeCommand(ctx, c, checker.Operation{Kind: checker.OpUnassign}, "unassign")
}

// snoozeOnce snoozes a conversation. If that was done before in this run, the agent replies instead.
func (d *driver) snoozeOnce(ctx context.Context, c *conversation) error {
	if c.wasSnoozed {
		return d.typeReplies(ctx, c)
	}
	return d.snooze(ctx, c)
}

// typeReply lets the agent type a reply. The last one of a burst is edited sometimes.
func (d *driver) typeReply(ctx context.Context, c *conversation, last bool) error {
	m := c.nextMarker(checker.Outbound)
	d.counts.Replies++
	d.repliesLeft--
	if c.bounces {
		m.Kind = checker.Bounced
		d.counts.Bounced++
		d.counts.Replies--
		d.bounceMarkers.add(m)
	} else if !last {
		d.burstMarkers.add(m)
	}

	id, err := d.typeAndRecord(ctx, c, c.agent, d.traits.Reply(d.rng.composeText(m), m.Number),
		checker.Operation{Kind: checker.OpPost, Marker: m})
	if err != nil || !last {
		return err
	}
	if d.rng.percent(editPercent) {
		d.editSoon(c, id, m)
	} else {
		d.changeAfterArrival(c, id, m)
	}

	return nil
}

// editSoon edits a reply a moment after it was typed.
func (d *driver) editSoon(c *conversation, id string, m checker.Marker) {
	edited := c.nextMarker(checker.Edited)
	text := d.traits.Reply(d.rng.composeText(m), m.Number) + " (corrected: " + edited.String() + ")"
	d.delayed.add(func(ctx context.Context) error {
		return d.editAndRecord(ctx, c, id, text, checker.Operation{Marker: edited})
	})
}

// typeAndRecord lets somebody type in a conversation's thread. It completes op and adds it to the history.
func (d *driver) typeAndRecord(ctx context.Context, c *conversation, who, text string, op checker.Operation) (id string, err error) {
	op.BeganAt = time.Now()
	if id, err = d.platform.Post(ctx, who, c.root, text); err != nil {
		return "", err
	}
	op.At, op.Author = time.Now(), who
	op.Announced = d.traits.Announced(text)
	op.Conversation, op.Root = c.number, c.root
	op.ID = id
	d.history = append(d.history, op)
	return id, nil
}

// typeCommand lets the agent type a command.
func (d *driver) typeCommand(ctx context.Context, c *conversation, op checker.Operation, words string) error {
	_, err := d.typeAndRecord(ctx, c, c.agent, d.traits.Command(words), op)
	return err
}

// typeInternal types a message that must never reach the customer, in one of the forms that mark it as internal, such
// as a note. Some of the agent's notes are edited into replies later (turnNote).
func (d *driver) typeInternal(ctx context.Context, c *conversation) error {
	m := c.nextMarker(checker.Internal)
	d.counts.Internal++
	forms := d.traits.Internal(c.agent, c.colleague, d.rng.composeText(m))
	isTurned := d.rng.percent(turnPercent)
	form := forms[d.rng.IntN(len(forms))]
	if isTurned {
		form = forms[0] // a note of the agent's
	}

	id, err := d.typeAndRecord(ctx, c, form.Who, form.Text, checker.Operation{Kind: checker.OpPost, Marker: m})
	if err == nil && isTurned {
		d.turnNote(c, id, m)
	}
	return err
}

// typeAndDelete types a reply and deletes it during its hold.
func (d *driver) typeAndDelete(ctx context.Context, c *conversation) error {
	m := c.nextMarker(checker.Deleted)
	id, err := d.typeAndRecord(ctx, c, c.agent, d.traits.Reply(d.rng.composeText(m), m.Number),
		checker.Operation{Kind: checker.OpPost, Marker: m})
	if err != nil {
		return err
	}

	d.delayed.add(func(ctx context.Context) error { return d.deleteAndRecord(ctx, c, id, checker.Operation{}) })

	return nil
}
