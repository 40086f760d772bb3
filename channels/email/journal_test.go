package email

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/email/message"
)

// signal wakes those who wait for a change.
type signal struct {
	mu sync.Mutex
	ch chan struct{}
}

func newSignal() *signal { return &signal{ch: make(chan struct{})} }

// change runs f under the lock and wakes everybody.
func (s *signal) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.ch)
	s.ch = make(chan struct{})
}

// waitUntil waits until done, which is called under the lock, reports true. what says what is waited for.
func (s *signal) waitUntil(t *testing.T, what string, done func() bool) {
	t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		s.mu.Lock()
		ok, ch := done(), s.ch
		s.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-ch:
		case <-timeout.C:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// journal is what a channel has of the engine: Accept, State and Report. As in the engine a fact is stored once. While a channel
// runs, tests read it by snapshot and change it by change.
type journal struct {
	*signal
	journalRecord
	refusals  []error // what the next calls of accept answer
	failSaves int     // how many calls of Save fail from now on
}

// journalRecord is what a channel has told its journal.
type journalRecord struct {
	facts      []channels.Fact      // stored facts
	calls      [][]channels.Fact    // every call of Accept, with known facts, too
	state      []byte               // the watermark: what Save stored last
	saves      int                  // how often Save was called
	conditions []channels.Condition // reports
}

func newJournal() *journal { return &journal{signal: newSignal()} }

// snapshot returns what the journal holds now.
func (j *journal) snapshot() journalRecord {
	j.mu.Lock()
	defer j.mu.Unlock()
	r := j.journalRecord
	r.facts = slices.Clone(r.facts)
	r.calls = slices.Clone(r.calls)
	r.conditions = slices.Clone(r.conditions)
	return r
}

func (j *journal) accept(_ context.Context, facts ...channels.Fact) (err error) {
	j.change(func() {
		j.calls = append(j.calls, facts)
		if len(j.refusals) > 0 {
			err = j.refusals[0]
			j.refusals = j.refusals[1:]
			return
		}
		for _, f := range facts {
			isSame := func(o channels.Fact) bool { return o.ExternalID == f.ExternalID }
			if !slices.ContainsFunc(j.facts, isSame) {
				j.facts = append(j.facts, f)
			}
		}
	})
	return err
}

// Load and Save make the journal the channel's State.
func (j *journal) Load(context.Context) ([]byte, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.state, nil
}

func (j *journal) Save(_ context.Context, before, data []byte) (err error) {
	j.change(func() {
		if !bytes.Equal(j.state, before) {
			err = channels.ErrStateChanged
			return
		}
		if j.failSaves > 0 {
			j.failSaves--
			err = errors.New("no database")
			return
		}
		j.state = data
		j.saves++
	})
	return err
}

// goBackTo makes the journal forget what it has stored since then, as a database does whose standby takes over and lagged behind.
func (j *journal) goBackTo(then journalRecord) {
	j.change(func() { j.facts, j.state = then.facts, then.state })
}

func (j *journal) report(c channels.Condition) {
	j.change(func() { j.conditions = append(j.conditions, c) })
}

// quarantined stands for the subject of a mail that is in quarantine.
const quarantined = "quarantined"

// subjectOf returns the subject of a fact's mail, or quarantined.
func subjectOf(f channels.Fact) string {
	if f.Quarantine != "" {
		return quarantined
	}
	_, raw := message.SplitPayload(f.Payload)
	for line := range strings.SplitSeq(string(raw), "\r\n") {
		if s, ok := strings.CutPrefix(line, "Subject: "); ok {
			return s
		}
	}
	return "?"
}

func subjectsOf(facts []channels.Fact) []string {
	subjects := []string{}
	for _, f := range facts {
		subjects = append(subjects, subjectOf(f))
	}
	return subjects
}
