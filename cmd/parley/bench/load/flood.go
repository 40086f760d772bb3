// Package load sends Parley more than people would, by connections that cost little beside what is measured: signed events
// and webhooks, made as they are sent, and a check that what was accepted is kept.
//
// What does not belong here: how much load is good, and what an answer is worth.
package load

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"parley/channels/pause"
	"parley/cmd/parley/bench/figure"
	"parley/cmd/parley/bench/rig"
	"parley/cmd/parley/lab"
)

const (
	// Channels is how many support channels Everywhere writes into.
	Channels = 8
	// IDsPerRun is more than one connection sends in one run of a flood, so that the ids of two runs differ.
	IDsPerRun = 1_000_000
	// sampleFor is so short that a flood sends hardly more than one event.
	sampleFor = 20 * time.Millisecond
	// factsPerQuery bounds how many ids are looked up at once.
	factsPerQuery = 10_000
	// BusyTarget is how much of the reference should be accepted while Parley works for others, too.
	BusyTarget = 0.15
)

// Flood sends signed webhooks to one Parley by Conns connections at once: Slack events, or what Senders makes. Run
// sends for some time, and returns what Parley accepted. It may be called again, but not concurrently.
type Flood struct {
	World  *rig.World
	Parley *rig.Child
	Conns  int
	// PerSecond is how many events all connections together send. A connection whose last answer was late sends
	// without a pause until it has caught up. 0 means that each sends as fast as it is answered.
	PerSecond float64
	Says      func(n int) (channel, thread, text string) // the n-th Slack event; thread "" means top level
	Senders   func(lane int) Sender                      // makes the requests of a connection in place of Slack events; nil means none
	Runs      int                                        // earlier runs of this flood; Run counts it, so that ids stay distinct
}

// Sender makes the requests of one connection. Used by one goroutine.
type Sender interface {
	// Next returns the n-th request of all connections, signed, and the name of the fact in it. The request is good
	// until the next call.
	Next(n int) (request []byte, fact string)
}

// slackSender sends Slack events.
type slackSender struct {
	f      *Flood
	sign   *Signer
	events *EventMaker
}

func (f *Flood) slackSender(lane int) Sender {
	events := NewEventMaker(f.World.Slack, lane)
	events.n = f.Runs * IDsPerRun
	return &slackSender{f: f, sign: NewSigner(f.Parley.Address, f.World.Slack.SigningSecret()), events: events}
}

// Next implements Sender.
func (s *slackSender) Next(n int) (request []byte, fact string) {
	channel, thread, text := s.f.Says(n)
	body, ts := s.events.Message(lab.Ann, channel, thread, text)
	return s.sign.slackRequest("/slack/events", body), factID(channel, ts)
}

// Everywhere is a Flood.Says that spreads events over all channels: a tenth of them at their top level, the others in
// 10,000 threads that are nobody's conversation.
func Everywhere(n int) (channel, thread, text string) {
	if n%10 != 0 {
		thread = ThreadOf(n)
	}
	return rig.SupportChannel(n % Channels), thread, Chatter
}

// Answered is how Parley answered a flood.
type Answered struct {
	accepted   []string      // ids of facts whose event got a 2xx
	Refused    int           // 503 with Retry-After
	AcceptedMS []float64     // from sending an accepted event to its answer
	RefusedMS  []float64     // from sending a refused event to its answer
	Took       time.Duration // from the first connection to the last answer
}

// Rate is how many events were accepted a second.
func (a Answered) Rate() float64 { return float64(len(a.accepted)) / a.Took.Seconds() }

// Offered is how many events were sent a second, accepted or refused.
func (a Answered) Offered() float64 { return float64(len(a.accepted)+a.Refused) / a.Took.Seconds() }

// ErrAnswer is returned for answers that are neither 2xx nor 503 with Retry-After.
var ErrAnswer = errors.New("bench: unexpected answer")

// Run sends for d. Errors: ErrAnswer, those of connections.
func (f *Flood) Run(ctx context.Context, d time.Duration) (Answered, error) {
	parts := make([]Answered, f.Conns)
	var group errgroup.Group
	begin := time.Now()
	for i := range parts {
		group.Go(func() error {
			w, err := Dial(ctx, f.Parley.Address) // only now: Parley closes a connection on which nothing comes for 10 s
			if err != nil {
				return err
			}
			defer w.Close()
			parts[i], err = f.runConnection(ctx, w, i, begin, begin.Add(d))
			return err
		})
	}

	if err := group.Wait(); err != nil {
		return Answered{}, err
	}

	f.Runs++
	all := Answered{Took: time.Since(begin)}
	for _, p := range parts {
		all.accepted = append(all.accepted, p.accepted...)
		all.AcceptedMS = append(all.AcceptedMS, p.AcceptedMS...)
		all.RefusedMS = append(all.RefusedMS, p.RefusedMS...)
		all.Refused += p.Refused
	}

	return all, nil
}

// runConnection lets the i-th connection send until end. It sends at least one event, however long it took to
// connect.
func (f *Flood) runConnection(ctx context.Context, w *Wire, i int, begin, end time.Time) (a Answered, err error) {
	sender := f.newSender(i)
	pace := f.newPace(i, begin)
	for n := 0; pace.wait(ctx); n++ {
		if n > 0 && !time.Now().Before(end) {
			break
		}

		request, fact := sender.Next(n*f.Conns + i)
		sentAt := time.Now()
		status, err := w.Do(request)
		if err != nil {
			return a, err
		}

		took := figure.MS(time.Since(sentAt))
		switch {
		case status >= http.StatusOK && status < http.StatusMultipleChoices:
			a.accepted = append(a.accepted, fact)
			a.AcceptedMS = append(a.AcceptedMS, took)
		case status == http.StatusServiceUnavailable && w.retryAfter > 0:
			a.Refused++
			a.RefusedMS = append(a.RefusedMS, took)
		default:
			return a, fmt.Errorf("%w: %d, Retry-After %d", ErrAnswer, status, w.retryAfter)
		}
	}

	return a, ctx.Err()
}

func (f *Flood) newSender(lane int) Sender {
	if f.Senders != nil {
		return f.Senders(lane)
	}
	return f.slackSender(lane)
}

// pace says when a connection sends.
type pace struct {
	due   time.Time     // when the next event is
	every time.Duration // between two events; 0 means no pause
}

// newPace returns the pace of the i-th connection. The connections take turns.
func (f *Flood) newPace(i int, begin time.Time) *pace {
	if f.PerSecond == 0 {
		return &pace{}
	}
	every := time.Duration(float64(f.Conns) / f.PerSecond * float64(time.Second))
	return &pace{due: begin.Add(every * time.Duration(i) / time.Duration(f.Conns)), every: every}
}

// wait waits until the next event is due. It returns false if ctx ends before.
func (p *pace) wait(ctx context.Context) bool {
	if ctx.Err() != nil {
		return false
	}
	wait := time.Until(p.due)
	p.due = p.due.Add(p.every)
	return p.every == 0 || wait <= 0 || pause.For(ctx, wait)
}

// SamplePayload sends one event and returns what the journal keeps of it: the reference inserts the same.
func SamplePayload(ctx context.Context, f *Flood) (payload []byte, err error) {
	a, err := f.Run(ctx, sampleFor)
	if err != nil {
		return nil, err
	}
	if len(a.accepted) == 0 {
		return nil, fmt.Errorf("%w: the first event was refused", ErrAnswer)
	}
	if err := f.World.Pool.QueryRow(ctx, `SELECT payload FROM events WHERE external_id = $1`, a.accepted[0]).Scan(&payload); err != nil {
		return nil, fmt.Errorf("bench: journal: %w", err)
	}
	return payload, f.Settle(ctx, a)
}

// Burst sends for d, calls check with the answers, and then waits until everything is applied. rate is how many
// events were accepted a second.
func (f *Flood) Burst(
	ctx context.Context, d time.Duration, check func(Answered) error,
) (rate float64, details map[string]float64, err error) {
	if err := f.World.Checkpoint(ctx); err != nil {
		return 0, nil, err
	}
	if err := f.World.CountStatements(ctx); err != nil {
		return 0, nil, err
	}

	m, err := rig.StartMeter(f.World, f.Parley)
	if err != nil {
		return 0, nil, err
	}

	a, err := f.Run(ctx, d)
	if err != nil {
		return 0, nil, err
	}
	if details, _, err = m.Shares(); err == nil {
		err = f.World.WriteStatements(ctx, int64(len(a.accepted)))
	}
	if err == nil {
		err = check(a)
	}
	if err != nil {
		return 0, nil, err
	}

	details["accepted_per_s"] = a.Rate()
	details["refused"] = float64(a.Refused)
	details["p50_ms"] = figure.Median(a.AcceptedMS)
	details["p99_ms"] = figure.Percentile(a.AcceptedMS, 0.99)
	details["postgres_us_per_event"] = details["cpu_postgres"] / a.Rate() * 1e6
	details["parley_us_per_event"] = details["cpu_parley"] / a.Rate() * 1e6
	details["reference_us_per_insert"] = f.World.Rig.InsertUS
	begin := time.Now()
	err = f.Settle(ctx, a)
	details["drain_s"] = time.Since(begin).Seconds()
	return a.Rate(), details, err
}

// RateFigure makes a figure of rates, with their details, that were measured with MeasureReference as their
// reference.
func RateFigure(target float64, m rig.Measured[float64, map[string]float64]) figure.Figure {
	f := figure.AtLeast(target, "ratio", m.Ratios()...).With(figure.MedianDetails(m.Found))
	return f.With(map[string]float64{"reference_per_s": figure.Median(m.References)}).WithNote(m.Note)
}

// CheckHeld checks that nothing of a burst was applied, while Parley's appliers are held (see rig.Child.Hold).
func (f *Flood) CheckHeld(ctx context.Context, a Answered) error {
	l, err := lab.ReadLoad(ctx, f.World.Pool)
	if err == nil && l.Pending < len(a.accepted) {
		err = fmt.Errorf("bench: %d of %d events were applied while the appliers were held", len(a.accepted)-l.Pending, len(a.accepted))
	}
	return err
}

// Settle waits until all is applied and checks that nothing accepted is lost.
func (f *Flood) Settle(ctx context.Context, a Answered) error {
	if err := f.World.Drain(ctx, rig.DrainWithin); err != nil {
		return err
	}
	return checkKept(ctx, f.World, a.accepted)
}

// ErrLost means that something that got a 2xx is not in the journal.
var ErrLost = errors.New("bench: accepted events are lost")

const countFacts = `SELECT count(*) FROM events WHERE external_id = ANY($1)`

// checkKept checks that each of these facts is in the journal. None can be there twice, since account and
// id are unique.
func checkKept(ctx context.Context, w *rig.World, facts []string) error {
	for chunk := range slices.Chunk(facts, factsPerQuery) {
		var n int
		if err := w.Pool.QueryRow(ctx, countFacts, chunk).Scan(&n); err != nil {
			return fmt.Errorf("bench: journal: %w", err)
		}
		if n != len(chunk) {
			return fmt.Errorf("%w: %d of %d are kept", ErrLost, n, len(chunk))
		}
	}
	return nil
}
