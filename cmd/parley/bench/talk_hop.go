package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"parley/bot/slack/slackfake"
)

// A hop is the time that one customer's message takes through a Parley that is not busy: from Parley's answer
// to the provider's webhook to the API call that posts the message in Slack. This file compares it with the
// time that PostgreSQL takes to commit one row of about the size of a message.

// Targets: the median and p95 of a hop, in times of one row, at most.
const (
	hopTarget    = 45
	hopP95Target = 60
)

const (
	hopTalks      = 60 // number of customers
	shortHopTalks = 6  // the same in tests
	hopFor        = 20 * time.Second
	talkQuickFor  = 1500 * time.Millisecond // replaces hopFor with --quick
	rowBytes      = 1000                    // of the row to which a hop is compared
)

// MeasureHop returns two figures: the median (hop) and the 95th percentile (hop_p95) of Parley's hops at thirty
// messages per second, divided by the median time of one durable row.
func MeasureHop(ctx context.Context, b *Rig) (_ map[string]Figure, err error) {
	s, err := startStage(ctx, b, Choose(b, hopTalks, hopTalks, shortHopTalks))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	s.traffic.agentsSilent = true
	s.traffic.begin() // opens a thread for every customer

	if err := s.traffic.finish(ctx); err != nil {
		return nil, err
	}

	row := func(ctx context.Context) (ms float64, _ struct{}, err error) {
		_, ms, err = Inserts(ctx, s.world, 1, make([]byte, rowBytes), b.Span(3*time.Second, time.Second))
		return ms, struct{}{}, err
	}
	m, err := Bracket(ctx, b, b.Rounds(), row, func(ctx context.Context) (median float64, hops []float64, err error) {
		hops, err = s.measureHops(ctx, int(b.Span(hopFor, talkQuickFor)/HopEvery))
		return Median(hops), hops, err
	})
	if err != nil {
		return nil, err
	}

	hop, p95 := hopFigures(m)
	return map[string]Figure{"hop": hop, "hop_p95": p95}, nil
}

// hopFigures makes both figures. The values of m are Parley's hops in ms, the references are the times of one row.
func hopFigures(m Measured[struct{}, []float64]) (hop, p95 Figure) {
	var p95Ratios []float64
	var details []map[string]float64
	for i, hops := range m.Found {
		ownP95 := Percentile(hops, 0.95)
		p95Ratios = append(p95Ratios, ownP95/m.References[i])
		details = append(details, map[string]float64{
			"p50_ms":   Median(hops),
			"p95_ms":   ownP95,
			"max_ms":   Percentile(hops, 1),
			"row_ms":   m.References[i],
			"messages": float64(len(hops)),
		})
	}
	hop = AtMost(hopTarget, "ratio", m.Ratios()...).With(MedianDetails(details)).WithNote(m.Note)
	return hop, AtMost(hopP95Target, "ratio", p95Ratios...)
}

// answers records when webhooks were answered with 2xx, by the mark (the unique first word) of their message.
// It is safe for concurrent use.
type answers struct {
	mu sync.Mutex
	at map[string]time.Time
}

func (a *answers) note(mark string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.at[mark] = time.Now()
}

func (a *answers) has(mark string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, ok := a.at[mark]
	return ok
}

func (a *answers) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.at)
}

// measureHops makes customers write n messages at a steady pace. For each, it returns the time in ms from the
// answer to the webhook to the API call that posts the message, but at least 0.
func (s *stage) measureHops(ctx context.Context, n int) ([]float64, error) {
	answered := &answers{at: map[string]time.Time{}}
	s.traffic.answered = answered.note
	defer func() { s.traffic.answered = nil }()
	began := time.Now()
	if err := s.writeSteadily(ctx, n, answered); err != nil {
		return nil, err
	}
	if err := s.traffic.finish(ctx); err != nil {
		return nil, err
	}

	// A message may be posted in its thread before its sender has read the answer to the webhook.
	allAnswered := func() bool { return answered.count() == n }
	if err := s.traffic.wait(ctx, "the answers to the webhooks", allAnswered); err != nil {
		return nil, err
	}
	return pairHops(answered.at, s.world.Slack.Calls("chat.postMessage"), began)
}

// writeSteadily makes the customers write n messages in turn, one every rig.HopEvery.
func (s *stage) writeSteadily(ctx context.Context, n int, answered *answers) error {
	s.traffic.stop.Store(false)
	tick := time.NewTicker(HopEvery)
	defer tick.Stop()
	ledger := &s.traffic.ledger
	for i := range n {
		talk := ledger.talks[i%len(ledger.talks)]
		hasWritten := i >= len(ledger.talks)
		if hasWritten { // on a slow machine, the customer's next message could otherwise overtake the last one
			last := ledger.lastMark(talk)
			isAnswered := func() bool { return answered.has(last) }
			if err := s.traffic.wait(ctx, "the answer to a customer's last message", isAnswered); err != nil {
				return err
			}
		}

		s.traffic.speaking.Add(1)
		s.traffic.writeAsCustomer(talk)

		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// pairHops finds the call that posted each answered message, and returns the times between answer and call in
// ms. It removes these messages from answered.
//
// Errors: ErrOrder, unless each message was posted exactly once.
func pairHops(answered map[string]time.Time, calls []slackfake.Call, from time.Time) ([]float64, error) {
	var hops []float64
	for _, c := range calls {
		isParleys := c.Args["username"] == "" // Parley's own message, which may quote a customer
		if c.At.Before(from) || isParleys {
			continue
		}

		talk, numbers := postedMarks(c.Args["text"], c.Args["blocks"])
		for _, n := range numbers {
			key := markOf(customerName(talk), n)
			at, ok := answered[key]
			if !ok {
				return nil, fmt.Errorf("%w: %s was posted, but never answered", ErrOrder, key)
			}

			delete(answered, key)
			hops = append(hops, max(0, MS(c.At.Sub(at))))
		}
	}

	if len(answered) > 0 || len(hops) == 0 {
		return nil, fmt.Errorf("%w: %d messages were posted, %d are missing", ErrOrder, len(hops), len(answered))
	}

	return hops, nil
}
