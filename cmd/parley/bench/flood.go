package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"parley/channels/pause"
	"parley/cmd/parley/lab"
)

// flood is many connections that send Slack events, or what senders makes, to one Parley.
type flood struct {
	w     *world
	c     *child
	conns int
	says  func(n int) (channel, thread, text string) // the n-th message; thread "" = top level
	// perSecond is what all connections together send; one whose last answer is late sends
	// the next event at once, until it has caught up. 0 = each as soon as it was answered.
	perSecond float64
	lanes     int // counts earlier runs of this flood, so that ids stay distinct
	senders   func(lane int) sender
}

// sender makes the requests of one connection. Used by one goroutine.
type sender interface {
	// next gives a signed request, good until the next call, and the name of the fact in
	// it: the n-th of all connections.
	next(n int) (request []byte, fact string)
}

// slackSender sends Slack events.
type slackSender struct {
	f      *flood
	sign   *signer
	events *eventMaker
}

func (f *flood) slackSender(lane int) sender {
	s := &slackSender{f: f, sign: newSigner(f.c.address, f.w.slack.SigningSecret()), events: newEventMaker(f.w.slack, lane)}
	s.events.n = f.lanes * 1_000_000
	return s
}

func (s *slackSender) next(n int) (request []byte, fact string) {
	channel, thread, text := s.f.says(n)
	body, ts := s.events.message(lab.Ann, channel, thread, text)
	return s.sign.request("/slack/events", body), factID(channel, ts)
}

// answered is what a flood got.
type answered struct {
	accepted []string  // ids of facts whose event got a 2xx
	refused  int       // 503 with Retry-After
	ms       []float64 // from sending an accepted event to its answer
	no       []float64 // likewise of refused ones
	took     time.Duration
}

// rate is what was accepted a second, offered what was sent.
func (a answered) rate() float64 { return float64(len(a.accepted)) / a.took.Seconds() }
func (a answered) offered() float64 {
	return float64(len(a.accepted)+a.refused) / a.took.Seconds()
}

// errAnswer is returned for answers that are neither 2xx nor 503 with Retry-After.
var errAnswer = errors.New("bench: unexpected answer")

// run sends for so long. Errors: errAnswer, those of connections.
func (f *flood) run(ctx context.Context, d time.Duration) (answered, error) {
	parts := make([]answered, f.conns)
	var group errgroup.Group
	begin := time.Now()
	for i := range parts {
		group.Go(func() error {
			w, err := dial(ctx, f.c.address) // only now: who says nothing for 10 s is hung up on
			if err != nil {
				return err
			}
			defer w.close()
			parts[i], err = f.one(ctx, w, i, begin, begin.Add(d))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return answered{}, err
	}
	f.lanes++
	all := answered{took: time.Since(begin)}
	for _, p := range parts {
		all.accepted = append(all.accepted, p.accepted...)
		all.ms, all.no = append(all.ms, p.ms...), append(all.no, p.no...)
		all.refused += p.refused
	}
	return all, nil
}

// one is the life of one connection. It sends at least one event, however long it took to open.
func (f *flood) one(ctx context.Context, w *wire, i int, begin, end time.Time) (a answered, err error) {
	makes := f.slackSender
	if f.senders != nil {
		makes = f.senders
	}
	from := makes(i)
	var every time.Duration
	if f.perSecond > 0 {
		every = time.Duration(float64(f.conns) / f.perSecond * float64(time.Second))
	}
	due := begin.Add(every * time.Duration(i) / time.Duration(f.conns))
	for n := 0; ctx.Err() == nil; n++ {
		if wait := time.Until(due); every > 0 && wait > 0 && !pause.For(ctx, wait) {
			break
		}
		due = due.Add(every)
		if n > 0 && !time.Now().Before(end) {
			break
		}
		request, fact := from.next(n*f.conns + i)
		at := time.Now()
		status, err := w.do(request)
		switch {
		case err != nil:
			return a, err
		case status >= 200 && status < 300:
			a.accepted = append(a.accepted, fact)
			a.ms = append(a.ms, ms(time.Since(at)))
		case status == http.StatusServiceUnavailable && w.again > 0:
			a.refused++
			a.no = append(a.no, ms(time.Since(at)))
		default:
			return a, fmt.Errorf("%w: %d, Retry-After %d", errAnswer, status, w.again)
		}
	}
	return a, ctx.Err()
}

// errLost: something that got a 2xx is not in the journal.
var errLost = errors.New("bench: accepted events are lost")

const countFacts = `SELECT count(*) FROM events WHERE external_id = ANY($1)`

// kept checks that each of these facts is in the journal. None can be there twice, since account and
// id are unique.
func (w *world) kept(ctx context.Context, facts []string) error {
	for chunk := range slices.Chunk(facts, 10_000) {
		var n int
		if err := w.pool.QueryRow(ctx, countFacts, chunk).Scan(&n); err != nil {
			return fmt.Errorf("bench: journal: %w", err)
		}
		if n != len(chunk) {
			return fmt.Errorf("%w: %d of %d are kept", errLost, n, len(chunk))
		}
	}
	return nil
}
