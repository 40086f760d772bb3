package records

import (
	"testing"
	"time"

	"parley/store"
)

// TestOvertaken: what took effect before earlier events of its queue is found.
func TestOvertaken(t *testing.T) {
	t.Parallel()
	const second = time.Second
	began := time.Unix(100, 0)
	// ev is an event of one key, accepted at a time in a transaction of its own; of is one of
	// several accepted in one transaction. All are applied after that.
	ev := func(id store.EventID, after time.Duration) effect {
		at := began.Add(after)
		return effect{Key: "k", Event: id, Transaction: after.String(), AcceptedAt: &at, AppliedAt: began.Add(time.Minute)}
	}
	of := func(key string, id store.EventID) effect {
		return effect{Key: key, Event: id, Transaction: "1", AppliedAt: began.Add(time.Minute)}
	}
	old := func(e effect, applied time.Duration) effect {
		e.AppliedAt = began.Add(applied)
		return e
	}
	cases := []struct {
		name  string
		since time.Duration // when this version began
		list  []effect
		want  int
	}{
		{name: "nothing"},
		{name: "in order", list: []effect{of("k", 1), of("k", 1), of("k", 2), of("k", 5)}},
		{name: "keys beside each other", list: []effect{of("11/mail", 9), of("10/C:1", 3), of("11/mail", 10), of("10/C:1", 4)}},
		{name: "overtaken", list: []effect{of("k", 1), of("k", 3), of("k", 2)}, want: 1},
		{name: "several overtaken by one", list: []effect{of("k", 4), of("k", 1), of("k", 2), of("k", 3)}, want: 3},
		{name: "of two keys", list: []effect{of("k", 4), of("l", 3), of("k", 2), of("l", 1)}, want: 2},
		{name: "accepted later", list: []effect{ev(3, 2*second), ev(2, second)}, want: 1},
		{name: "accepted a moment later", list: []effect{ev(3, second+time.Microsecond), ev(2, second)}, want: 1},
		{name: "committed first, though its id is later", list: []effect{ev(3, second), ev(2, 2*second)}},
		{name: "committed last and applied first, though its id is earlier", list: []effect{ev(2, 2*second), ev(3, second)}, want: 1},
		{name: "overtaken by another than the last", list: []effect{ev(9, 4*second), ev(5, 5*second), ev(2, 3*second)}, want: 1},
		{name: "nobody knows when it was accepted", list: []effect{{Key: "k", Event: 3, Transaction: "3"}, {Key: "k", Event: 2, Transaction: "2"}}},
		{name: "accepted by an earlier version, at the same moment", since: 3 * second, list: []effect{ev(3, second+time.Millisecond), ev(2, second)}},
		{name: "accepted by an earlier version, one after the other", since: 3 * second, list: []effect{ev(3, 2*second), ev(2, second)}, want: 1},
		{name: "overtaken while an earlier version applied", since: 3 * second, list: []effect{old(ev(3, 2*second), 2*second), ev(2, second)}},
		{name: "accepted by an earlier version, and overtaken by what this one accepted", since: 3 * second, list: []effect{ev(3, 4*second), ev(2, second)}, want: 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := findOutOfOrder(c.list, began.Add(c.since)); len(got) != c.want {
				t.Errorf("found %q, want %d", got, c.want)
			}
		})
	}
}
