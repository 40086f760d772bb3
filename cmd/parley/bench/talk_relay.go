package bench

import (
	"context"
	"errors"
	"time"

	"parley/channels/channelstest"
	"parley/channels/wire"
	"parley/cmd/parley/app"
	"parley/cmd/parley/lab"
)

const (
	relayTarget     = 0.08 // messages per inserted row of the reference, at least
	commitsTarget   = 1.2  // commits per message, at most
	relayTalks      = 512  // number of conversations
	shortRelayTalks = 16   // the same in tests
	quickRelayFor   = 5 * time.Second
	relaySenders    = 16 // connections that send customers' webhooks
	relayChannels   = 8  // support channels, each with its own team and account
)

// stage is the environment in which simulated customers and agents write to each other through Parley: a world
// (a new database and a Slack emulator), the traffic of customers and agents, and one Parley process that
// relays their messages.
type stage struct {
	world   *World
	traffic *traffic
	parley  *Child
	cancel  context.CancelFunc // ends the traffic
	ended   chan error         // receives the result of traffic.run
}

// startStage starts a world, a Parley in it, and the traffic of so many talks. A talk is the conversation of
// one customer with one agent. Nobody writes before traffic.begin. The caller calls close.
func startStage(ctx context.Context, b *Rig, talks int) (*stage, error) {
	t, err := newTraffic()
	if err != nil {
		return nil, err
	}

	s := &stage{traffic: t}
	s.world, err = StartWorld(ctx, b, WorldOptions{
		Slack:  &SlackOptions{Channels: relayChannels},
		Specs:  append(app.Specs(), channelstest.Spec()),
		Config: func(w *World) string { return w.SlackConfig(t.accountsYAML(w)) },
	})
	if err != nil {
		return nil, errors.Join(err, t.close())
	}

	t.world = s.world
	t.addTalks(talks)

	if s.parley, err = s.world.StartParley(ctx, ParleyOptions{Args: b.MeasuredArgs()}); err != nil {
		return nil, errors.Join(err, s.close())
	}

	ctx, s.cancel = context.WithCancel(ctx)
	s.ended = make(chan error, 1)
	go func() { s.ended <- t.run(ctx, s.parley, relaySenders) }()
	return s, nil
}

// close stops the traffic, then Parley, then the world.
func (s *stage) close() error {
	var errs []error
	if s.cancel != nil {
		s.cancel()
		errs = append(errs, <-s.ended)
	}
	if s.parley != nil {
		s.parley.End() // before the provider to which it sends
	}
	return errors.Join(append(errs, s.traffic.close(), s.world.Close())...)
}

// MeasureRelay measures how many messages per second Parley relays in both directions: from customers to
// threads in Slack, and from agents to customers (relay_ratio). It also measures how many database transactions
// a message costs (commits_per_message).
func MeasureRelay(ctx context.Context, b *Rig) (_ map[string]Figure, err error) {
	s, err := startStage(ctx, b, Choose(b, relayTalks, relayTalks, shortRelayTalks))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()

	body, _ := NewEventMaker(s.world.Slack, 0).Message(lab.Ann, SupportChannel(0), ThreadOf(0), Chatter)
	m, err := Bracket(ctx, b, b.Rounds(), s.world.MeasureReference(Clients, body),
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

	return map[string]Figure{
		"relay_ratio":         RateFigure(relayTarget, m),
		"commits_per_message": AtMost(commitsTarget, "per message", commits...),
	}, nil
}

// measureRound makes everybody write for d. rate is the number of relayed messages per second.
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

	// Commits and API calls are counted over the whole round, including the start and the end of the talks.
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

// measureTalking measures for d while everybody writes, and then stops the customers. The measured time ends
// when the last message has arrived. Work that Parley does after that, such as updating cards, is waited for,
// but its time is not counted.
func (s *stage) measureTalking(ctx context.Context, d time.Duration) (rate float64, details map[string]float64, err error) {
	walBefore, m, err := s.startCounting(ctx)
	if err != nil {
		return 0, nil, err
	}
	inBefore, outBefore := s.traffic.ledger.in.Load(), s.traffic.ledger.out.Load()
	s.traffic.ledger.takeTimes() // discard those of earlier messages
	if !wire.For(ctx, d) {
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
	details["in_p50_ms"], details["in_p99_ms"] = Median(ms.in), Percentile(ms.in, 0.99)
	details["out_p50_ms"], details["out_p99_ms"] = Median(ms.out), Percentile(ms.out, 0.99)
	return rate, details, nil
}

// startCounting resets the statistics of SQL statements and starts a meter. wal is the current value of
// World.WALBytes.
func (s *stage) startCounting(ctx context.Context) (wal int64, m *Meter, err error) {
	if err := s.world.CountStatements(ctx); err != nil {
		return 0, nil, err
	}
	if wal, err = s.world.WALBytes(ctx); err != nil {
		return 0, nil, err
	}
	m, err = StartMeter(s.world, s.parley)
	return wal, m, err
}

// settledCommits returns the number of commits after all connections of PostgreSQL have reported theirs. Idle
// connections do so with a delay of ten seconds. If this is the only round, settledCommits stops Parley instead
// of waiting, since closed connections report at once.
func (s *stage) settledCommits(ctx context.Context) (int64, error) {
	if s.world.Rig.Rounds() == 1 {
		s.parley.End()
		return s.world.CountCommits(ctx)
	}
	if !wire.For(ctx, StatsWait) {
		return 0, ctx.Err()
	}
	return s.world.CountCommits(ctx)
}
