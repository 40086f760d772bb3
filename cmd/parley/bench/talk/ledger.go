package talk

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parley/bot/slack/slackfake"
	"parley/channels/channelstest"
	"parley/cmd/parley/bench/figure"
)

// ErrOrder means that something was lost, doubled or overtaken.
var ErrOrder = errors.New("bench: messages are lost, doubled or out of order")

// ledger has what was written in each talk, and what of it arrived. It notes a fault when a message arrives that isn't the next
// one of its talk. The zero value is empty and ready; talks are added before anything is counted.
type ledger struct {
	talks []*talk
	in    atomic.Int64 // customers' messages that stand in threads
	out   atomic.Int64 // agents' messages that arrived at the provider

	mu     sync.Mutex // guards what follows, and what is counted in talks
	faults []error
	times  times // since takeTimes
}

// times are how long messages took, in ms.
type times struct {
	in  []float64 // from a customer's message to the thread
	out []float64 // from an agent's message to the provider
}

// talk is one customer's conversation.
type talk struct {
	customer, account, agent string
	channel                  string // of the thread; "" means that nothing was posted yet
	thread                   string // its root; "" means that nothing was posted yet

	said    int       // messages that the customer wrote
	posted  int       // of these, shown in the thread
	typed   int       // answers that the agent typed
	arrived int       // of these, taken by the provider
	at      time.Time // when the last message was said or typed
}

// countSaid counts a message that a customer writes now, and returns its number.
func (l *ledger) countSaid(t *talk) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	t.said++
	t.at = time.Now()
	return t.said
}

// countTyped counts an answer that an agent types now, and returns its number.
func (l *ledger) countTyped(t *talk) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	t.typed++
	t.at = time.Now()
	return t.typed
}

// notePosted notes that customers' messages with these numbers stand in the thread of a talk.
func (l *ledger) notePosted(t *talk, c slackfake.Change, numbers []int) {
	l.in.Add(int64(len(numbers)))
	l.mu.Lock()
	defer l.mu.Unlock()
	t.channel, t.thread = c.Channel, c.Thread
	for _, n := range numbers {
		t.posted++
		if n != t.posted {
			l.faults = append(l.faults, fmt.Errorf("%w: the thread of %s got message %d as number %d", ErrOrder, t.customer, n, t.posted))
		}
		l.times.in = append(l.times.in, figure.MS(time.Since(t.at)))
	}
}

// noteArrived notes that the provider has an agent's message with this number.
func (l *ledger) noteArrived(t *talk, s channelstest.Sent, n int) {
	l.out.Add(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	t.arrived++
	l.times.out = append(l.times.out, figure.MS(time.Since(t.at)))
	isForCustomer := len(s.To) == 1 && s.To[0] == t.customer
	if n != t.arrived || !isForCustomer {
		l.faults = append(l.faults, fmt.Errorf("%w: %s got message %d as number %d", ErrOrder, t.customer, n, t.arrived))
	}
}

// addFault notes a fault, unless there are so many that one more says nothing new.
func (l *ledger) addFault(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	const enough = 20
	if len(l.faults) < enough {
		l.faults = append(l.faults, err)
	}
}

// faultsSoFar returns all faults that were noted, joined, or nil.
func (l *ledger) faultsSoFar() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return errors.Join(l.faults...)
}

// takeTimes returns how long messages took since the last call.
func (l *ledger) takeTimes() times {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken := l.times
	l.times = times{}
	return taken
}

// countRelayed returns how many messages of customers and agents have arrived.
func (l *ledger) countRelayed() int64 { return l.in.Load() + l.out.Load() }

// threadOf returns the channel and root of a talk's thread; both are "" if there is none yet.
func (l *ledger) threadOf(t *talk) (channel, thread string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return t.channel, t.thread
}

// lastMark returns the mark of the last message that a customer wrote.
func (l *ledger) lastMark(t *talk) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return markOf(t.customer, t.said)
}

// haveAllBegun reports whether in every talk a customer's message and an agent's have arrived.
func (l *ledger) haveAllBegun() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !slices.ContainsFunc(l.talks, func(t *talk) bool { return t.posted == 0 || t.arrived == 0 })
}

// check returns what was written and did not arrive, with the faults so far, and how many answers the agents typed.
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
