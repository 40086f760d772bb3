package talk

import (
	"context"
	"errors"
	"time"

	"parley/channels/channelstest"
	"parley/channels/pause"
	"parley/cmd/parley/app"
	"parley/cmd/parley/bench/figure"
	"parley/cmd/parley/bench/load"
	"parley/cmd/parley/bench/rig"
	"parley/cmd/parley/lab"
)

const (
	relayTarget     = 0.08 // messages a second, of the reference's rows
	commitsTarget   = 1.2  // a message, at most
	relayTalks      = 512
	shortRelayTalks = 16 // in tests
	quickRelayFor   = 5 * time.Second
	relaySenders    = 16 // connections by which customers' webhooks come
	relayChannels   = 8  // support channels, each with a team and an account, that share the traffic
)

// stage is a set-up in which customers and agents talk through Parley: a world (a database and a Slack emulator), the
// traffic of customers and agents, and one Parley process that passes their messages on.
type stage struct {
	world   *rig.World
	traffic *traffic
	parley  *rig.Child
	cancel  context.CancelFunc // ends the traffic
	ended   chan error         // gets what the traffic has ended with
}

// startStage makes a world whose customers write through the loopback channel, one in each talk.
func startStage(ctx context.Context, b *rig.Rig, talks int) (*stage, error) {
	t, err := newTraffic()
	if err != nil {
		return nil, err
	}

	s := &stage{traffic: t}
	s.world, err = rig.StartWorld(ctx, b, rig.WorldOptions{
		Slack:  &rig.SlackOptions{Channels: relayChannels},
		Specs:  append(app.Specs(), channelstest.Spec()),
		Config: func(w *rig.World) string { return w.SlackConfig(t.accountsYAML(w)) },
	})
	if err != nil {
		return nil, errors.Join(err, t.close())
	}

	t.world = s.world
	t.addTalks(talks)

	if s.parley, err = s.world.StartParley(ctx, rig.ParleyOptions{Args: b.MeasuredArgs()}); err != nil {
		return nil, errors.Join(err, s.close())
	}

	ctx, s.cancel = context.WithCancel(ctx)
	s.ended = make(chan error, 1)
	go func() { s.ended <- t.run(ctx, s.parley, relaySenders) }()
	return s, nil
}

// close ends the traffic, then Parley, then the world.
func (s *stage) close() error {
	var errs []error
	if s.cancel != nil {
		s.cancel()
		errs = append(errs, <-s.ended)
	}
	if s.parley != nil {
		s.parley.End() // before its provider
	}
	return errors.Join(append(errs, s.traffic.close(), s.world.Close())...)
}

// MeasureRelay finds how many messages a second Parley relays, from customers to threads and from agents to
// customers.
func MeasureRelay(ctx context.Context, b *rig.Rig) (_ map[string]figure.Figure, err error) {
	s, err := startStage(ctx, b, rig.Choose(b, relayTalks, relayTalks, shortRelayTalks))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	body, _ := load.NewEventMaker(s.world.Slack, 0).Message(lab.Ann, rig.SupportChannel(0), load.ThreadOf(0), load.Chatter)
	m, err := rig.Bracket(ctx, b, b.Rounds(), s.world.MeasureReference(rig.Clients, body),
		func(ctx context.Context) (rate float64, details map[string]float64, err error) {
			return s.measureRound(ctx, b.Span(time.Minute, quickRelayFor))
		})
	if err != nil {
		return nil, err
	}

	var commits []float64
	for _, d := range m.Found {
		commits = append(commits, d["commits_per_message"])
	}

	return map[string]figure.Figure{
		"relay_ratio":         load.RateFigure(relayTarget, m),
		"commits_per_message": figure.AtMost(commitsTarget, "per message", commits...),
	}, nil
}

// measureRound lets everybody talk for d, and returns how many messages arrived a second.
func (s *stage) measureRound(ctx context.Context, d time.Duration) (rate float64, details map[string]float64, err error) {
	if err := s.world.Checkpoint(ctx); err != nil {
		return 0, nil, err
	}
	commits, err := s.world.CountCommits(ctx)
	if err != nil {
		return 0, nil, err
	}
	relayed, calls := s.traffic.ledger.countRelayed(), s.traffic.calls.Load()

	s.traffic.begin()
	if err := s.traffic.waitForFirst(ctx); err != nil {
		return 0, nil, err
	}
	if rate, details, err = s.measureTalking(ctx, d); err != nil {
		return 0, nil, err
	}

	// Commits and calls are counted over the whole round, with how the talks began and ended.
	settled, err := s.settledCommits(ctx)
	if err != nil {
		return 0, nil, err
	}
	messages := float64(s.traffic.ledger.countRelayed() - relayed)
	details["commits_per_message"] = float64(settled-commits) / messages
	details["slack_calls_per_message"] = float64(s.traffic.calls.Load()-calls) / messages
	details["talks"] = float64(len(s.traffic.ledger.talks))
	return rate, details, s.traffic.checkTalks(ctx)
}

// measureTalking measures for d while everybody talks, and stops the talks. The time counts until everything said has
// arrived. What Parley does later, such as drawing cards anew and analysing, is waited for and not counted.
func (s *stage) measureTalking(ctx context.Context, d time.Duration) (rate float64, details map[string]float64, err error) {
	walBefore, m, err := s.startCounting(ctx)
	if err != nil {
		return 0, nil, err
	}
	inBefore, outBefore := s.traffic.ledger.in.Load(), s.traffic.ledger.out.Load()
	s.traffic.ledger.takeTimes() // those of messages before
	if !pause.For(ctx, d) {
		return 0, nil, ctx.Err()
	}

	stopped := time.Now()
	if err := s.traffic.waitForArrival(ctx); err != nil {
		return 0, nil, err
	}
	details, took, err := m.Shares()
	if err != nil {
		return 0, nil, err
	}
	details["arrived_s"] = time.Since(stopped).Seconds()
	if err := s.traffic.waitUntilIdle(ctx); err != nil {
		return 0, nil, err
	}
	details["settled_s"] = time.Since(stopped).Seconds()

	in, out := s.traffic.ledger.in.Load()-inBefore, s.traffic.ledger.out.Load()-outBefore
	wal, err := s.world.WALBytes(ctx)
	if err != nil {
		return 0, nil, err
	}
	if err := s.world.WriteStatements(ctx, in+out); err != nil {
		return 0, nil, err
	}

	rate = float64(in+out) / took.Seconds()
	details["in_per_s"] = float64(in) / took.Seconds()
	details["out_per_s"] = float64(out) / took.Seconds()
	details["log_bytes_per_message"] = float64(wal-walBefore) / float64(in+out)
	details["parley_us_per_message"] = details["cpu_parley"] / rate * 1e6
	details["postgres_us_per_message"] = details["cpu_postgres"] / rate * 1e6
	details["reference_us_per_insert"] = s.world.Rig.InsertUS
	ms := s.traffic.ledger.takeTimes()
	details["in_p50_ms"], details["in_p99_ms"] = figure.Median(ms.in), figure.Percentile(ms.in, 0.99)
	details["out_p50_ms"], details["out_p99_ms"] = figure.Median(ms.out), figure.Percentile(ms.out, 0.99)
	return rate, details, nil
}

// startCounting begins to count what the database is asked, and what the processors do. wal is what WALBytes says
// now.
func (s *stage) startCounting(ctx context.Context) (wal int64, m *rig.Meter, err error) {
	if err := s.world.CountStatements(ctx); err != nil {
		return 0, nil, err
	}
	if wal, err = s.world.WALBytes(ctx); err != nil {
		return 0, nil, err
	}
	m, err = rig.StartMeter(s.world, s.parley)
	return wal, m, err
}

// settledCommits returns the count once all connections have reported theirs. Idle connections do so after ten
// seconds; if this is the only round, it ends Parley instead, whose connections then report at once.
func (s *stage) settledCommits(ctx context.Context) (int64, error) {
	if s.world.Rig.Rounds() == 1 {
		s.parley.End()
		return s.world.CountCommits(ctx)
	}
	if !pause.For(ctx, rig.StatsWait) {
		return 0, ctx.Err()
	}
	return s.world.CountCommits(ctx)
}
