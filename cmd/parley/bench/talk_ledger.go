package bench

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parley/bot/slack/slackfake"
	"parley/channels/channelstest"
)

// ErrOrder means that a message was lost, duplicated or delivered out of order.
var ErrOrder = errors.New("bench: messages are lost, doubled or out of order")

// ledger records which messages were written in each talk, and which of them have arrived. A talk is the
// conversation of one customer with one agent; its messages are numbered in each direction. If a message
// arrives that is not the next one of its talk, ledger records a fault (ErrOrder).
//
// The zero value is ready to use. Add all talks before counting anything; after that, ledger is safe for
// concurrent use.
type ledger struct {
	talks []*talk
	in    atomic.Int64 // customers' messages that were posted in threads
	out   atomic.Int64 // agents' messages that reached the customers' provider

	mu     sync.Mutex // guards the fields below, and the talks
	faults []error
	times  times // since the last takeTimes
}

// times has latencies in ms.
type times struct {
	in  []float64 // from a customer's message to the post in the thread
	out []float64 // from an agent's message to the request to the provider
}

// talk is the conversation of one customer with one agent. They write in turn.
type talk struct {
	customer, account, agent string

	said    int       // number of messages that the customer wrote
	posted  int       // number of these that were posted in the thread
	typed   int       // number of answers that the agent wrote
	arrived int       // number of these that reached the provider
	at      time.Time // when the last message was written, by either
}

// countSaid counts a message that the customer is about to write, and returns its number.
func (l *ledger) countSaid(t *talk) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	t.said++
	t.at = time.Now()
	return t.said
}

// countTyped counts an answer that the agent is about to write, and returns its number.
func (l *ledger) countTyped(t *talk) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	t.typed++
	t.at = time.Now()
	return t.typed
}

// notePosted records that customers' messages with these numbers were posted in the thread of a talk.
func (l *ledger) notePosted(t *talk, c slackfake.Change, numbers []int) {
	l.in.Add(int64(len(numbers)))
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range numbers {
		t.posted++
		if n != t.posted {
			l.faults = append(l.faults, fmt.Errorf("%w: the thread of %s got message %d as number %d", ErrOrder, t.customer, n, t.posted))
		}
		l.times.in = append(l.times.in, MS(time.Since(t.at)))
	}
}

// noteArrived records that an agent's message with number n reached the provider.
func (l *ledger) noteArrived(t *talk, s channelstest.Sent, n int) {
	l.out.Add(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	t.arrived++
	l.times.out = append(l.times.out, MS(time.Since(t.at)))
	isForCustomer := len(s.To) == 1 && s.To[0] == t.customer
	if n != t.arrived || !isForCustomer {
		l.faults = append(l.faults, fmt.Errorf("%w: %s got message %d as number %d", ErrOrder, t.customer, n, t.arrived))
	}
}

// addFault records a fault. After many faults it ignores further ones.
func (l *ledger) addFault(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	const maxFaults = 20
	if len(l.faults) < maxFaults {
		l.faults = append(l.faults, err)
	}
}

// faultsSoFar returns the recorded faults, joined, or nil.
func (l *ledger) faultsSoFar() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return errors.Join(l.faults...)
}

// takeTimes returns the latencies since the last call.
func (l *ledger) takeTimes() times {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken := l.times
	l.times = times{}
	return taken
}

// countRelayed returns how many messages have arrived, in both directions.
func (l *ledger) countRelayed() int64 { return l.in.Load() + l.out.Load() }

// lastMark returns the mark (the unique first word) of the customer's last message.
func (l *ledger) lastMark(t *talk) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return markOf(t.customer, t.said)
}

// haveAllBegun reports whether each talk has had at least one message in each direction.
func (l *ledger) haveAllBegun() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !slices.ContainsFunc(l.talks, func(t *talk) bool { return t.posted == 0 || t.arrived == 0 })
}

// check returns the number of answers that agents wrote, and all faults, including messages that have not
// arrived.
func (l *ledger) check() (typed int, faults []error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	faults = slices.Clone(l.faults)
	for _, t := range l.talks {
		typed += t.typed
		if t.said != t.posted || t.typed != t.arrived {
			faults = append(faults, fmt.Errorf("%w: %s said %d, %d stand in the thread; the agent said %d, %d arrived",
				ErrOrder, t.customer, t.said, t.posted, t.typed, t.arrived))
		}
	}
	return typed, faults
}
