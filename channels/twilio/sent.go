package twilio

import "sync"

// rememberedSids is how many sent messages are remembered.
const rememberedSids = 2000

// sentMessages remembers what this process has sent, by Twilio's ids. It is safe for concurrent use.
type sentMessages struct {
	mu         sync.Mutex
	deliveries map[string]int64 // by message id
	ring       []string         // the same ids in order, so that the oldest can be forgotten
}

func newSentMessages() *sentMessages { return &sentMessages{deliveries: map[string]int64{}} }

// remember keeps the id of a sent message, so that Reconcile doesn't take it for another delivery's.
func (s *sentMessages) remember(sid string, delivery int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.deliveries[sid]; known || sid == "" {
		return
	}
	s.deliveries[sid] = delivery
	if s.ring = append(s.ring, sid); len(s.ring) > rememberedSids {
		delete(s.deliveries, s.ring[0])
		s.ring = s.ring[1:]
	}
}

// delivery returns the delivery of a message; false if this process didn't send it or has forgotten it.
func (s *sentMessages) delivery(sid string) (int64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.deliveries[sid]
	return d, ok
}
