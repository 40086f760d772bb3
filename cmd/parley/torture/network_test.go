package torture

import (
	"sync"
	"testing"
)

// The counts can be read while proxies still count.
func TestCounts(t *testing.T) {
	t.Parallel()
	n := &network{counts: map[string]int{}}
	var proxies sync.WaitGroup
	for range 4 {
		proxies.Go(func() {
			for range 100 {
				n.addCount("webhooks answered 200", 1)
			}
		})
	}
	n.addCountsTo(map[string]int{})
	proxies.Wait()
	faults := map[string]int{"webhooks answered 200": 1}
	n.addCountsTo(faults)
	const want = 1 + 4*100 // what faults had, and what the proxies counted
	if got := faults["webhooks answered 200"]; got != want {
		t.Errorf("got %d, want %d", got, want)
	}
}
