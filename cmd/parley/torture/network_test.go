package torture

import (
	"sync"
	"testing"
)

const answered = "webhooks answered 200"

// addCountsTo adds the counts of the network to counts that are there already.
func TestAddCountsTo(t *testing.T) {
	t.Parallel()
	n := &network{counts: map[string]int{}}
	n.addCount(answered, 4)
	counts := map[string]int{answered: 1}
	n.addCountsTo(counts)
	if got := counts[answered]; got != 5 {
		t.Errorf("got %d, want 5", got)
	}
}

// Several proxies may count while the counts are read. The race detector would notice a missing lock.
func TestAddCountBesideReader(t *testing.T) {
	t.Parallel()
	const proxies, answers = 4, 100
	n := &network{counts: map[string]int{}}
	var running sync.WaitGroup
	for range proxies {
		running.Go(func() {
			for range answers {
				n.addCount(answered, 1)
			}
		})
	}
	n.addCountsTo(map[string]int{})
	running.Wait()

	counts := map[string]int{}
	n.addCountsTo(counts)
	if got := counts[answered]; got != proxies*answers {
		t.Errorf("got %d, want %d", got, proxies*answers)
	}
}
