package slackfake

import (
	"cmp"
	"slices"
	"time"
)

// Slack resends an event if the app doesn't acknowledge it within three seconds. This file measures how long the app takes,
// so that a test can find the slow events.

// slowFloor is the minimum time to acknowledgement of the events that are recorded as slow.
const slowFloor = 250 * time.Millisecond

// SlowEvent is an event that the app acknowledged late, or hasn't acknowledged yet.
type SlowEvent struct {
	EventID string        `json:"event_id"`
	Name    string        `json:"name"`
	Subtype string        `json:"subtype,omitempty"`
	TS      string        `json:"ts,omitempty"` // the id of the new, changed or deleted message, if there is one
	Took    time.Duration `json:"took"`         // until the first acknowledgement, or until now; nanoseconds in JSON
	Told    bool          `json:"told"`         // whether it was acknowledged

	sentAt time.Time // the first attempt
}

// recordSent records that an event was sent. The caller must hold the lock, which is workspace.Ground.Mu.
func (s *Events) recordSent(id, name string, event map[string]any) {
	ts, _ := event["ts"].(string)
	subtype, _ := event["subtype"].(string)
	if deleted, ok := event["deleted_ts"].(string); ok {
		ts = deleted
	} else if changed, ok := event["message"].(*Message); ok {
		ts = changed.TS
	}
	if s.unacknowledged == nil {
		s.unacknowledged = map[string]SlowEvent{}
	}
	s.unacknowledged[id] = SlowEvent{EventID: id, Name: name, Subtype: subtype, TS: ts, sentAt: s.Now()}
}

// recordAcknowledged records that the app acknowledged an event. Only the first acknowledgement counts. The caller must hold
// the lock.
func (s *Events) recordAcknowledged(id string) {
	e, ok := s.unacknowledged[id]
	if !ok {
		return
	}
	delete(s.unacknowledged, id)
	if e.Took = s.Now().Sub(e.sentAt); e.Took >= slowFloor {
		e.Told = true
		s.slow = append(s.slow, e)
	}
}

// Slow returns the events that were acknowledged after at least the given time, or are still unacknowledged after it, sorted
// by event id. Events that were acknowledged within slowFloor are never included.
func (s *Events) Slow(over time.Duration) []SlowEvent {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	list := slices.Clone(s.slow)
	for _, e := range s.unacknowledged {
		e.Took = s.Now().Sub(e.sentAt)
		list = append(list, e)
	}
	list = slices.DeleteFunc(list, func(e SlowEvent) bool { return e.Took < over })
	slices.SortFunc(list, func(a, b SlowEvent) int { return cmp.Compare(a.EventID, b.EventID) })
	return list
}
