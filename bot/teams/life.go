package teams

import (
	"context"
	"slices"

	"parley/bridge"
	"parley/channels"
)

// A message can be deleted and restored several times. Each change is a fact (one thing that happened) of its own: "the
// first deletion", "the first restoration", "the second deletion" and so on. We learn of the same change from two
// sources: from a request of Teams, and from Graph, Microsoft's API for reading, when we read the channel. This file
// makes sure that the change is stored only once.

// countDeletions reads from the stored facts how often a message was deleted and restored.
// Errors: those of looking up facts.
func (o *Organisation) countDeletions(ctx context.Context, channel, id string) (DeletionCount, error) {
	for n := 1; ; n++ {
		nthDeletion, nthRestoration := DeleteID(channel, id, n), RestoredID(channel, id, n)
		seen, err := o.Sweep.KnownFacts(ctx, nthDeletion, nthRestoration)
		if err != nil {
			return DeletionCount{}, err
		}
		if !seen[nthDeletion] {
			return DeletionCount{Deleted: n - 1, Restored: n - 1}, nil
		}
		if !seen[nthRestoration] {
			return DeletionCount{Deleted: n, Restored: n - 1}, nil
		}
	}
}

// deletionFacts returns the facts of a deletion or restoration that a request of Teams reports; none if the request
// is a repetition, which is recognised by its time. A restoration whose deletion isn't stored counts as an edit,
// because the text may have changed.
// Errors: those of looking up facts.
func (o *Organisation) deletionFacts(ctx context.Context, p Payload, a *Activity, at bridge.Place) ([]channels.Fact, error) {
	isDeletion := a.Type == TypeMessageDelete
	requestID := p.EditID(at, a) // the id of a fact that marks this request as stored
	if isDeletion {
		requestID = DeleteID(at.Channel, at.Message, 1) + ":" + Version(a)
	}

	seen, err := o.Sweep.KnownFacts(ctx, requestID)
	if err != nil || seen[requestID] {
		return nil, err
	}

	stored, err := o.countDeletions(ctx, at.Channel, at.Message)
	if err != nil {
		return nil, err
	}
	if !isDeletion && stored.Deleted == 0 { // the deletion was lost, and the text may have changed
		return p.EditFacts(a, at), nil
	}

	facts := append(p.DeletionFacts(a, at, stored, isDeletion), p.KnownFact(requestID, KeyOf(at)))
	if !isDeletion {
		facts = append(facts, p.StoredVersion(at, a))
	}

	return facts, nil
}

// changedLately reports whether a message was deleted or restored so recently that Graph may not show it yet.
// Errors: those of looking up facts.
func (o *Organisation) changedLately(ctx context.Context, at bridge.Place) (bool, error) {
	ids := ChangedLatelyIDs(at, o.Now())
	seen, err := o.Sweep.KnownFacts(ctx, ids...)
	return slices.ContainsFunc(ids, func(id string) bool { return seen[id] }), err
}

// compareDeletion compares whether a message is deleted according to Graph with the stored facts. If they differ, it returns
// the missing fact of the deletion or restoration.
// Errors: those of looking up facts, and of looking up people.
func (o *Organisation) compareDeletion(ctx context.Context, m Shown) (missing, error) {
	stored, err := o.countDeletions(ctx, m.At.Channel, m.At.Message)
	if err != nil {
		return missing{}, err
	}

	isDeleted := !m.DeletedAt.IsZero()
	if isDeleted == stored.IsDeleted() {
		return missing{}, nil
	}

	if stored.Deleted > 0 {
		isRecent, err := o.changedLately(ctx, m.At)
		if err != nil || isRecent {
			return missing{unclear: isRecent}, err
		}
	}

	event := EventRestored
	if isDeleted {
		event = EventDeleted
	}
	p, a, err := o.PayloadOf(ctx, event, m)
	if err != nil {
		return missing{}, err
	}

	facts := p.DeletionFacts(&a, m.At, stored, isDeleted)
	isEdited := !m.EditedAt.IsZero()
	if isEdited && !isDeleted { // the restoration has the latest text, so the edit counts as stored
		edit := o.ActivityOf(EventEdited, m.At.Channel, m.Message)
		facts = append(facts, p.StoredVersion(m.At, &edit))
	}
	return missing{facts: facts}, nil
}
