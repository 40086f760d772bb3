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

// A message can be deleted and restored again and again. Each time counts as a fact of its own: "the first deletion",
// "the first restoration", "the second deletion" and so on. Two sources tell us of the same change: Teams' request to
// our webhook, and Graph, when we read the channel. This file makes sure that it counts once.

// lives makes the facts of deletions and restorations that aren't stored yet. How often a message was deleted and
// restored so far is a fact.DeletionCount.
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

// factsOfActivity returns the facts of a deletion or restoration that Teams' request tells. If Teams repeats the
// request, which its time shows, there are none. A restoration whose deletion isn't stored counts as an edit, because
// the text may have changed.
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

// factsOfGraph compares whether Graph shows a stored message as deleted with what is stored. If they differ, it
// returns the facts of the deletion or restoration. unclear means that it can't be decided yet: Graph, or Teams'
// request, may only be late. Then there are no facts, and the caller must look again later.
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
