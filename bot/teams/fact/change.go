package fact

import (
	"fmt"
	"time"

	"parley/bot/teams/connector"
	"parley/bridge"
	"parley/channels"
)

// EventType says which change of a message an activity tells of: one of the events below, or "".
func EventType(a *connector.Activity) string {
	if a.ChannelData == nil {
		return ""
	}
	return a.ChannelData.EventType
}

// EditFacts makes two facts of an edit: the edit, and one named by what it says, by which a catch-up knows the edit.
func (p Payload) EditFacts(a *connector.Activity, at bridge.Place) []channels.Fact {
	key := KeyOf(at)
	return []channels.Fact{p.Fact(p.EditID(at, a), key), p.Known(p.KnownIDs(at, a)[0], key)}
}

// Events of a message, in an activity's channelData.
const (
	EventEdited   = "editMessage"
	EventDeleted  = "softDeleteMessage"
	EventRestored = "undeleteMessage" // it was deleted, and is back
)

// ReactionFacts makes one fact of all reactions that an activity adds or removes.
func (p Payload) ReactionFacts(a *connector.Activity) []channels.Fact {
	at := PlaceOf(a)
	if a.ReplyToID == "" {
		return []channels.Fact{Quarantined(p.Body, "reaction without message")}
	}
	var what []string
	for _, r := range a.ReactionsAdded {
		what = append(what, "+"+r.Type)
	}
	for _, r := range a.ReactionsRemoved {
		what = append(what, "-"+r.Type)
	}
	if len(what) == 0 {
		return nil
	}
	from := ""
	if a.From != nil {
		from = a.From.ID
	}
	id := "r:" + at.Channel + ":" + a.ReplyToID + ":" + Digest(append([]string{from, a.ID, a.Timestamp}, what...)...)
	order := at.Thread
	if order == "" || order == a.ID {
		order = a.ReplyToID
	}
	return []channels.Fact{p.Fact(id, OrderKey(at.Channel, order))}
}

// Life counts how often a message was deleted and restored, as far as that is stored. The ids of these
// facts contain the number, so that a deletion of which both the webhook and Graph tell is one fact, on
// every replica.
type Life struct{ Deleted, Restored int }

// Gone says whether the message is deleted now.
func (l Life) Gone() bool { return l.Deleted > l.Restored }

// Next gives the facts of a deletion (gone) or a restoration of which an activity tells; none if the
// message is stored in that state already.
func (p Payload) Next(a *connector.Activity, at bridge.Place, l Life, gone bool) []channels.Fact {
	if gone == l.Gone() {
		return nil
	}
	id, key := RestoredID(at.Channel, at.Message, l.Restored+1), KeyOf(at)
	if gone {
		id = DeleteID(at.Channel, at.Message, l.Deleted+1)
	}
	return []channels.Fact{p.Fact(id, key), p.Known(turnID(at, a.At()), key)}
}

// turnSpan is how long Graph may show a message as it was before it was deleted or restored, and how
// long the webhook's activity may be under way.
const turnSpan = time.Minute

// turnID is the id of the fact that a message was deleted or restored at about that time.
func turnID(at bridge.Place, then time.Time) string {
	return fmt.Sprintf("c:%s:%s:%d", at.Channel, at.Message, then.Unix()/int64(turnSpan.Seconds()))
}

// TurnIDs are the ids of the facts that a message was deleted or restored about now.
func TurnIDs(at bridge.Place, now time.Time) []string {
	var ids []string
	for span := time.Duration(-1); span <= 1; span++ { // Teams' clock may be ahead of ours
		ids = append(ids, turnID(at, now.Add(span*turnSpan)))
	}
	return ids
}
