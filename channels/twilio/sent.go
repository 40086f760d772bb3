package twilio

import "sync"

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

// findDelivery returns the delivery of a message; false if this process didn't send it or has forgotten it.
func (s *sentMessages) findDelivery(sid string) (int64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.deliveries[sid]
	return d, ok
}
