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

// lives finds deletions and restorations of messages that aren't stored yet (fact.DeletionCount). Both the webhook and Graph may
// tell us of the same change, and in any order.
type lives struct {
	*organisation.Organisation

	sweeper *sweep.Sweeper
}

// countDeletions reads how often a message was deleted and restored, as far as that is stored.
// Errors: the desk's.
func (ls *lives) countDeletions(ctx context.Context, channel, id string) (fact.DeletionCount, error) {
	for n := 1; ; n++ { // the n-th deletion and the n-th restoration
		gone, back := fact.DeleteID(channel, id, n), fact.RestoredID(channel, id, n)
		seen, err := ls.sweeper.Seen(ctx, gone, back)
		if err != nil {
			return fact.DeletionCount{}, err
		}
		if !seen[gone] {
			return fact.DeletionCount{Deleted: n - 1, Restored: n - 1}, nil
		}
		if !seen[back] {
			return fact.DeletionCount{Deleted: n, Restored: n - 1}, nil
		}
	}
}

// factsOfActivity makes the facts of a deletion or a restoration that an activity tells. If Teams repeats the activity,
// its time shows that it is the same one, and there are no facts.
// Errors: the desk's.
func (ls *lives) factsOfActivity(ctx context.Context, p fact.Payload, a *connector.Activity, at bridge.Place) ([]channels.Fact, error) {
	deleted := a.Type == connector.TypeMessageDelete
	id := p.EditID(at, a)
	if deleted {
		id = fact.DeleteID(at.Channel, at.Message, 1) + ":" + fact.Version(a)
	}

	seen, err := ls.sweeper.Seen(ctx, id)
	if err != nil || seen[id] {
		return nil, err
	}

	l, err := ls.countDeletions(ctx, at.Channel, at.Message)
	if err != nil {
		return nil, err
	}
	if !deleted && l.Deleted == 0 { // nobody told us of the deletion: the message may still have changed
		return p.EditFacts(a, at), nil
	}

	knownFact := p.Known(id, fact.KeyOf(at))
	facts := append(p.DeletionFacts(a, at, l, deleted), knownFact)
	if !deleted {
		facts = append(facts, p.StoredVersion(at, a))
	}

	return facts, nil
}

// changedLately reports whether a message was deleted or restored so recently that Graph may not show it yet.
// Errors: the desk's.
func (ls *lives) changedLately(ctx context.Context, at bridge.Place) (bool, error) {
	ids := fact.ChangedLatelyIDs(at, ls.Now())
	seen, err := ls.sweeper.Seen(ctx, ids...)
	return slices.ContainsFunc(ids, func(id string) bool { return seen[id] }), err
}

// factsOfGraph returns the facts of a stored message's deletion or restoration if Graph shows the message in another
// state than the stored one. unclear means that it is too early to decide, because either Graph or the webhook may only
// be late: then there are no facts, and the caller must look again later.
// Errors: the desk's, and those of reading who the people are.
func (ls *lives) factsOfGraph(ctx context.Context, at bridge.Place, m *graph.Message, inOurThread bool) (facts []channels.Fact, unclear bool, err error) {
	l, err := ls.countDeletions(ctx, at.Channel, at.Message)
	if err != nil {
		return nil, false, err
	}

	deleted := !m.DeletedAt.IsZero()
	if deleted == l.IsDeleted() {
		return nil, false, nil
	}

	if l.Deleted > 0 {
		unclear, err = ls.changedLately(ctx, at)
		if err != nil || unclear {
			return nil, unclear, err
		}
	}

	event := fact.EventRestored
	if deleted {
		event = fact.EventDeleted
	}

	p, a, err := ls.PayloadOf(ctx, event, at.Channel, m, inOurThread)
	if err != nil {
		return nil, false, err
	}

	facts = p.DeletionFacts(&a, at, l, deleted)
	if !deleted && !m.EditedAt.IsZero() { // the restoration tells the latest text, so the edit counts as stored
		edit := ls.ActivityOf(fact.EventEdited, at.Channel, m)
		facts = append(facts, p.StoredVersion(at, &edit))
	}

	return facts, false, nil
}
