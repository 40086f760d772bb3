package talk

import (
	"slices"
	"testing"

	"parley/channels/channelstest"
	"parley/cmd/parley/bench/load"
)

// A message at the provider that was sent twice, early, or to somebody else is noticed.
func TestTrafficNotices(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		sent []channelstest.Sent
		ok   bool
	}{
		{"in order", []channelstest.Sent{sentTo(0, 0, 1), sentTo(1, 1, 1), sentTo(0, 0, 2)}, true},
		{"doubled", []channelstest.Sent{sentTo(0, 0, 1), sentTo(0, 0, 1)}, false},
		{"lost", []channelstest.Sent{sentTo(0, 0, 2)}, false},
		{"to another customer", []channelstest.Sent{sentTo(1, 0, 1)}, false},
		{"a note", []channelstest.Sent{{To: []string{"customer-00000"}, Text: "note: " + load.Chatter}}, false},
	} {
		tr := &traffic{receipts: make(chan receipt, 10)}
		tr.ledger.talks = []*talk{{customer: customerName(0)}, {customer: customerName(1)}}
		for _, s := range c.sent {
			tr.takeReply(s)
		}
		if err := tr.ledger.faultsSoFar(); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func sentTo(to, talk, n int) channelstest.Sent {
	return channelstest.Sent{To: []string{customerName(to)}, Text: markOf(customerName(talk), n) + " hello"}
}

func TestMarked(t *testing.T) {
	t.Parallel()
	if talk, n, ok := parseMark("*Ann*: " + markOf(customerName(17), 5) + " and 3 more"); !ok || talk != 17 || n != 5 {
		t.Errorf("%d %d %v", talk, n, ok)
	}
	for _, text := range []string{"", "customer-", "customer-1", "customer-1/2", "customer-x/2: ", "customer-1/: ", "hello: customer-1"} {
		if talk, n, ok := parseMark(text); ok {
			t.Errorf("%q: %d %d", text, talk, n)
		}
	}
}

// A slow Parley shows several messages in one post.
func TestAllMarked(t *testing.T) {
	t.Parallel()
	one, two := markOf(customerName(17), 5), markOf(customerName(17), 6)
	if talk, n := parseMarks("12:30:01 " + one + " hello\n12:30:02 " + two + " and again"); talk != 17 || !slices.Equal(n, []int{5, 6}) {
		t.Errorf("%d %v", talk, n)
	}
	if _, n := parseMarks("a customer- and customer-1/2"); len(n) > 0 {
		t.Errorf("%v", n)
	}
}
