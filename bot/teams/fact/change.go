package fact

import (
	"fmt"
	"time"

	"parley/bot/teams/connector"
	"parley/bridge"
	"parley/channels"
)

// EventType returns which change of a message an activity tells of: one of the events below, or "".
func EventType(a *connector.Activity) string {
	if a.ChannelData == nil {
		return ""
	}
	return a.ChannelData.EventType
}

// EditFacts makes two facts of an edit: the edit itself, and one whose id contains what the edit says, by which a catch-up
// recognises the edit.
func (p Payload) EditFacts(a *connector.Activity, at bridge.Place) []channels.Fact {
	key := KeyOf(at)
	return []channels.Fact{p.Fact(p.EditID(at, a), key), p.Known(p.KnownIDs(at, a)[0], key)}
}

// Events of a message, in an activity's channelData.
const (
	EventEdited   = "editMessage"
	EventDeleted  = "softDeleteMessage"
	EventRestored = "undeleteMessage" // a deleted message is back
)

// ReactionFacts makes one fact of all reactions that an activity adds or removes.
func (p Payload) ReactionFacts(a *connector.Activity) []channels.Fact {
	at := PlaceOf(a)

	if a.ReplyToID == "" {
		return []channels.Fact{Quarantined(p.Body, "reaction without message")}
	}
	if len(a.ReactionsAdded)+len(a.ReactionsRemoved) == 0 {
		return nil
	}

	root := at.Thread
	if root == "" || root == a.ID {
		root = a.ReplyToID
	}

	return []channels.Fact{p.Fact(ReactionID(a), OrderKey(at.Channel, root))}
}

// ReactionID is the id of the fact of the reactions that an activity adds or removes.
func ReactionID(a *connector.Activity) string {
	var what []string
	for _, r := range a.ReactionsAdded {
		what = append(what, "+"+r.Type)
	}

	for _, r := range a.ReactionsRemoved {
		what = append(what, "-"+r.Type)
	}

	from := ""
	if a.From != nil {
		from = a.From.ID
	}

	return "r:" + PlaceOf(a).Channel + ":" + a.ReplyToID + ":" + Digest(append([]string{from, a.ID, a.Timestamp}, what...)...)
}

// Life counts how often a message was deleted and restored, as far as that is stored. The ids of these facts contain the
// number. So a deletion that both the webhook and Graph tell is one fact, on every replica.
type Life struct{ Deleted, Restored int }

// IsGone reports whether the message is deleted now.
func (l Life) IsGone() bool { return l.Deleted > l.Restored }

// LifeFacts returns the facts of the deletion, or else the restoration, that an activity tells. It returns none if the
// message is stored in that state already.
func (p Payload) LifeFacts(a *connector.Activity, at bridge.Place, l Life, deleted bool) []channels.Fact {
	if deleted == l.IsGone() {
		return nil
	}
	key := KeyOf(at)
	id := RestoredID(at.Channel, at.Message, l.Restored+1)
	if deleted {
		id = DeleteID(at.Channel, at.Message, l.Deleted+1)
	}
	return []channels.Fact{p.Fact(id, key), p.Known(changedAboutID(at, a.At()), key)}
}

// changeSpan is how long Graph may show a message as it was before it was deleted or restored, and how
// long the webhook's activity may be under way.
const changeSpan = time.Minute

// changedAboutID returns the id of the fact that a message was deleted or restored at about that time.
func changedAboutID(at bridge.Place, then time.Time) string {
	return fmt.Sprintf("c:%s:%s:%d", at.Channel, at.Message, then.Unix()/int64(changeSpan.Seconds()))
}

// ChangedLatelyIDs returns the ids of the facts that a message was deleted or restored within the last changeSpan.
func ChangedLatelyIDs(at bridge.Place, now time.Time) []string {
	var ids []string
	for span := time.Duration(-1); span <= 1; span++ { // Teams' clock may be ahead of ours
		ids = append(ids, changedAboutID(at, now.Add(span*changeSpan)))
	}
	return ids
}
