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

// Targets of one hop, as shares of what River's default settings need.
const (
	hopTarget    = 0.15
	hopP95Target = 0.2
)

const (
	hopTalks      = 60
	shortHopTalks = 6 // in tests
	hopFor        = 20 * time.Second
)

// MeasureHop takes the time from the 2xx of a customer's message to the call that posts it, while little
// is going on, against River's default pick-up.
func MeasureHop(ctx context.Context, b *rig.Rig) (_ map[string]figure.Figure, err error) {
	s, err := startStage(ctx, b, rig.Choose(b, hopTalks, hopTalks, shortHopTalks))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	queue, err := startRiver(ctx, s.w)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, queue.close(ctx)) }()
	s.t.agentsSilent = true
	s.t.begin() // afterwards every customer has a thread

	if err := s.t.finish(ctx); err != nil {
		return nil, err
	}

	var own, river [][]float64 // all hops of an attempt, ms
	n := b.Span(hopFor, quickFor)
	m, err := b.Bracket(ctx, b.Rounds(),
		func(ctx context.Context) (float64, error) {
			hops, err := queue.measureHops(ctx, int(n/rig.HopEvery))
			river = append(river, hops)
			return figure.Median(hops), err
		},
		func(ctx context.Context) (float64, error) {
			hops, err := s.measureHops(ctx, int(n/rig.HopEvery))
			own = append(own, hops)
			return figure.Median(hops), err
		})
	if err != nil {
		return nil, err
	}

	hop, p95 := hopFigures(m, own, river)
	return map[string]figure.Figure{"hop": hop, "hop_p95": p95}, nil
}

// hopFigures makes the figures of all hops in ms: own has Parley's of each attempt, river those of River before and after it.
func hopFigures(m rig.Measured, own, river [][]float64) (hop, p95 figure.Figure) {
	var shares []float64
	var details []map[string]float64
	own, river = rig.Kept(m, own), rig.KeptReferences(m, river)
	for i, hops := range own {
		r := (figure.Percentile(river[2*i], 0.95) + figure.Percentile(river[2*i+1], 0.95)) / 2
		shares = append(shares, figure.Percentile(hops, 0.95)/r)
		details = append(details, map[string]float64{"p50_ms": figure.Median(hops), "p95_ms": figure.Percentile(hops, 0.95), "max_ms": figure.Percentile(hops, 1),
			"river_p50_ms": figure.Median(river[2*i]), "river_p95_ms": r, "messages": float64(len(hops))})
	}
	hop = figure.AtMost(hopTarget, "ratio", m.Ratios()...).With(figure.Middle(details)).WithNote(m.Note)
	return hop, figure.AtMost(hopP95Target, "ratio", shares...)
}

// measureHops lets customers write at a steady pace and gives, for each message, the time from
// the webhook's answer to the call that posts it, in ms: never below zero.
func (s *stage) measureHops(ctx context.Context, n int) ([]float64, error) {
	var mu sync.Mutex
	answered := map[string]time.Time{}
	s.t.answered = func(mark string) {
		mu.Lock()
		defer mu.Unlock()
		answered[mark] = time.Now()
	}
	defer func() { s.t.answered = nil }()
	from := time.Now()
	s.t.stop.Store(false)
	tick := time.NewTicker(rig.HopEvery)
	defer tick.Stop()

	for i := range n {
		k := s.t.talks[i%len(s.t.talks)]
		if i >= len(s.t.talks) { // on a slow machine: another connection must not be faster with what they say next
			before := s.t.lastMark(k)
			err := s.t.wait(ctx, "the answer to a customer's last message", func() bool {
				mu.Lock()
				defer mu.Unlock()
				_, ok := answered[before]
				return ok
			})
			if err != nil {
				return nil, err
			}
		}

		s.t.speaking.Add(1)
		s.t.writeAsCustomer(k)

		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}

	if err := s.t.finish(ctx); err != nil {
		return nil, err
	}

	err := s.t.wait(ctx, "the answers to the webhooks", func() bool { // a message may stand in its thread before its sender read the answer
		mu.Lock()
		defer mu.Unlock()
		return len(answered) == n
	})
	if err != nil {
		return nil, err
	}

	mu.Lock()
	defer mu.Unlock()
	return pairHops(answered, s.w.Slack.Calls("chat.postMessage"), from)
}

// pairHops finds for each answer the call that posted its message.
func pairHops(answered map[string]time.Time, calls []slackfake.Call, from time.Time) ([]float64, error) {
	var hops []float64
	for _, c := range calls {
		if c.At.Before(from) || c.Args["username"] == "" { // Parley's own words may quote a customer
			continue
		}

		talk, numbers := postedMarks(c.Args["text"], c.Args["blocks"])
		for _, n := range numbers {
			key := markOf(customerName(talk), n)
			at, known := answered[key]
			if !known {
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
