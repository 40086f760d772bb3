package relay_test

import (
	"sync/atomic"
	"testing"

	"parley/bridge/relay"
)

// While appliers are held, facts are stored but nothing is applied; afterwards all is.
func TestHeld(t *testing.T) {
	t.Parallel()
	var held atomic.Bool
	held.Store(true)
	asked := make(chan struct{}, 1)
	s := newStage(t, func(o *relay.Options) {
		o.Held = func() bool {
			select {
			case asked <- struct{}{}:
			default:
			}
			return held.Load()
		}
	}).effects().start()
	for i := range 20 {
		check(t, s.Accept(t.Context(), 7, fact(string(rune('a'+i)), string(rune('a'+i)))))
	}
	for range 10 { // the appliers looked again and again, and stayed
		<-asked
	}
	if got := s.text(queued); got != "20" {
		t.Errorf("%s wait, want all", got)
	}
	held.Store(false)
	s.eventually("20", `SELECT count(*) FROM effects`)
}
