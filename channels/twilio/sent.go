package twilio

import (
	"sync"

	"parley/channels"
)

// rememberedSids is how many sent messages are remembered. Reconcile can't tell to which delivery a forgotten one
// belongs.
const rememberedSids = 2000

// sentMessages remembers what this process has sent, by Twilio's ids. It is safe for concurrent use.
type sentMessages struct {
	mu         sync.Mutex
	deliveries map[string]int64 // by message id
	order      []string         // the same ids in order, so that the oldest can be forgotten
}

func newSentMessages() *sentMessages { return &sentMessages{deliveries: map[string]int64{}} }

// remember keeps the id of a sent message, so that Reconcile doesn't take it for another delivery's.
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

// has reports whether this process sent a message, and hasn't forgotten it.
func (s *sentMessages) has(sid string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, isKnown := s.deliveries[sid]
	return isKnown
}

// isOfOther reports whether this process knows that a message isn't the part that o is about to send: the message belongs to another
// delivery, or to an earlier part of this one.
func (s *sentMessages) isOfOther(sid string, o channels.Outbound) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	delivery, isKnown := s.deliveries[sid]
	return isKnown && (delivery != o.DeliveryID || o.Attempt.Part > 0)
}
