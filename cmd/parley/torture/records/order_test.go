package records

import (
	"testing"
	"time"

	"parley/store"
)

// Events with the same order key must take effect in the order in which they were accepted. An effect is what an
// event caused. These tests check which lists of effects findOutOfOrder objects to.

// began is when the first events of these tests came.
func began() time.Time { return time.Unix(100, 0) }

func versionBegan() time.Time { return began().Add(3 * time.Second) }

// appliedAt is when the effects of these tests happened, unless a test says otherwise: after all events had come.
func appliedAt() time.Time { return began().Add(time.Minute) }

// inOneTransaction makes the effect of an event that was accepted in one transaction with all others.
func inOneTransaction(key string, event store.EventID) effect {
	return effect{Key: key, Event: event, Transaction: "1", AppliedAt: appliedAt()}
}

// acceptedAfter makes the effect of an event that was accepted in a transaction of its own, this long after began.
func acceptedAfter(event store.EventID, after time.Duration) effect {
	at := began().Add(after)
	return effect{Key: "k", Event: event, Transaction: after.String(), AcceptedAt: &at, AppliedAt: appliedAt()}
}

// appliedAfter changes when an effect happened.
func appliedAfter(e effect, after time.Duration) effect {
	e.AppliedAt = began().Add(after)
	return e
}

// orderCase lists effects in the order in which they happened.
type orderCase struct {
	name    string
	effects []effect
	want    int // how many are out of order
}

// runOrderCases checks how many effects findOutOfOrder finds. since is when this version took over.
func runOrderCases(t *testing.T, since time.Time, cases []orderCase) {
	t.Helper()
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := findOutOfOrder(tt.effects, since); len(got) != tt.want {
				t.Errorf("got %q, want %d", got, tt.want)
			}
		})
	}
}

// Events of one transaction and one key must take effect in the order of their ids.
func TestOrderInOneTransaction(t *testing.T) {
	t.Parallel()
	one := inOneTransaction
	runOrderCases(t, began(), []orderCase{
		{name: "nothing"},
		{name: "in order", effects: []effect{one("k", 1), one("k", 1), one("k", 2), one("k", 5)}},
		{
			name:    "two keys beside each other",
			effects: []effect{one("11/mail", 9), one("10/C:1", 3), one("11/mail", 10), one("10/C:1", 4)},
		},
		{name: "one out of order", effects: []effect{one("k", 1), one("k", 3), one("k", 2)}, want: 1},
		{name: "several behind a later one", effects: []effect{one("k", 4), one("k", 1), one("k", 2), one("k", 3)}, want: 3},
		{name: "one of each of two keys", effects: []effect{one("k", 4), one("l", 3), one("k", 2), one("l", 1)}, want: 2},
	})
}

// Events of several transactions must take effect in the order of the commits, whatever their ids are.
func TestOrderOfTransactions(t *testing.T) {
	t.Parallel()
	const second = time.Second
	runOrderCases(t, began(), []orderCase{
		{name: "accepted later and applied first", effects: []effect{acceptedAfter(3, 2*second), acceptedAfter(2, second)}, want: 1},
		{
			name:    "accepted a microsecond later and applied first",
			effects: []effect{acceptedAfter(3, second+time.Microsecond), acceptedAfter(2, second)},
			want:    1,
		},
		{name: "committed first, though its id is later", effects: []effect{acceptedAfter(3, second), acceptedAfter(2, 2*second)}},
		{
			name:    "committed last and applied first, though its id is earlier",
			effects: []effect{acceptedAfter(2, 2*second), acceptedAfter(3, second)},
			want:    1,
		},
		{
			name:    "behind another than the last one",
			effects: []effect{acceptedAfter(9, 4*second), acceptedAfter(5, 5*second), acceptedAfter(2, 3*second)},
			want:    1,
		},
		{
			name: "nobody knows when they were accepted",
			effects: []effect{
				{Key: "k", Event: 3, Transaction: "3"},
				{Key: "k", Event: 2, Transaction: "2"},
			},
		},
	})
}

// An earlier version had no queues. If its replicas accepted two events at the same moment, either may be applied first.
// What the earlier version applied isn't checked.
func TestOrderOfEarlierVersion(t *testing.T) {
	t.Parallel()
	const second = time.Second
	runOrderCases(t, versionBegan(), []orderCase{
		{name: "accepted at the same moment", effects: []effect{acceptedAfter(3, second+time.Millisecond), acceptedAfter(2, second)}},
		{name: "accepted one after the other", effects: []effect{acceptedAfter(3, 2*second), acceptedAfter(2, second)}, want: 1},
		{
			name:    "applied first by the earlier version",
			effects: []effect{appliedAfter(acceptedAfter(3, 2*second), 2*second), acceptedAfter(2, second)},
		},
		{
			name:    "behind one that this version accepted",
			effects: []effect{acceptedAfter(3, 4*second), acceptedAfter(2, second)},
			want:    1,
		},
	})
}
