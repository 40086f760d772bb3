package engine_test

import (
	"fmt"
	"math/rand"
	"net/http"
	"testing"
	"time"

	"parley/bridge/bridgetest"
	"parley/channels/channelstest"
)

// storm is a load of several customers, each of whom has a conversation with ann, while faults strike on both sides.
// Message i of customer c is "said c.i;", ann's answer to it "reply c.i;", and her note beside that "note: secret c.i;".
type storm struct {
	*world
	random  *rand.Rand
	threads []string // of each customer
}

const (
	stormCustomers = 6
	stormMessages  = 5 // of each customer
)

// Everything goes wrong at once, on two replicas of which one goes and another comes:
// each thing said still has one effect, in order, in its own conversation.
func TestStorm(t *testing.T) {
	t.Parallel()
	s := &storm{
		world:   newWorld(t, options{engines: 2, lossy: true}),
		random:  rand.New(rand.NewSource(7)), // the same storm each time
		threads: make([]string, stormCustomers),
	}
	s.armProvider()
	s.armChat()
	for i := range stormMessages {
		s.customersWrite(i)
		s.annAnswers(i)
		switch i {
		case 1:
			s.chat.Disconnect()
		case 2:
			s.stops[0]()
			s.startReplica()
		}
	}
	s.provider.Wait(t, "all replies", func(sent []channelstest.Sent) bool { return len(sent) >= stormCustomers*stormMessages })
	s.waitDrained()

	sent := map[string][]string{}
	for _, m := range s.provider.Sent() {
		if len(m.To) != 1 {
			t.Errorf("%q went to %q, want one customer", m.Text, m.To)
			continue
		}
		sent[m.To[0]] = append(sent[m.To[0]], m.Text)
	}
	for c, thread := range s.threads {
		wantList(t, fmt.Sprintf("what the thread of customer %d shows of her", c), s.customerTexts(thread), numberedTexts("said", c))
		wantList(t, fmt.Sprintf("what customer %d got", c), sent[stormCustomer(c)], numberedTexts("reply", c))
	}
	if n := s.count(`SELECT count(*) FROM quarantine`); n != 0 {
		t.Errorf("%d events in quarantine, want none\n%s", n, s.dump())
	}
}

// stormCustomer is the id of a customer.
func stormCustomer(c int) string { return fmt.Sprint("kim", c) }

// numberedTexts returns what was said by, or to, a customer: "reply 3.0;", "reply 3.1;" …
func numberedTexts(what string, c int) []string {
	var list []string
	for i := range stormMessages {
		list = append(list, fmt.Sprintf("%s %d.%d;", what, c, i))
	}
	return list
}

// customersWrite lets each customer write message i, which the provider delivers once or twice.
func (s *storm) customersWrite(i int) {
	s.t.Helper()
	for c := range stormCustomers {
		e := channelstest.Event{
			Type: "message",
			ID:   fmt.Sprintf("%d.%d", c, i),
			From: stormCustomer(c),
			Text: fmt.Sprintf("said %d.%d;", c, i),
		}
		for range 1 + s.random.Intn(2) {
			if status := s.postEvents(chat, e); status != http.StatusOK {
				s.t.Fatalf("%q: the webhook answered %d, want %d", e.Text, status, http.StatusOK)
			}
		}
	}
}

// annAnswers lets ann answer message i of each customer, and write a note beside it.
func (s *storm) annAnswers(i int) {
	s.t.Helper()
	for c := range stormCustomers {
		if s.threads[c] == "" {
			s.threads[c] = s.waitThread(fmt.Sprintf("said %d.0;", c))
		}
		s.reply(s.threads[c], fmt.Sprintf("reply %d.%d;", c, i))
		s.reply(s.threads[c], fmt.Sprintf("note: secret %d.%d;", c, i))
	}
}

const (
	stormFaults = 12                     // on each side
	stormWait   = 100 * time.Millisecond // that a throttled caller is asked to wait
)

// textOfRandomMessage is a part of what is said in the messages of one random number, by which a fault finds its call.
func (s *storm) textOfRandomMessage() string {
	return fmt.Sprintf(".%d;", s.random.Intn(stormMessages))
}

// armProvider lets sendings fail to customers.
func (s *storm) armProvider() {
	kinds := []channelstest.FaultKind{
		channelstest.FaultRefuse,
		channelstest.FaultThrottle,
		channelstest.FaultErrorBefore,
		channelstest.FaultErrorAfter,
		channelstest.FaultDropBefore,
		channelstest.FaultDropAfter,
	}
	for range stormFaults {
		kind := kinds[s.random.Intn(len(kinds))]
		s.provider.AddFault(channelstest.Fault{Kind: kind, Text: s.textOfRandomMessage(), Wait: stormWait})
	}
}

// armChat lets posts of the agents' chat fail, and what changes and looks for them.
func (s *storm) armChat() {
	kinds := []bridgetest.FaultKind{
		bridgetest.FaultRefuse,
		bridgetest.FaultThrottle,
		bridgetest.FaultErrorBefore,
		bridgetest.FaultErrorAfter,
		bridgetest.FaultDropBefore,
		bridgetest.FaultDropAfter,
	}
	for range stormFaults {
		kind := kinds[s.random.Intn(len(kinds))]
		s.chat.AddFault(bridgetest.Fault{Call: "post", Kind: kind, Text: s.textOfRandomMessage(), Wait: stormWait})
	}
	for _, call := range []string{"update", "mark", "thread"} {
		s.chat.AddFault(chatFault(call, bridgetest.FaultErrorAfter, 2))
	}
}
