package talk

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"parley/channels/channelstest"
	"parley/channels/pause"
	"parley/cmd/parley/app"
	"parley/cmd/parley/bench/figure"
	"parley/cmd/parley/bench/load"
	"parley/cmd/parley/bench/rig"
	"parley/cmd/parley/lab"
)

// Targets of the whole path.
const (
	relayTarget   = 0.08
	commitsTarget = 1.2
)

const (
	relayTalks      = 512
	shortRelayTalks = 16 // in tests
	quickRelayFor   = 5 * time.Second
	relaySenders    = 16 // connections by which customers' webhooks come
)

// relayChannels is how many support channels (and teams, and accounts) share the traffic.
const relayChannels = 8

// stage is a world with traffic and a Parley between its two ends.
type stage struct {
	w      *rig.World
	t      *traffic
	c      *rig.Child
	cancel context.CancelFunc
	ended  chan error
}

// startStage makes a world whose customers come by the loopback channel.
func startStage(ctx context.Context, b *rig.Rig, talks int) (*stage, error) {
	t, err := newTraffic()
	if err != nil {
		return nil, err
	}

	s := &stage{t: t}
	s.w, err = rig.StartWorld(ctx, b, rig.WorldOptions{Slack: &rig.SlackOptions{Channels: relayChannels}, Specs: append(app.Specs(), channelstest.Spec()),
		Config: func(w *rig.World) string { return w.SlackConfig(t.accountsYAML(w)) }})
	if err != nil {
		return nil, errors.Join(err, t.close())
	}

	t.w = s.w
	t.addTalks(talks)

	if s.c, err = s.w.StartParley(ctx, rig.ParleyOptions{Args: b.MeasuredArgs()}); err != nil {
		return nil, errors.Join(err, s.close())
	}

	ctx, s.cancel = context.WithCancel(ctx)
	s.ended = make(chan error, 1)
	go func() { s.ended <- t.run(ctx, s.c, relaySenders) }()
	return s, nil
}

// close ends the traffic, then Parley, then the world.
func (s *stage) close() error {
	var errs []error
	if s.cancel != nil {
		s.cancel()
		errs = append(errs, <-s.ended)
	}
	if s.c != nil {
		s.c.Stop() // before its provider
	}
	return errors.Join(append(errs, s.t.close(), s.w.Close())...)
}

// MeasureRelay finds how many messages a second Parley relays, from customers to threads and from agents to customers.
func MeasureRelay(ctx context.Context, b *rig.Rig) (_ map[string]figure.Figure, err error) {
	s, err := startStage(ctx, b, rig.Choose(b, relayTalks, relayTalks, shortRelayTalks))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	body, _ := load.NewEventMaker(s.w.Slack, 0).Message(lab.Ann, rig.SupportChannel(0), load.ThreadOf(0), load.Chatter)
	var details []map[string]float64
	m, err := b.Bracket(ctx, b.Rounds(),
		s.w.MeasureReference(rig.Clients, body),
		func(ctx context.Context) (float64, error) {
			rate, d, err := s.measureRound(ctx, b.Span(time.Minute, quickRelayFor))
			details = append(details, d)
			return rate, err
		})
	if err != nil {
		return nil, err
	}

	details = rig.Kept(m, details)
	var commits []float64
	for _, d := range details {
		commits = append(commits, d["commits_per_message"])
	}

	ratio := figure.AtLeast(relayTarget, "ratio", m.Ratios()...).With(figure.Middle(details)).With(map[string]float64{"reference_per_s": figure.Median(m.References())})
	return map[string]figure.Figure{
		"relay_ratio": ratio.WithNote(m.Note), "commits_per_message": figure.AtMost(commitsTarget, "per message", commits...),
	}, nil
}

// measureRound lets everybody talk for so long. The time counts until everything said has arrived; what Parley does
// later, as drawing cards anew and analysing, is waited for and not counted.
func (s *stage) measureRound(ctx context.Context, d time.Duration) (rate float64, details map[string]float64, err error) {
	if err := s.w.Checkpoint(ctx); err != nil {
		return 0, nil, err
	}
	before, err := s.w.Commits(ctx)
	if err != nil {
		return 0, nil, err
	}
	all, calls := s.t.in.Load()+s.t.out.Load(), s.t.callCount()
	s.t.begin()
	if err := s.t.waitForEach(ctx, 1); err != nil {
		return 0, nil, err
	}
	log, m, err := s.startCounting(ctx)
	if err != nil {
		return 0, nil, err
	}
	in, out := s.t.in.Load(), s.t.out.Load()
	s.t.takeTimes()
	if !pause.For(ctx, d) {
		return 0, nil, ctx.Err()
	}
	stopped := time.Now()
	if err := s.t.waitForArrival(ctx); err != nil {
		return 0, nil, err
	}
	details, took, err := m.Shares()
	if err != nil {
		return 0, nil, err
	}
	arrived := time.Since(stopped)
	if err := s.t.waitUntilIdle(ctx); err != nil {
		return 0, nil, err
	}
	details["arrived_s"], details["settled_s"] = arrived.Seconds(), time.Since(stopped).Seconds()
	in, out = s.t.in.Load()-in, s.t.out.Load()-out
	all = s.t.in.Load() + s.t.out.Load() - all
	rate = float64(in+out) / took.Seconds()
	logged, err := s.w.Written(ctx)
	if err != nil {
		return 0, nil, err
	}
	if err := s.w.WriteStatements(ctx, in+out); err != nil {
		return 0, nil, err
	}
	after, err := s.settledCommits(ctx)
	if err != nil {
		return 0, nil, err
	}
	details["in_per_s"], details["out_per_s"] = float64(in)/took.Seconds(), float64(out)/took.Seconds()
	details["commits_per_message"] = float64(after-before) / float64(all)
	details["log_bytes_per_message"] = float64(logged-log) / float64(in+out)
	details["slack_calls_per_message"] = float64(s.t.callCount()-calls) / float64(all)
	details["parley_us_per_message"] = details["cpu_parley"] / rate * 1e6
	details["postgres_us_per_message"] = details["cpu_postgres"] / rate * 1e6
	details["reference_us_per_insert"] = s.w.Rig.InsertUS
	inMS, outMS := s.t.takeTimes()
	details["in_p50_ms"], details["in_p99_ms"] = figure.Median(inMS), figure.Percentile(inMS, 0.99)
	details["out_p50_ms"], details["out_p99_ms"] = figure.Median(outMS), figure.Percentile(outMS, 0.99)
	details["talks"] = float64(len(s.t.talks))
	return rate, details, s.t.checkTalks(ctx)
}

// startCounting begins to count what the database is asked, and what the processors do. log is how many bytes were
// written to the log before.
func (s *stage) startCounting(ctx context.Context) (log int64, m *rig.Meter, err error) {
	if err := s.w.CountStatements(ctx); err != nil {
		return 0, nil, err
	}
	if log, err = s.w.Written(ctx); err != nil {
		return 0, nil, err
	}
	m, err = rig.StartMeter(s.w, s.c)
	return log, m, err
}

// callCount counts Web API calls so far.
func (t *traffic) callCount() int64 {
	var n int64
	t.calls.Range(func(_, v any) bool {
		n += v.(*atomic.Int64).Load() //nolint:forcetypeassert // nothing else is stored
		return true
	})
	return n
}

// settledCommits returns the count once all connections have reported theirs. Idle connections do so after ten seconds;
// if this is the only round, it ends Parley instead, whose connections then report at once.
func (s *stage) settledCommits(ctx context.Context) (int64, error) {
	if s.w.Rig.Rounds() == 1 {
		s.c.Stop()
		return s.w.Commits(ctx)
	}
	if !pause.For(ctx, rig.StatsWait) {
		return 0, ctx.Err()
	}
	return s.w.Commits(ctx)
}
