package bench

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"parley/channels/channelstest"
	"parley/channels/pause"
	"parley/cmd/parley/app"
	"parley/cmd/parley/lab"
)

// Targets of the whole path.
const (
	relayTarget   = 0.08
	commitsTarget = 1.2
)

// relayChannels is how many support channels (and teams, and accounts) share the traffic.
const relayChannels = 8

// stage is a world with traffic and a Parley between its two ends.
type stage struct {
	w      *world
	t      *traffic
	c      *child
	cancel context.CancelFunc
	ended  chan error
}

// startStage makes a world whose customers come by the loopback channel.
func startStage(ctx context.Context, b *bench, talks int) (*stage, error) {
	t, err := newTraffic()
	if err != nil {
		return nil, err
	}
	s := &stage{t: t}
	s.w, err = startWorld(ctx, b, worldOptions{slack: &slackOptions{channels: relayChannels}, specs: append(app.Specs(), channelstest.Spec()),
		config: func(w *world) string { return w.slackConfig(t.accounts(w)) }})
	if err != nil {
		return nil, errors.Join(err, t.close())
	}
	t.w = s.w
	t.add(talks)
	if s.c, err = s.w.parley(ctx, parleyOptions{args: b.measured()}); err != nil {
		return nil, errors.Join(err, s.close())
	}
	ctx, s.cancel = context.WithCancel(ctx)
	s.ended = make(chan error, 1)
	go func() { s.ended <- t.run(ctx, s.c, 16) }()
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
		s.c.stop() // before its provider
	}
	return errors.Join(append(errs, s.t.close(), s.w.close())...)
}

// measureRelay: how many messages a second Parley relays, from customers to threads and from agents to customers.
func measureRelay(b *bench, ctx context.Context) (_ map[string]Figure, err error) {
	talks := 512
	if b.short {
		talks = 16
	}
	s, err := startStage(ctx, b, talks)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	body, _ := newEventMaker(s.w.slack, 0).message(lab.Ann, supportChannel(0), threadOf(0), chatter)
	var details []map[string]float64
	m, err := b.bracket(ctx, b.rounds(),
		func(ctx context.Context) (float64, error) {
			rate, _, err := inserts(ctx, s.w, acceptClients, body, b.span(3*time.Second, time.Second))
			return rate, err
		},
		func(ctx context.Context) (float64, error) {
			rate, d, err := s.round(ctx, b.span(time.Minute, 5*time.Second))
			details = append(details, d)
			return rate, err
		})
	if err != nil {
		return nil, err
	}
	details = kept(m, details)
	var commits []float64
	for _, d := range details {
		commits = append(commits, d["commits_per_message"])
	}
	ratio := atLeast(relayTarget, "ratio", m.ratios()...).with(middle(details)).with(map[string]float64{"reference_per_s": median(m.references())})
	ratio.Note = m.note
	return map[string]Figure{"relay_ratio": ratio, "commits_per_message": atMost(commitsTarget, "per message", commits...)}, nil
}

// round lets everybody talk for so long. The time counts until everything said has arrived; what Parley does
// later, as drawing cards anew and analysing, is waited for and not counted.
func (s *stage) round(ctx context.Context, d time.Duration) (rate float64, details map[string]float64, err error) {
	if err := s.w.checkpoint(ctx); err != nil {
		return 0, nil, err
	}
	before, err := s.w.commits(ctx)
	if err != nil {
		return 0, nil, err
	}
	all := s.t.in.Load() + s.t.out.Load()
	calls := s.t.callCount()
	s.t.begin()
	if err := s.t.reached(ctx, 1); err != nil {
		return 0, nil, err
	}
	log, m, err := s.startCounting(ctx)
	if err != nil {
		return 0, nil, err
	}
	in, out := s.t.in.Load(), s.t.out.Load()
	s.t.times()
	if !pause.For(ctx, d) {
		return 0, nil, ctx.Err()
	}
	stopped := time.Now()
	if err := s.t.arrive(ctx); err != nil {
		return 0, nil, err
	}
	details, took, err := m.shares()
	if err != nil {
		return 0, nil, err
	}
	arrived := time.Since(stopped)
	if err := s.t.settle(ctx); err != nil {
		return 0, nil, err
	}
	details["arrived_s"], details["settled_s"] = arrived.Seconds(), time.Since(stopped).Seconds()
	in, out, all = s.t.in.Load()-in, s.t.out.Load()-out, s.t.in.Load()+s.t.out.Load()-all
	rate = float64(in+out) / took.Seconds()
	logged, err := s.w.written(ctx)
	if err != nil {
		return 0, nil, err
	}
	if err := s.w.writeStatements(ctx, in+out); err != nil {
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
	details["reference_us_per_insert"] = s.w.b.insertUS
	inMS, outMS := s.t.times()
	details["in_p50_ms"], details["in_p99_ms"] = median(inMS), percentile(inMS, 0.99)
	details["out_p50_ms"], details["out_p99_ms"] = median(outMS), percentile(outMS, 0.99)
	details["talks"] = float64(len(s.t.talks))
	return rate, details, s.t.check(ctx)
}

// startCounting begins to count what the database is asked, and what the processors do. log is how many bytes were
// written to the log before.
func (s *stage) startCounting(ctx context.Context) (log int64, m *meter, err error) {
	if err := s.w.countStatements(ctx); err != nil {
		return 0, nil, err
	}
	if log, err = s.w.written(ctx); err != nil {
		return 0, nil, err
	}
	m, err = startMeter(s.w, s.c)
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

// statsWait is what an idle connection of PostgreSQL may take to report its commits.
const statsWait = 11 * time.Second

const commitCount = `SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()`

// commits gives the database's own count of committed transactions.
func (w *world) commits(ctx context.Context) (n int64, err error) {
	if err := w.pool.QueryRow(ctx, commitCount).Scan(&n); err != nil {
		return 0, fmt.Errorf("bench: commits: %w", err)
	}
	return n, nil
}

// settledCommits gives the count once all connections have reported theirs: connections of an
// ended process report at once, idle ones after ten seconds.
func (s *stage) settledCommits(ctx context.Context) (int64, error) {
	if s.w.b.rounds() == 1 {
		s.c.stop()
		return s.w.commits(ctx)
	}
	if !pause.For(ctx, statsWait) {
		return 0, ctx.Err()
	}
	return s.w.commits(ctx)
}
