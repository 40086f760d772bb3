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

// life counts how often a message was deleted and came back, as far as that is stored.
// Deletions and returns have their numbers in the ids of their facts, so that one of which
// both the webhook and Graph tell is one, on whatever replica.
type life struct{ deleted, restored int }

func (l life) gone() bool { return l.deleted > l.restored }

// lives tells deletions of messages, and returns from them, that aren't stored yet.
type lives struct {
	*organisation

	sweeper *sweep.Sweeper
}

// lifeOf reads what is stored of a message.
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

// next gives the facts of a deletion (gone), or of a return, that an activity tells; none
// where that is how the message is stored.
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

// turnFacts are of a deletion, or of a return, of which Teams tells. Its time tells it from
// others when Teams repeats it.
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
	case !gone && l.deleted == 0: // nobody told us that it was gone
		return p.editFacts(a, at), nil
	}
	facts := append(p.next(a, at, l, gone), told)
	if !gone {
		facts = append(facts, p.known(p.knownIDs(at, a)[0], told.OrderKey))
	}
	return facts, nil
}

// turnSpan is how long Graph may show a message as it was before it was deleted or came
// back, and how long the webhook may be under way.
const turnSpan = time.Minute

// turnID says that a message was deleted, or came back, about then.
func turnID(at bridge.Place, then time.Time) string {
	return fmt.Sprintf("c:%s:%s:%d", at.Channel, at.Message, then.Unix()/int64(turnSpan.Seconds()))
}

// turning tells whether a message was deleted, or came back, so shortly ago that Graph may
// not know it yet.
// Errors: the desk's.
func (ls *lives) turning(ctx context.Context, at bridge.Place) (bool, error) {
	var ids []string
	for span := time.Duration(-1); span <= 1; span++ { // Teams' clock may be ahead of ours
		ids = append(ids, turnID(at, ls.now().Add(span*turnSpan)))
	}
	seen, err := ls.sweeper.Seen(ctx, ids...)
	return slices.ContainsFunc(ids, func(id string) bool { return seen[id] }), err
}

// turn gives the facts of what Graph tells of a message that is stored, where that is
// another state than the stored one. unclear: the two may only be late for each other, and
// it is too early to say.
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
