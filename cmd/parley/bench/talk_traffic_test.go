package bench

import (
	"testing"

	"parley/channels/channelstest"
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
		{"a note", []channelstest.Sent{{To: []string{"customer-00000"}, Text: "note: " + Chatter}}, false},
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
