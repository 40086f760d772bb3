package torture

import (
	"context"
	"time"
)

// This file simulates the agents of a test run. In the chat threads of their customers, agents reply, write internal
// notes, edit and delete messages, and type commands such as "resolve". Each reply or note has a marker, a unique word
// such as "outbound-c017-5" (text 5 of conversation 17). Each act is recorded in the driver's history, from which the
// checker derives which markers a customer must have received, and which must never have left the chat.

// internalAtLeft guarantees that each run has at least one internal message, since a run without any couldn't detect a
// leak: if none was typed before this many replies are left, the next act is an internal message.
const internalAtLeft = 10

// rareAct is something that an agent does now and then instead of typing a reply.
type rareAct struct {
	percent int // of all acts of agents
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

// typeIn performs one act of a teammate in the thread of a conversation. Usually the agent types a reply; by chance it
// is one of rareActs.
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

// typeReplies types one reply of the agent, or a burst of several.
func (d *driver) typeReplies(ctx context.Context, c *conversation) error {
	return d.doOnceOrInBurst(d.repliesLeft, func(last bool) error { return d.typeReply(ctx, c, last) })
}

func (d *driver) resolve(ctx context.Context, c *conversation) error {
	d.counts.Resolved++
	c.untilReopened = 2
	return d.typeCommand(ctx, c, Operation{Kind: OpResolve}, "resolve")
}

func (d *driver) handOver(ctx context.Context, c *conversation) error {
	d.counts.HandedOver++
	return d.typeCommand(ctx, c, Operation{Kind: OpHandOver, Team: OtherTeam}, "assign #"+OtherTeam)
}

func (d *driver) unassign(ctx context.Context, c *conversation) error {
	d.counts.HandedOver++
	return d.typeCommand(ctx, c, Operation{Kind: OpUnassign}, "unassign")
}

// snoozeOnce snoozes a conversation. If the conversation was snoozed before in this run, the agent replies instead.
func (d *driver) snoozeOnce(ctx context.Context, c *conversation) error {
	if c.wasSnoozed {
		return d.typeReplies(ctx, c)
	}
	return d.snooze(ctx, c)
}

// typeReply types a reply of the agent. If last is true, no other reply follows at once, and by chance the reply is
// edited soon, or edited or deleted once it has arrived.
func (d *driver) typeReply(ctx context.Context, c *conversation, last bool) error {
	m := c.nextMarker(Outbound)
	d.counts.Replies++
	d.repliesLeft--
	if c.bounces {
		m.Kind = Bounced
		d.counts.Bounced++
		d.counts.Replies--
		d.bounceMarkers.add(m)
	} else if !last {
		d.burstMarkers.add(m)
	}

	id, err := d.typeAndRecord(ctx, c, c.agent, d.traits.Reply(d.rng.composeText(m), m.Number),
		Operation{Kind: OpPost, Marker: m})
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

// editSoon schedules an edit of a reply for a moment later, while Parley still holds the reply back.
func (d *driver) editSoon(c *conversation, id string, m Marker) {
	edited := c.nextMarker(Edited)
	text := d.traits.Reply(d.rng.composeText(m), m.Number) + " (corrected: " + edited.String() + ")"
	d.delayed.add(func(ctx context.Context) error {
		return d.editAndRecord(ctx, c, id, text, Operation{Marker: edited})
	})
}

// typeAndRecord types a text in a conversation's thread and returns the id of the new message. It fills in the time,
// the author and the ids of op, and adds op to the history.
func (d *driver) typeAndRecord(ctx context.Context, c *conversation, who, text string, op Operation) (id string, err error) {
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

func (d *driver) typeCommand(ctx context.Context, c *conversation, op Operation, words string) error {
	_, err := d.typeAndRecord(ctx, c, c.agent, d.traits.Command(words), op)
	return err
}

// typeInternal types a message that must never reach the customer, in one of the forms that mark it as internal, for
// example "note: …". Some of the agent's notes are later edited into replies (turnNote).
func (d *driver) typeInternal(ctx context.Context, c *conversation) error {
	m := c.nextMarker(Internal)
	d.counts.Internal++
	forms := d.traits.Internal(c.agent, c.colleague, d.rng.composeText(m))
	isTurned := d.rng.percent(turnPercent)
	form := forms[d.rng.IntN(len(forms))]
	if isTurned {
		form = forms[0] // the agent's own note
	}

	id, err := d.typeAndRecord(ctx, c, form.Who, form.Text, Operation{Kind: OpPost, Marker: m})
	if err == nil && isTurned {
		d.turnNote(c, id, m)
	}
	return err
}

// typeAndDelete types a reply and deletes it during its hold, the time for which Parley keeps a reply back so that its
// author can take it back. The customer must never receive it.
func (d *driver) typeAndDelete(ctx context.Context, c *conversation) error {
	m := c.nextMarker(Deleted)
	id, err := d.typeAndRecord(ctx, c, c.agent, d.traits.Reply(d.rng.composeText(m), m.Number),
		Operation{Kind: OpPost, Marker: m})
	if err != nil {
		return err
	}

	d.delayed.add(func(ctx context.Context) error { return d.deleteAndRecord(ctx, c, id, Operation{}) })

	return nil
}
