package torture

import (
	"context"
	"time"

	"parley/cmd/parley/torture/checker"
)

// What an agent types is drawn as a number from 0 to 99. Below internalBelow it is a remark inside, from there to
// deleteBelow a reply that is deleted, and so on. From unassignBelow on it is a reply.
const (
	internalBelow = 12
	deleteBelow   = internalBelow + 4
	resolveBelow  = deleteBelow + 2
	handOverBelow = resolveBelow + 2
	unassignBelow = handOverBelow + 1
	// internalAtLeft: with so few replies left, a remark inside is typed if there was none. A run without any would not
	// see one leak.
	internalAtLeft = 10
)

// typeIn lets a teammate type in the thread: mostly a reply of the agent who holds it.
func (d *driver) typeIn(ctx context.Context, t *conversation) error {
	n := d.rng.IntN(100)
	needsInside := d.counts.Internal == 0 && d.repliesLeft < internalAtLeft
	if n < internalBelow || needsInside {
		return d.typeInternal(ctx, t)
	}
	if n < deleteBelow {
		return d.typeAndDelete(ctx, t)
	}

	if n < resolveBelow {
		d.counts.Resolved++
		t.untilReopened = 2
		return d.typeCommand(ctx, t, checker.Operation{Kind: checker.OpResolve}, "resolve")
	}

	if n < handOverBelow {
		d.counts.HandedOver++
		return d.typeCommand(ctx, t, checker.Operation{Kind: checker.OpHandOver, Team: checker.OtherTeam}, "assign #"+checker.OtherTeam)
	}
	if n < unassignBelow {
		d.counts.HandedOver++
		return d.typeCommand(ctx, t, checker.Operation{Kind: checker.OpUnassign}, "unassign")
	}

	return d.doOnceOrInBurst(d.repliesLeft, func(last bool) error { return d.typeReply(ctx, t, last) })
}

// typeReply types what is for the customer, and sometimes corrects it.
func (d *driver) typeReply(ctx context.Context, t *conversation, last bool) error {
	m := t.nextMarker(checker.Outbound)
	d.counts.Replies++
	d.repliesLeft--
	if t.bounces {
		m.Kind = checker.Bounced
		d.counts.Bounced++
		d.counts.Replies--
		d.bounceMarkers.add(m)
	} else if !last {
		d.burstMarkers.add(m)
	}

	d.holds.recordReply(m)
	id, err := d.typeAndRecord(ctx, t, t.agent, d.traits.Reply(d.composeText(m), m.Number), checker.Operation{Kind: checker.OpPost, Marker: m})
	if err != nil || !last {
		return err
	}
	if d.drawPercent(editPercent) {
		d.editSoon(t, id, m)
	}

	return nil
}

// editSoon corrects a reply a moment after it was typed.
func (d *driver) editSoon(t *conversation, id string, m checker.Marker) {
	d.counts.Edits++
	now := t.nextMarker(checker.Edited)
	text := d.traits.Reply(d.composeText(m), m.Number) + " (corrected: " + now.String() + ")"
	d.actSoon(func(ctx context.Context) error {
		if err := d.platform.Edit(ctx, t.agent, id, text); err != nil {
			return err
		}
		d.history = append(d.history, checker.Operation{At: time.Now(), Kind: checker.OpEdit, Marker: now, Conversation: t.number, Root: t.root, ID: id, Announced: true})
		return nil
	})
}

// typeAndRecord types in a conversation's thread and enters it into the ledger.
func (d *driver) typeAndRecord(ctx context.Context, t *conversation, who, text string, r checker.Operation) (id string, err error) {
	if id, err = d.platform.Post(ctx, who, t.root, text); err != nil {
		return "", err
	}
	r.At, r.Author = time.Now(), who
	r.Announced = d.traits.Announced(text)
	r.Conversation, r.Root = t.number, t.root
	r.ID = id
	d.history = append(d.history, r)
	return id, nil
}

// typeCommand types a command of the agent who holds the conversation.
func (d *driver) typeCommand(ctx context.Context, t *conversation, r checker.Operation, words string) error {
	_, err := d.typeAndRecord(ctx, t, t.agent, d.traits.Command(words), r)
	return err
}

// typeInternal types words that must never reach the customer, in one of the forms that say so.
func (d *driver) typeInternal(ctx context.Context, t *conversation) error {
	m := t.nextMarker(checker.Internal)
	d.counts.Internal++
	ways := d.traits.Internal(t.agent, t.colleague, d.composeText(m))
	way := ways[d.rng.IntN(len(ways))]
	_, err := d.typeAndRecord(ctx, t, way.Who, way.Text, checker.Operation{Kind: checker.OpPost, Marker: m})
	return err
}

// typeAndDelete takes a reply back within the hold.
func (d *driver) typeAndDelete(ctx context.Context, t *conversation) error {
	m := t.nextMarker(checker.Deleted)
	d.holds.recordReply(m)
	id, err := d.typeAndRecord(ctx, t, t.agent, d.traits.Reply(d.composeText(m), m.Number), checker.Operation{Kind: checker.OpPost, Marker: m})
	if err != nil {
		return err
	}

	d.counts.Deletes++
	d.actSoon(func(ctx context.Context) error {
		d.holds.recordDeletion(id, m)

		if err := d.platform.Delete(ctx, t.agent, id); err != nil {
			return err
		}

		d.history = append(d.history, checker.Operation{At: time.Now(), Kind: checker.OpDelete, Conversation: t.number, Root: t.root, ID: id, Announced: true})
		return nil
	})

	return nil
}
