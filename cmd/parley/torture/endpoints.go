package torture

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"parley/channels/emulator"
	"parley/channels/pause"
)

// This file asks the replicas of Parley by HTTP whether they serve, and measures for how long a replica doesn't
// answer when one process takes the place of another.

// endpoints are the addresses at which the replicas answer HTTP, with the downtimes that were measured there.
type endpoints struct {
	client    http.Client
	addresses []string
	secret    string // of Slack's requests; "" means it sends none

	mu        sync.Mutex
	downtimes downtimes
}

const (
	// probeEvery is how exactly a downtime is measured.
	probeEvery   = 10 * time.Millisecond
	probeTimeout = time.Second
	// startWithin is how long a process may need to start until it serves.
	startWithin = 30 * time.Second
)

// newEndpoints chooses a free address for each replica.
func newEndpoints(ctx context.Context, n int) (*endpoints, error) {
	e := &endpoints{client: http.Client{Timeout: probeTimeout, Transport: &http.Transport{DisableKeepAlives: true}}}
	for range n {
		address, err := emulator.FreeAddress(ctx)
		if err != nil {
			return nil, fmt.Errorf("torture: %w", err)
		}
		e.addresses = append(e.addresses, address)
	}
	return e, nil
}

// unknownWebhook is the path of a webhook of no account. A Parley that serves answers it with 404, one that is still
// starting or migrating with 503.
const unknownWebhook = "/hooks/nobody"

// isServing reports whether replica n serves.
func (e *endpoints) isServing(ctx context.Context, n int) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+e.addresses[n]+unknownWebhook, nil)
	if e.secret != "" {
		req, err = signedProbe(ctx, e.addresses[n], e.secret)
	}
	if err != nil {
		return false
	}
	res, err := e.client.Do(req)
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode/100 == 2 || res.StatusCode == http.StatusNotFound
}

// restartMeasure is what was measured while one process took the place of another.
type restartMeasure struct {
	Downtime time.Duration // from the last answer of the old process to the first of the new one
	StopTime time.Duration // how long the old process took to end
	IsValid  bool          // both processes answered, and nothing else disturbed the restart
}

// measureRestart calls replace, which ends a process, and probes until the process that follows it answers.
func (e *endpoints) measureRestart(ctx context.Context, n int, replace func()) restartMeasure {
	began := time.Now()
	replaced := make(chan struct{})
	go func() {
		defer close(replaced)
		replace()
	}()
	defer func() { <-replaced }()
	ctx, stop := context.WithTimeout(ctx, startWithin+maxStopTime)
	defer stop()

	var m restartMeasure
	lastAnswer := e.probeUntil(ctx, n, replaced)
	m.StopTime = time.Since(began)
	firstAnswer, ok := e.awaitAnswer(ctx, n)
	m.IsValid = ok && !lastAnswer.IsZero() // otherwise one of the processes did not answer
	if m.IsValid {
		m.Downtime = firstAnswer.Sub(lastAnswer)
	}
	return m
}

// probeUntil probes replica n until the process is replaced or ctx ends, and returns when it answered last; zero means never.
func (e *endpoints) probeUntil(ctx context.Context, n int, replaced <-chan struct{}) (lastAnswer time.Time) {
	for ctx.Err() == nil {
		select {
		case <-replaced:
			return lastAnswer
		default:
		}
		if e.isServing(ctx, n) {
			lastAnswer = time.Now()
		}
		pause.For(ctx, probeEvery)
	}
	return lastAnswer
}

// awaitAnswer probes replica n until it answers. ok is false if ctx ends before.
func (e *endpoints) awaitAnswer(ctx context.Context, n int) (at time.Time, ok bool) {
	for ctx.Err() == nil {
		if e.isServing(ctx, n) {
			return time.Now(), true
		}
		pause.For(ctx, probeEvery)
	}
	return time.Time{}, false
}

// recordRestart adds what was measured of one restart.
func (e *endpoints) recordRestart(m restartMeasure) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !m.IsValid {
		e.downtimes.Disturbed++
		return
	}
	e.downtimes.All = append(e.downtimes.All, m.Downtime)
	e.downtimes.Longest = max(e.downtimes.Longest, m.Downtime)
	e.downtimes.LongestStop = max(e.downtimes.LongestStop, m.StopTime)
}
