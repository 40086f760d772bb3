package twilio

import (
	"sync"

	"parley/channels"
)

// rememberedSids is the capacity of sentMessages.
const rememberedSids = 2000

// sentMessages records the last messages that this process has sent: their ids at Twilio (SIDs), and the deliveries for which they were
// sent. A delivery is one message of an agent to one customer.
//
// Reconcile needs it when the response to a request was lost, and it looks for that message in Twilio's list. With the record, it
// doesn't mistake a message that was sent for another delivery, perhaps with the same text, for the one that it looks for. The record
// is an aid, not the truth: after a restart it is empty, and Reconcile then asks the database.
//
// It is safe for concurrent use.
type sentMessages struct {
	mu         sync.Mutex
	deliveries map[string]int64 // by SID
	order      []string         // the SIDs, oldest first
}

func newSentMessages() *sentMessages { return &sentMessages{deliveries: map[string]int64{}} }

// remember records a sent message. If there are too many, it forgets the oldest.
func (s *sentMessages) remember(sid string, delivery int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, isKnown := s.deliveries[sid]
	if isKnown || sid == "" {
		return
	}
	s.deliveries[sid] = delivery
	s.order = append(s.order, sid)
	if len(s.order) > rememberedSids {
		delete(s.deliveries, s.order[0])
		s.order = s.order[1:]
	}
}

// has reports whether a message is recorded.
func (s *sentMessages) has(sid string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, isKnown := s.deliveries[sid]
	return isKnown
}

// isOfOther reports whether a recorded message is certainly not the attempt o. It belongs to another delivery, or to an earlier part of
// the same delivery: a text and its file may be sent as two parts.
func (s *sentMessages) isOfOther(sid string, o channels.Outbound) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	delivery, isKnown := s.deliveries[sid]
	return isKnown && (delivery != o.DeliveryID || o.Attempt.Part > 0)
}
