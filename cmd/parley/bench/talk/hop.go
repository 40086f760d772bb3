package talk

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"parley/bot/slack/slackfake"
	"parley/cmd/parley/bench/figure"
	"parley/cmd/parley/bench/rig"
)

// A hop is the time that one customer's message takes through a Parley that is not busy: from Parley's answer
// to the provider's webhook to the API call that posts the message in Slack. This file compares it with the
// time that River, a popular job queue for Go on PostgreSQL, takes from the insertion of a job to the start of
// its worker.

// Targets: the median and p95 of a hop, as shares of River's, at most.
const (
	hopTarget    = 0.15
	hopP95Target = 0.2
)

const (
	hopTalks      = 60 // number of customers
	shortHopTalks = 6  // the same in tests
	hopFor        = 20 * time.Second
)

// MeasureHop returns two figures: the median (hop) and the 95th percentile (hop_p95) of Parley's hops, divided
// by those of River with its default settings. Both systems get thirty messages per second.
func MeasureHop(ctx context.Context, b *rig.Rig) (_ map[string]figure.Figure, err error) {
	s, err := startStage(ctx, b, rig.Choose(b, hopTalks, hopTalks, shortHopTalks))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	queue, err := startRiver(ctx, s.world)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, queue.close(ctx)) }()
	s.traffic.agentsSilent = true
	s.traffic.begin() // opens a thread for every customer

	if err := s.traffic.finish(ctx); err != nil {
		return nil, err
	}

	measure := func(measureHops func(ctx context.Context, messages int) ([]float64, error)) rig.Measurement[[]float64] {
		return func(ctx context.Context) (median float64, hops []float64, err error) {
			hops, err = measureHops(ctx, int(b.Span(hopFor, quickFor)/rig.HopEvery))
			return figure.Median(hops), hops, err
		}
	}
	m, err := rig.Bracket(ctx, b, b.Rounds(), measure(queue.measureHops), measure(s.measureHops))
	if err != nil {
		return nil, err
	}

	hop, p95 := hopFigures(m)
	return map[string]figure.Figure{"hop": hop, "hop_p95": p95}, nil
}

// hopFigures makes both figures. The values of m are Parley's hops in ms, the references are River's.
func hopFigures(m rig.Measured[[]float64, []float64]) (hop, p95 figure.Figure) {
	var p95Ratios []float64
	var details []map[string]float64
	for i, hops := range m.Found {
		before, after := m.ReferenceFound[2*i], m.ReferenceFound[2*i+1]
		ownP95 := figure.Percentile(hops, 0.95)
		riverP95 := (figure.Percentile(before, 0.95) + figure.Percentile(after, 0.95)) / 2
		p95Ratios = append(p95Ratios, ownP95/riverP95)
		details = append(details, map[string]float64{
			"p50_ms":       figure.Median(hops),
			"p95_ms":       ownP95,
			"max_ms":       figure.Percentile(hops, 1),
			"river_p50_ms": figure.Median(before),
			"river_p95_ms": riverP95,
			"messages":     float64(len(hops)),
		})
	}
	hop = figure.AtMost(hopTarget, "ratio", m.Ratios()...).With(figure.MedianDetails(details)).WithNote(m.Note)
	return hop, figure.AtMost(hopP95Target, "ratio", p95Ratios...)
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
	tick := time.NewTicker(rig.HopEvery)
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
			hops = append(hops, max(0, figure.MS(c.At.Sub(at))))
		}
	}

	if len(answered) > 0 || len(hops) == 0 {
		return nil, fmt.Errorf("%w: %d messages were posted, %d are missing", ErrOrder, len(hops), len(answered))
	}

	return hops, nil
}
