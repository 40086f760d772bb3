package teams

import (
	"fmt"
	"time"

	"parley/bot/forms"
	"parley/bridge"
	"parley/channels"
)

// This file turns changes of a message in Teams (an edit, a deletion, a restoration or a reaction) into facts. A fact
// is one thing that Teams told Parley. The journal, the table of facts, stores each id only once, so a fact counts once
// however often Teams sends it.
//
// Parley learns of a change in two ways: Teams sends an activity to the webhook at once, and a catch-up reads the
// message from Microsoft Graph later, in case that activity was lost. The two use different times and ids for the
// same change. The functions below therefore make ids from what both of them know.

// Types of changes, in an activity's channelData.
const (
	EventEdited   = "editMessage"
	EventDeleted  = "softDeleteMessage"
	EventRestored = "undeleteMessage" // the author has undone the deletion
)

// EventType returns what an activity says has happened: one of the types above or another of Teams' event types. It
// returns "" if the activity names none, as for a new message.
func EventType(a *Activity) string {
	if a.ChannelData == nil {
		return ""
	}
	return a.ChannelData.EventType
}

// EditFacts returns two facts for an edit of the message at a place: the edit itself, and one that marks its new text
// as stored. When a catch-up later reads the same text from Graph, it finds the second one and doesn't store the edit
// again.
func (p Payload) EditFacts(a *Activity, at bridge.Place) []channels.Fact {
	return []channels.Fact{p.Fact(p.EditID(at, a), KeyOf(at)), p.StoredVersion(at, a)}
}

// ReactionFacts returns one fact for all reactions that an activity adds or removes, or none if it has no reactions.
func (p Payload) ReactionFacts(a *Activity) []channels.Fact {
	if a.ReplyToID == "" {
		return []channels.Fact{forms.QuarantinedFact(p.Body, "reaction without message")}
	}
	if len(a.ReactionsAdded)+len(a.ReactionsRemoved) == 0 {
		return nil
	}

	at := PlaceOf(a)
	root := at.Thread
	if root == "" || root == a.ID { // it names no thread, so the message is a root
		root = a.ReplyToID
	}
	return []channels.Fact{p.Fact(ReactionID(a), OrderKey(at.Channel, root))}
}

// ReactionID returns the id of the fact that ReactionFacts makes of an activity.
func ReactionID(a *Activity) string {
	author := ""
	if a.From != nil {
		author = a.From.ID
	}

	parts := []string{author, a.ID, a.Timestamp}
	for _, r := range a.ReactionsAdded {
		parts = append(parts, "+"+r.Type)
	}
	for _, r := range a.ReactionsRemoved {
		parts = append(parts, "-"+r.Type)
	}
	return "r:" + PlaceOf(a).Channel + ":" + a.ReplyToID + ":" + forms.Digest(parts...)
}

// DeletionCount says how often a message was deleted and restored, according to the facts that are stored. An author
// can delete a message and restore it again and again, so the id of each such fact contains its number:
//
//	stored so far   next change   its id
//	{0, 0}          deletion      DeleteID(…, 1)
//	{1, 0}          restoration   RestoredID(…, 1)
//	{1, 1}          deletion      DeleteID(…, 2)
//
// The webhook and a catch-up count alike, so that both make the same id for the same change.
type DeletionCount struct{ Deleted, Restored int }

// IsDeleted reports whether the message is deleted according to the stored facts.
func (n DeletionCount) IsDeleted() bool { return n.Deleted > n.Restored }

// DeletionFacts returns the facts of a message's deletion, or of its restoration if deleted is false. It returns none
// if the stored facts have the message in that state already.
func (p Payload) DeletionFacts(a *Activity, at bridge.Place, stored DeletionCount, deleted bool) []channels.Fact {
	if deleted == stored.IsDeleted() {
		return nil
	}

	id := RestoredID(at.Channel, at.Message, stored.Restored+1)
	if deleted {
		id = DeleteID(at.Channel, at.Message, stored.Deleted+1)
	}
	key := KeyOf(at)
	return []channels.Fact{p.Fact(id, key), p.KnownFact(changedAboutID(at, a.At()), key)}
}

// changeSpan is the time for which Graph may still show a message as it was before its deletion or restoration. An
// activity of the webhook may be on its way for as long.
const changeSpan = time.Minute

// ChangedLatelyIDs returns the ids of the facts that say that a message was deleted or restored within the last
// changeSpan. If one of them is stored, a catch-up can't trust yet what Graph says about the message.
func ChangedLatelyIDs(at bridge.Place, now time.Time) []string {
	return []string{
		changedAboutID(at, now.Add(-changeSpan)),
		changedAboutID(at, now),
		changedAboutID(at, now.Add(changeSpan)), // Teams' clock may be ahead of ours
	}
}

// changedAboutID returns the id of the fact that a message was deleted or restored in the minute of a given time.
func changedAboutID(at bridge.Place, then time.Time) string {
	minute := then.Unix() / int64(changeSpan.Seconds())
	return fmt.Sprintf("c:%s:%s:%d", at.Channel, at.Message, minute)
}
