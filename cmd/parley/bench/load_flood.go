package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"parley/channels/wire"
	"parley/cmd/parley/lab"
)

const (
	// Channels is the number of support channels of a world with a flood.
	Channels = 8
	// IDsPerRun is more than one connection can send in one run, and so keeps the ids of runs distinct.
	IDsPerRun = 1_000_000
	// sampleFor is so short that a flood sends only about one event.
	sampleFor = 20 * time.Millisecond
	// factsPerQuery is the maximum number of ids in one query.
	factsPerQuery = 10_000
)

// Flood sends signed Slack events to one Parley over Conns connections. Run sends for some time and returns what Parley answered.
// Run may be called repeatedly, but not concurrently.
type Flood struct {
	World  *World
	Parley *Child
	Conns  int
	// PerSecond is the rate of all connections together. A connection that fell behind, because an answer was late, sends
	// without a pause until it has caught up. 0 means that each connection sends as fast as it gets answers.
	PerSecond float64
	Runs      int // number of finished runs, for distinct ids; Run increments it
}

// sender generates the requests of one connection. It is used by one goroutine.
type sender struct {
	sign   *Signer
	events *EventMaker
}

func (f *Flood) newSender(lane int) *sender {
	events := NewEventMaker(f.World.Slack, lane)
	events.n = f.Runs * IDsPerRun
	return &sender{sign: NewSigner(f.Parley.Address, f.World.Slack.SigningSecret()), events: events}
}

// next returns the n-th request of all connections, signed, and the id under which Parley stores its event. The request is
// only valid until the next call.
func (s *sender) next(n int) (request []byte, fact string) {
	channel, thread, text := everywhere(n)
	body, ts := s.events.Message(lab.Ann, channel, thread, text)
	return s.sign.slackRequest("/slack/events", body), factID(channel, ts)
}

// everywhere spreads messages over all channels: a tenth of them at the top level,
// the others in 10,000 threads that don't belong to a conversation of Parley.
func everywhere(n int) (channel, thread, text string) {
	if n%10 != 0 {
		thread = ThreadOf(n)
	}
	return SupportChannel(n % Channels), thread, Chatter
}

// Answered is how Parley answered the requests of a flood.
type Answered struct {
	accepted   []string      // ids of events that were answered with 2xx
	Refused    int           // number of 503 answers with Retry-After
	AcceptedMS []float64     // response times of accepted events
	RefusedMS  []float64     // response times of refused events
	Took       time.Duration // from the first connection to the last answer
}

// Rate returns how many events per second were accepted.
func (a Answered) Rate() float64 { return float64(len(a.accepted)) / a.Took.Seconds() }

// Offered returns how many events per second were sent, whether accepted or refused.
func (a Answered) Offered() float64 { return float64(len(a.accepted)+a.Refused) / a.Took.Seconds() }

// ErrAnswer means that an answer was neither 2xx nor 503 with Retry-After.
var ErrAnswer = errors.New("bench: unexpected answer")

// Run sends for d and returns the answers.
//
// Errors: ErrAnswer, and those of connections.
func (f *Flood) Run(ctx context.Context, d time.Duration) (Answered, error) {
	parts := make([]Answered, f.Conns)
	var group errgroup.Group
	begin := time.Now()
	for i := range parts {
		group.Go(func() error {
			w, err := Dial(ctx, f.Parley.Address) // as late as possible: Parley closes connections that are idle for 10 s
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

// runConnection sends the requests of the i-th connection until end. It sends at least one request, even if
// connecting took too long.
func (f *Flood) runConnection(ctx context.Context, w *Wire, i int, begin, end time.Time) (a Answered, err error) {
	sender := f.newSender(i)
	pace := f.newPace(i, begin)
	for n := 0; pace.wait(ctx); n++ {
		if n > 0 && !time.Now().Before(end) {
			break
		}

		request, fact := sender.next(n*f.Conns + i)
		sentAt := time.Now()
		status, err := w.Do(request)
		if err != nil {
			return a, err
		}

		took := MS(time.Since(sentAt))
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

// pace decides when a connection sends its next request.
type pace struct {
	due   time.Time     // time of the next request
	every time.Duration // interval between requests; 0 means no pause
}

// newPace returns the pace of the i-th connection. The connections send in turn, at even intervals.
func (f *Flood) newPace(i int, begin time.Time) *pace {
	if f.PerSecond == 0 {
		return &pace{}
	}
	every := time.Duration(float64(f.Conns) / f.PerSecond * float64(time.Second))
	return &pace{due: begin.Add(every * time.Duration(i) / time.Duration(f.Conns)), every: every}
}

// wait waits until the next request is due. It returns false if ctx ends first.
func (p *pace) wait(ctx context.Context) bool {
	if ctx.Err() != nil {
		return false
	}
	wait := time.Until(p.due)
	p.due = p.due.Add(p.every)
	return p.every == 0 || wait <= 0 || wire.For(ctx, wait)
}

// SamplePayload sends one event and returns what Parley stores of it, so that the reference can insert rows of
// the same size.
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

// Burst sends for d, calls check with the answers, and then waits until all events are processed. rate is the
// number of accepted events per second. details are response times and processor times, for the report.
func (f *Flood) Burst(
	ctx context.Context, d time.Duration, check func(Answered) error,
) (rate float64, details map[string]float64, err error) {
	if err := f.World.Checkpoint(ctx); err != nil {
		return 0, nil, err
	}
	if err := f.World.CountStatements(ctx); err != nil {
		return 0, nil, err
	}

	m, err := StartMeter(f.World, f.Parley)
	if err != nil {
		return 0, nil, err
	}

	a, err := f.Run(ctx, d)
	if err != nil {
		return 0, nil, err
	}
	if details, _, err = m.Shares(); err != nil {
		return 0, nil, err
	}
	if err := f.World.WriteStatements(ctx, int64(len(a.accepted))); err != nil {
		return 0, nil, err
	}
	if err := check(a); err != nil {
		return 0, nil, err
	}

	details["accepted_per_s"] = a.Rate()
	details["refused"] = float64(a.Refused)
	details["p50_ms"] = Median(a.AcceptedMS)
	details["p99_ms"] = Percentile(a.AcceptedMS, 0.99)
	details["postgres_us_per_event"] = details["cpu_postgres"] / a.Rate() * 1e6
	details["parley_us_per_event"] = details["cpu_parley"] / a.Rate() * 1e6
	details["reference_us_per_insert"] = f.World.Rig.InsertUS
	begin := time.Now()
	err = f.Settle(ctx, a)
	details["drain_s"] = time.Since(begin).Seconds()
	return a.Rate(), details, err
}

// RateFigure makes a figure of rates whose reference was MeasureReference. Its details are the medians over the
// rounds.
func RateFigure(target float64, m Measured[float64, map[string]float64]) Figure {
	f := AtLeast(target, "ratio", m.Ratios()...).With(MedianDetails(m.Found))
	return f.With(map[string]float64{"reference_per_s": Median(m.References)}).WithNote(m.Note)
}

// CheckHeld checks that no event of a burst was processed while processing was paused (see rig.Child.Hold).
func (f *Flood) CheckHeld(ctx context.Context, a Answered) error {
	l, err := lab.ReadLoad(ctx, f.World.Pool)
	if err != nil {
		return err
	}
	if l.Pending < len(a.accepted) {
		return fmt.Errorf("bench: %d of %d events were applied while the appliers were held", len(a.accepted)-l.Pending, len(a.accepted))
	}
	return nil
}

// Settle waits until Parley has processed everything and checks that no accepted event was lost.
func (f *Flood) Settle(ctx context.Context, a Answered) error {
	if err := f.World.Drain(ctx, DrainWithin); err != nil {
		return err
	}
	return checkKept(ctx, f.World, a.accepted)
}

// ErrLost means that an event was answered with 2xx but is not in the database.
var ErrLost = errors.New("bench: accepted events are lost")

const countFacts = `SELECT count(*) FROM events WHERE external_id = ANY($1)`

// checkKept checks that each of these events is in the database. It need not look for duplicates: a unique
// constraint prevents them.
func checkKept(ctx context.Context, w *World, facts []string) error {
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
