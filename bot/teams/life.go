package teams

import (
	"context"
	"fmt"
	"slices"
	"time"

	"parley/bot/sweep"
	"parley/bot/teams/connector"
	"parley/bot/teams/graph"
	"parley/bridge"
	"parley/channels"
)

// life counts how often a message was deleted and restored, as far as that is stored. The ids of these
// facts contain the number, so that a deletion of which both the webhook and Graph tell is one fact, on
// every replica.
type life struct{ deleted, restored int }

func (l life) gone() bool { return l.deleted > l.restored }

// lives finds deletions and restorations of messages that aren't stored yet.
type lives struct {
	*organisation

	sweeper *sweep.Sweeper
}

// lifeOf reads how often a message was deleted and restored, as far as that is stored.
// Errors: the desk's.
func (ls *lives) lifeOf(ctx context.Context, channel, id string) (life, error) {
	for n := 1; ; n++ {
		gone, back := deleteID(channel, id, n), restoredID(channel, id, n)
		seen, err := ls.sweeper.Seen(ctx, gone, back)
		switch {
		case err != nil:
			return life{}, err
		case !seen[gone]:
			return life{n - 1, n - 1}, nil
		case !seen[back]:
			return life{n, n - 1}, nil
		}
	}
}

// next gives the facts of a deletion (gone) or a restoration of which an activity tells; none if the
// message is stored in that state already.
func (p payload) next(a *connector.Activity, at bridge.Place, l life, gone bool) []channels.Fact {
	if gone == l.gone() {
		return nil
	}
	id, key := restoredID(at.Channel, at.Message, l.restored+1), orderKey(at.Channel, root(at))
	if gone {
		id = deleteID(at.Channel, at.Message, l.deleted+1)
	}
	return []channels.Fact{p.fact(id, key), p.known(turnID(at, a.At()), key)}
}

// turnFacts makes the facts of a deletion or a restoration of which Teams tells. When Teams repeats the
// activity, its time shows that it is the same one.
// Errors: the desk's.
func (ls *lives) turnFacts(ctx context.Context, p payload, a *connector.Activity, at bridge.Place) ([]channels.Fact, error) {
	gone := a.Type == connector.TypeMessageDelete
	id := p.editID(at, a)
	if gone {
		id = deleteID(at.Channel, at.Message, 1) + ":" + version(a)
	}
	seen, err := ls.sweeper.Seen(ctx, id)
	if err != nil || seen[id] {
		return nil, err
	}
	l, err := ls.lifeOf(ctx, at.Channel, at.Message)
	told := p.known(id, orderKey(at.Channel, root(at)))
	switch {
	case err != nil:
		return nil, err
	case !gone && l.deleted == 0: // we were never told of the deletion
		return p.editFacts(a, at), nil
	}
	facts := append(p.next(a, at, l, gone), told)
	if !gone {
		facts = append(facts, p.known(p.knownIDs(at, a)[0], told.OrderKey))
	}
	return facts, nil
}

// turnSpan is how long Graph may show a message as it was before it was deleted or restored, and how
// long the webhook's activity may be under way.
const turnSpan = time.Minute

// turnID is the id of the fact that a message was deleted or restored at about that time.
func turnID(at bridge.Place, then time.Time) string {
	return fmt.Sprintf("c:%s:%s:%d", at.Channel, at.Message, then.Unix()/int64(turnSpan.Seconds()))
}

// turning tells whether a message was deleted or restored so shortly ago that Graph may not know it
// yet.
// Errors: the desk's.
func (ls *lives) turning(ctx context.Context, at bridge.Place) (bool, error) {
	var ids []string
	for span := time.Duration(-1); span <= 1; span++ { // Teams' clock may be ahead of ours
		ids = append(ids, turnID(at, ls.now().Add(span*turnSpan)))
	}
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
	gone, event := !m.DeletedAt.IsZero(), eventRestored
	if gone {
		event = eventDeleted
	}
	if gone == l.gone() {
		return nil, false, nil
	}
	if l.deleted > 0 {
		if unclear, err = ls.turning(ctx, at); err != nil || unclear {
			return nil, unclear, err
		}
	}
	p, a, err := ls.caught(ctx, event, at.Channel, m, own)
	if err != nil {
		return nil, false, err
	}
	facts = p.next(&a, at, l, gone)
	if !gone && !m.EditedAt.IsZero() { // told with it
		edit := ls.synthetic(eventEdited, at.Channel, m)
		facts = append(facts, p.known(p.knownIDs(at, &edit)[0], orderKey(at.Channel, root(at))))
	}
	return facts, false, nil
}
