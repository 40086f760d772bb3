package delivery

import (
	"cmp"
	"slices"
	"time"

	"parley/bot/slack/slackfake/workspace"
)

// Slack sends an event again if it isn't acknowledged within three seconds. This file measures how long the app
// takes for that, so that a test can ask for the slow events.

// slowFloor is how long an acknowledgement must have taken for the event to count as slow.
const slowFloor = 250 * time.Millisecond

// SlowEvent is an event that the app acknowledged late, or not yet.
type SlowEvent struct {
	EventID string        `json:"event_id"`
	Name    string        `json:"name"`
	Subtype string        `json:"subtype,omitempty"`
	TS      string        `json:"ts,omitempty"` // of the new, changed or deleted message, if it is about one
	Took    time.Duration `json:"took"`         // to the first acknowledgement, or until now; nanoseconds in JSON
	Told    bool          `json:"told"`         // whether it was acknowledged

	made time.Time // when it was first sent
}

// recordSent remembers an event until the app acknowledges it. The caller holds the lock.
func (s *Events) recordSent(id, name string, event map[string]any) {
	ts, _ := event["ts"].(string)
	subtype, _ := event["subtype"].(string)
	if gone, ok := event["deleted_ts"].(string); ok {
		ts = gone
	} else if changed, ok := event["message"].(*workspace.Message); ok {
		ts = changed.TS
	}
	if s.unacknowledged == nil {
		s.unacknowledged = map[string]SlowEvent{}
	}
	s.unacknowledged[id] = SlowEvent{EventID: id, Name: name, Subtype: subtype, TS: ts, made: s.Now()}
}

// recordAcknowledged records that the app acknowledged an event. Only the first acknowledgement counts. The
// caller holds the lock.
func (s *Events) recordAcknowledged(id string) {
	e, ok := s.unacknowledged[id]
	if !ok {
		return
	}
	delete(s.unacknowledged, id)
	if e.Took = s.Now().Sub(e.made); e.Took >= slowFloor {
		e.Told = true
		s.slow = append(s.slow, e)
	}
}

// Slow lists the events that took at least so long to be acknowledged, or have
// waited so long; those under 250 ms are not remembered.
func (s *Events) Slow(over time.Duration) []SlowEvent {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	list := slices.Clone(s.slow)
	for _, e := range s.unacknowledged {
		e.Took = s.Now().Sub(e.made)
		list = append(list, e)
	}
	list = slices.DeleteFunc(list, func(e SlowEvent) bool { return e.Took < over })
	slices.SortFunc(list, func(a, b SlowEvent) int { return cmp.Compare(a.EventID, b.EventID) })
	return list
}
