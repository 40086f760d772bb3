package torture

import (
	"context"
	"time"

	"parley/cmd/parley/torture/judge"
)

// What an agent types is drawn as a number from 0 to 99. Below insideBelow it is a remark inside, from there to
// deleteBelow a reply that is deleted, and so on. From unassignBelow on it is a reply.
const (
	insideBelow   = 12
	deleteBelow   = insideBelow + 4
	resolveBelow  = deleteBelow + 2
	handOverBelow = resolveBelow + 2
	unassignBelow = handOverBelow + 1
	// insideAtLeft: with so few replies left, a remark inside is typed if there was none. A run without any would not
	// see one leak.
	insideAtLeft = 10
)

// typeIn lets a teammate type in the thread: mostly a reply of the agent who holds it.
func (d *driver) typeIn(ctx context.Context, t *talk) error {
	n := d.rng.IntN(100)
	needsInside := d.counted.Inside == 0 && d.replies < insideAtLeft
	if n < insideBelow || needsInside {
		return d.typeInside(ctx, t)
	}
	if n < deleteBelow {
		return d.typeAndDelete(ctx, t)
	}

	if n < resolveBelow {
		d.counted.Solved++
		t.untilReopened = 2
		return d.typeCommand(ctx, t, judge.Record{Did: judge.ActResolve}, "resolve")
	}

	if n < handOverBelow {
		d.counted.Handed++
		return d.typeCommand(ctx, t, judge.Record{Did: judge.ActHandOver, Team: judge.OtherTeam}, "assign #"+judge.OtherTeam)
	}
	if n < unassignBelow {
		d.counted.Handed++
		return d.typeCommand(ctx, t, judge.Record{Did: judge.ActUnassign}, "unassign")
	}

	return d.doOnceOrInBurst(d.replies, func(last bool) error { return d.typeReply(ctx, t, last) })
}

// typeReply types what is for the customer, and sometimes corrects it.
func (d *driver) typeReply(ctx context.Context, t *talk, last bool) error {
	m := t.nextMark(judge.Out)
	d.counted.Replies++
	d.replies--
	if t.bounces {
		m.Kind = judge.Back
		d.counted.Backs++
		d.counted.Replies--
		d.bounceMarks.add(m)
	} else if !last {
		d.burstMarks.add(m)
	}

	d.takeBacks.noteTyped(m)
	id, err := d.typeAndRecord(ctx, t, t.agent, d.traits.Reply(d.composeText(m), m.N), judge.Record{Did: judge.ActType, Mark: m})
	if err != nil || !last {
		return err
	}
	if d.drawPercent(editPercent) {
		d.editSoon(t, id, m)
	}

	return nil
}

// editSoon corrects a reply a moment after it was typed.
func (d *driver) editSoon(t *talk, id string, m judge.Mark) {
	d.counted.Edits++
	now := t.nextMark(judge.Fixed)
	text := d.traits.Reply(d.composeText(m), m.N) + " (corrected: " + now.String() + ")"
	d.doSoon(func(ctx context.Context) error {
		if err := d.chat.Edit(ctx, t.agent, id, text); err != nil {
			return err
		}
		d.said = append(d.said, judge.Record{At: time.Now(), Did: judge.ActEdit, Mark: now, Conv: t.conv, Root: t.root, ID: id, Heard: true})
		return nil
	})
}

// typeAndRecord types in a conversation's thread and enters it into the ledger.
func (d *driver) typeAndRecord(ctx context.Context, t *talk, who, text string, r judge.Record) (id string, err error) {
	if id, err = d.chat.Say(ctx, who, t.root, text); err != nil {
		return "", err
	}
	r.At, r.By = time.Now(), who
	r.Heard = d.traits.Heard(text)
	r.Conv, r.Root = t.conv, t.root
	r.ID = id
	d.said = append(d.said, r)
	return id, nil
}

// typeCommand types a command of the agent who holds the conversation.
func (d *driver) typeCommand(ctx context.Context, t *talk, r judge.Record, words string) error {
	_, err := d.typeAndRecord(ctx, t, t.agent, d.traits.Command(words), r)
	return err
}

// typeInside types words that must never reach the customer, in one of the forms that say so.
func (d *driver) typeInside(ctx context.Context, t *talk) error {
	m := t.nextMark(judge.Inside)
	d.counted.Inside++
	ways := d.traits.Inside(t.agent, t.colleague, d.composeText(m))
	way := ways[d.rng.IntN(len(ways))]
	_, err := d.typeAndRecord(ctx, t, way.Who, way.Text, judge.Record{Did: judge.ActType, Mark: m})
	return err
}

// typeAndDelete takes a reply back within the hold.
func (d *driver) typeAndDelete(ctx context.Context, t *talk) error {
	m := t.nextMark(judge.Gone)
	d.takeBacks.noteTyped(m)
	id, err := d.typeAndRecord(ctx, t, t.agent, d.traits.Reply(d.composeText(m), m.N), judge.Record{Did: judge.ActType, Mark: m})
	if err != nil {
		return err
	}

	d.counted.Deletes++
	d.doSoon(func(ctx context.Context) error {
		d.takeBacks.noteDeleted(id, m)

		if err := d.chat.TakeBack(ctx, t.agent, id); err != nil {
			return err
		}

		d.said = append(d.said, judge.Record{At: time.Now(), Did: judge.ActDelete, Conv: t.conv, Root: t.root, ID: id, Heard: true})
		return nil
	})

	return nil
}
