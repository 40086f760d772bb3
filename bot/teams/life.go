package teams

import (
	"context"
	"slices"

	"parley/bot/sweep"
	"parley/bot/teams/connector"
	"parley/bot/teams/fact"
	"parley/bot/teams/graph"
	"parley/bot/teams/organisation"
	"parley/bridge"
	"parley/channels"
)

// lives finds deletions and restorations of messages that aren't stored yet.
type lives struct {
	*organisation.Organisation

	sweeper *sweep.Sweeper
}

// lifeOf reads how often a message was deleted and restored, as far as that is stored.
// Errors: the desk's.
func (ls *lives) lifeOf(ctx context.Context, channel, id string) (fact.Life, error) {
	for n := 1; ; n++ {
		gone, back := fact.DeleteID(channel, id, n), fact.RestoredID(channel, id, n)
		seen, err := ls.sweeper.Seen(ctx, gone, back)
		switch {
		case err != nil:
			return fact.Life{}, err
		case !seen[gone]:
			return fact.Life{Deleted: n - 1, Restored: n - 1}, nil
		case !seen[back]:
			return fact.Life{Deleted: n, Restored: n - 1}, nil
		}
	}
}

// turnFacts makes the facts of a deletion or a restoration of which Teams tells. When Teams repeats the
// activity, its time shows that it is the same one.
// Errors: the desk's.
func (ls *lives) turnFacts(ctx context.Context, p fact.Payload, a *connector.Activity, at bridge.Place) ([]channels.Fact, error) {
	gone := a.Type == connector.TypeMessageDelete
	id := p.EditID(at, a)
	if gone {
		id = fact.DeleteID(at.Channel, at.Message, 1) + ":" + fact.Version(a)
	}
	seen, err := ls.sweeper.Seen(ctx, id)
	if err != nil || seen[id] {
		return nil, err
	}
	l, err := ls.lifeOf(ctx, at.Channel, at.Message)
	told := p.Known(id, fact.KeyOf(at))
	switch {
	case err != nil:
		return nil, err
	case !gone && l.Deleted == 0: // we were never told of the deletion
		return p.EditFacts(a, at), nil
	}
	facts := append(p.Next(a, at, l, gone), told)
	if !gone {
		facts = append(facts, p.Known(p.KnownIDs(at, a)[0], told.OrderKey))
	}
	return facts, nil
}

// turning tells whether a message was deleted or restored so shortly ago that Graph may not know it
// yet.
// Errors: the desk's.
func (ls *lives) turning(ctx context.Context, at bridge.Place) (bool, error) {
	ids := fact.TurnIDs(at, ls.Now())
	seen, err := ls.sweeper.Seen(ctx, ids...)
	return slices.ContainsFunc(ids, func(id string) bool { return seen[id] }), err
}

// turn gives the facts of a stored message's deletion or restoration, where Graph shows it in another
// state than the stored one. unclear means that it is too early to say: either Graph or the webhook may
// only be late.
// Errors: the desk's, and those of people.
func (ls *lives) turn(ctx context.Context, at bridge.Place, m *graph.Message, own bool) (facts []channels.Fact, unclear bool, err error) {
	l, err := ls.lifeOf(ctx, at.Channel, at.Message)
	if err != nil {
		return nil, false, err
	}
	gone, event := !m.DeletedAt.IsZero(), fact.EventRestored
	if gone {
		event = fact.EventDeleted
	}
	if gone == l.Gone() {
		return nil, false, nil
	}
	if l.Deleted > 0 {
		if unclear, err = ls.turning(ctx, at); err != nil || unclear {
			return nil, unclear, err
		}
	}
	p, a, err := ls.Caught(ctx, event, at.Channel, m, own)
	if err != nil {
		return nil, false, err
	}
	facts = p.Next(&a, at, l, gone)
	if !gone && !m.EditedAt.IsZero() { // told with it
		edit := ls.Synthetic(fact.EventEdited, at.Channel, m)
		facts = append(facts, p.Known(p.KnownIDs(at, &edit)[0], fact.KeyOf(at)))
	}
	return facts, false, nil
}
