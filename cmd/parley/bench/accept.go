package bench

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// acceptClients is how many connections send at once, and clients of the reference insert.
const acceptClients = 32

// Targets of the accepting side. On a RAM file system the reference is faster, but Parley
// is not.
const (
	acceptTarget     = 0.50
	acceptTargetRAM  = 0.30
	acceptBusyTarget = 0.15
	acceptIdleTarget = 4
)

// drainWithin is what Parley may take to finish what one round left.
const drainWithin = 2 * time.Minute

// measureAccept: how fast signed Slack events become durable.
func measureAccept(b *bench, ctx context.Context) (_ map[string]Figure, err error) {
	w, err := startWorld(ctx, b, worldOptions{slack: &slackOptions{channels: 8}, config: func(w *world) string { return w.slackConfig("") }})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	c, err := w.parley(ctx, parleyOptions{args: b.measured()})
	if err != nil {
		return nil, err
	}
	f := &flood{w: w, c: c, conns: 1, says: everywhere}
	payload, err := samplePayload(ctx, f)
	if err != nil {
		return nil, err
	}
	idle, err := acceptIdle(ctx, f, payload)
	if err != nil {
		return nil, err
	}
	f.conns = acceptClients
	held, err := acceptHeld(ctx, f, payload)
	if err != nil {
		return nil, err
	}
	return map[string]Figure{"accept_idle": idle, "accept_ratio": held}, nil
}

// everywhere spreads events over 10,000 threads that are nobody's conversation, a tenth
// at the top level, of eight channels.
func everywhere(n int) (channel, thread, text string) {
	if n%10 != 0 {
		thread = threadOf(n)
	}
	return supportChannel(n % 8), thread, chatter
}

// samplePayload sends one event and gives what the journal keeps of it: the reference
// inserts the same.
func samplePayload(ctx context.Context, f *flood) (payload []byte, err error) {
	a, err := f.run(ctx, 20*time.Millisecond)
	if err != nil {
		return nil, err
	}
	if len(a.accepted) == 0 {
		return nil, fmt.Errorf("%w: the first event was refused", errAnswer)
	}
	if err := f.w.pool.QueryRow(ctx, `SELECT payload FROM events WHERE external_id = $1`, a.accepted[0]).Scan(&payload); err != nil {
		return nil, fmt.Errorf("bench: journal: %w", err)
	}
	return payload, f.settle(ctx, a)
}

// settle waits until all is applied and checks that nothing accepted is lost.
func (f *flood) settle(ctx context.Context, a answered) error {
	if err := f.w.drain(ctx, drainWithin); err != nil {
		return err
	}
	return f.w.kept(ctx, a.accepted)
}

// acceptIdle compares the time of an answer to one connection, one request at a time, with that of
// one client's inserts.
func acceptIdle(ctx context.Context, f *flood, payload []byte) (Figure, error) {
	b := f.w.b
	var p50, p99 []float64
	m, err := b.bracket(ctx, b.rounds(),
		func(ctx context.Context) (float64, error) {
			_, p50, err := inserts(ctx, f.w, 1, payload, b.span(2*time.Second, time.Second))
			return p50, err
		},
		func(ctx context.Context) (float64, error) {
			a, err := f.run(ctx, b.span(2*time.Second, 500*time.Millisecond))
			if err != nil {
				return 0, err
			}
			p50, p99 = append(p50, median(a.ms)), append(p99, percentile(a.ms, 0.99))
			return median(a.ms), f.settle(ctx, a)
		})
	if err != nil {
		return Figure{}, err
	}
	fig := atMost(acceptIdleTarget, "ratio", m.ratios()...).with(map[string]float64{
		"p50_ms": median(kept(m, p50)), "p99_ms": median(kept(m, p99)), "reference_p50_ms": median(m.references())})
	fig.Note = m.note
	return fig, nil
}

// acceptHeld measures how many events a second are accepted while the appliers are held; they begin
// when the burst is over.
func acceptHeld(ctx context.Context, f *flood, payload []byte) (Figure, error) {
	b := f.w.b
	var details []map[string]float64
	m, err := b.bracket(ctx, b.rounds(),
		func(ctx context.Context) (float64, error) {
			rate, _, err := inserts(ctx, f.w, acceptClients, payload, b.span(3*time.Second, time.Second))
			return rate, err
		},
		func(ctx context.Context) (float64, error) {
			f.c.hold(true)
			defer f.c.hold(false)
			rate, d, err := f.burst(ctx, b.span(6*time.Second, 1500*time.Millisecond), func(a answered) error {
				defer f.c.hold(false)
				return f.stillHeld(ctx, a)
			})
			details = append(details, d)
			return rate, err
		})
	if err != nil {
		return Figure{}, err
	}
	target := acceptTarget
	if b.onRAM {
		target = acceptTargetRAM
	}
	fig := atLeast(target, "ratio", m.ratios()...).with(middle(kept(m, details)))
	fig = fig.with(map[string]float64{"reference_per_s": median(m.references())})
	fig.Note = m.note
	return fig, nil
}

// stillHeld checks that nothing of a burst was applied.
func (f *flood) stillHeld(ctx context.Context, a answered) error {
	l, err := f.w.load(ctx)
	if err == nil && l.Pending < len(a.accepted) {
		err = fmt.Errorf("bench: %d of %d events were applied while the appliers were held", len(a.accepted)-l.Pending, len(a.accepted))
	}
	return err
}

// measureBusy: how fast events are accepted while customers and agents talk, so that appliers and lanes work.
// A third of the events are notes in threads of conversations.
func measureBusy(b *bench, ctx context.Context) (_ map[string]Figure, err error) {
	s, err := startStage(ctx, b, 64)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	f := &flood{w: s.w, c: s.c, conns: 1, says: everywhere}
	payload, err := samplePayload(ctx, f)
	if err != nil {
		return nil, err
	}
	f.conns, f.says = acceptClients, s.t.noted
	var details []map[string]float64
	m, err := b.bracket(ctx, b.rounds(),
		func(ctx context.Context) (float64, error) {
			rate, _, err := inserts(ctx, s.w, acceptClients, payload, b.span(3*time.Second, time.Second))
			return rate, err
		},
		func(ctx context.Context) (float64, error) {
			s.t.begin()
			if err := s.t.reached(ctx, 1); err != nil {
				return 0, err
			}
			before := s.t.in.Load() + s.t.out.Load()
			relayed := 0.0
			rate, d, err := f.burst(ctx, b.span(10*time.Second, 1500*time.Millisecond), func(a answered) error {
				relayed = float64(s.t.in.Load()+s.t.out.Load()-before) / a.took.Seconds()
				return s.t.finish(ctx)
			})
			if err != nil {
				return 0, err
			}
			d["relayed_per_s"] = relayed
			details = append(details, d)
			return rate, s.t.check(ctx)
		})
	if err != nil {
		return nil, err
	}
	fig := atLeast(acceptBusyTarget, "ratio", m.ratios()...).with(middle(kept(m, details))).with(map[string]float64{"reference_per_s": median(m.references())})
	fig.Note = m.note
	return map[string]Figure{"accept_ratio_busy": fig}, nil
}

// burst sends for so long, calls checked, and then waits until everything is applied.
func (f *flood) burst(ctx context.Context, d time.Duration, checked func(answered) error) (rate float64, details map[string]float64, err error) {
	if err := f.w.checkpoint(ctx); err != nil {
		return 0, nil, err
	}
	if err := f.w.countStatements(ctx); err != nil {
		return 0, nil, err
	}
	m, err := startMeter(f.w, f.c)
	if err != nil {
		return 0, nil, err
	}
	a, err := f.run(ctx, d)
	if err != nil {
		return 0, nil, err
	}
	details, _, err = m.shares()
	if err == nil {
		err = f.w.writeStatements(ctx, int64(len(a.accepted)))
	}
	if err == nil {
		err = checked(a)
	}
	if err != nil {
		return 0, nil, err
	}
	details["accepted_per_s"], details["refused"] = a.rate(), float64(a.refused)
	details["p50_ms"], details["p99_ms"] = median(a.ms), percentile(a.ms, 0.99)
	details["postgres_us_per_event"], details["reference_us_per_insert"] = details["cpu_postgres"]/a.rate()*1e6, f.w.b.insertUS
	details["parley_us_per_event"] = details["cpu_parley"] / a.rate() * 1e6
	begin := time.Now()
	err = f.settle(ctx, a)
	details["drain_s"] = time.Since(begin).Seconds()
	return a.rate(), details, err
}
