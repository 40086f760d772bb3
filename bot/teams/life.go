package teams

import (
	"context"
	"slices"

	"parley/bot/sweep"
	"parley/bot/teams/connector"
	"parley/bot/teams/fact"
	"parley/bot/teams/organisation"
	"parley/bridge"
	"parley/channels"
)

// A message can be deleted and restored again and again. Each time counts as a fact of its own: "the first deletion",
// "the first restoration", "the second deletion" and so on. Two sources tell us of the same change: Teams' request to
// our webhook, and Graph, when we read the channel. This file makes sure that it counts once.

// deletions makes the facts of deletions and restorations that aren't stored yet. How often a message was deleted and
// restored so far is a fact.DeletionCount.
type deletions struct {
	*organisation.Organisation

	sweeper *sweep.Sweeper
}

// countDeletions reads how often a message was deleted and restored, as far as that is stored.
// Errors: the desk's.
func (ls *deletions) countDeletions(ctx context.Context, channel, id string) (fact.DeletionCount, error) {
	for n := 1; ; n++ { // the n-th deletion and the n-th restoration
		gone, back := fact.DeleteID(channel, id, n), fact.RestoredID(channel, id, n)
		seen, err := ls.sweeper.KnownFacts(ctx, gone, back)
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
func (ls *deletions) factsOfActivity(ctx context.Context, p fact.Payload, a *connector.Activity, at bridge.Place) ([]channels.Fact, error) {
	deleted := a.Type == connector.TypeMessageDelete
	id := p.EditID(at, a)
	if deleted {
		id = fact.DeleteID(at.Channel, at.Message, 1) + ":" + fact.Version(a)
	}

	seen, err := ls.sweeper.KnownFacts(ctx, id)
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

	knownFact := p.KnownFact(id, fact.KeyOf(at))
	facts := append(p.DeletionFacts(a, at, l, deleted), knownFact)
	if !deleted {
		facts = append(facts, p.StoredVersion(at, a))
	}

	return facts, nil
}

// changedLately reports whether a message was deleted or restored so recently that Graph may not show it yet.
// Errors: the desk's.
func (ls *deletions) changedLately(ctx context.Context, at bridge.Place) (bool, error) {
	ids := fact.ChangedLatelyIDs(at, ls.Now())
	seen, err := ls.sweeper.KnownFacts(ctx, ids...)
	return slices.ContainsFunc(ids, func(id string) bool { return seen[id] }), err
}

// compare compares whether Graph shows a stored message as deleted with what is stored. If they differ, the facts of
// the deletion or restoration are missing.
// Errors: the desk's, and those of reading who the people are.
func (ls *deletions) compare(ctx context.Context, m organisation.Shown) (missing, error) {
	count, err := ls.countDeletions(ctx, m.At.Channel, m.At.Message)
	if err != nil {
		return missing{}, err
	}

	isDeleted := !m.DeletedAt.IsZero()
	if isDeleted == count.IsDeleted() {
		return missing{}, nil
	}

	if count.Deleted > 0 {
		isRecent, err := ls.changedLately(ctx, m.At)
		if err != nil || isRecent {
			return missing{unclear: isRecent}, err
		}
	}

	event := fact.EventRestored
	if isDeleted {
		event = fact.EventDeleted
	}
	p, a, err := ls.PayloadOf(ctx, event, m)
	if err != nil {
		return missing{}, err
	}

	facts := p.DeletionFacts(&a, m.At, count, isDeleted)
	isEdited := !m.EditedAt.IsZero()
	if isEdited && !isDeleted { // the restoration tells the latest text, so the edit counts as stored
		edit := ls.ActivityOf(fact.EventEdited, m.At.Channel, m.Message)
		facts = append(facts, p.StoredVersion(m.At, &edit))
	}
	return missing{facts: facts}, nil
}
