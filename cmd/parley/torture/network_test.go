package torture

import (
	"sync"
	"testing"
)

// TestCounts: connections are counted by proxies that still run when the counts are read.
func TestCounts(t *testing.T) {
	t.Parallel()
	n := &network{counts: map[string]int{}}
	var proxies sync.WaitGroup
	for range 4 {
		proxies.Go(func() {
			for range 100 {
				n.count("webhooks answered 200", 1)
			}
		})
	}
	n.addTo(map[string]int{})
	proxies.Wait()
	faults := map[string]int{"webhooks answered 200": 1}
	if n.addTo(faults); faults["webhooks answered 200"] != 401 {
		t.Errorf("counted %v", faults)
	}
}
