package torture

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"parley/channels/emulator"
	"parley/channels/wire"
)

// endpoints probes the HTTP servers of the replicas (the Parley processes of a test run, which share a database). It
// reports whether a replica serves, and measures the downtime of a restart: the time from the last response of the old
// process to the first response of the new one.
type endpoints struct {
	client    http.Client
	addresses []string // host:port of each replica
	secret    string   // Slack's signing secret; "" means that Slack sends no requests

	mu        sync.Mutex
	downtimes downtimes
}

const (
	// probeEvery is the precision of measured downtimes.
	probeEvery   = 10 * time.Millisecond
	probeTimeout = time.Second
	// startWithin is the maximum time from the start of a process until it serves.
	startWithin = 30 * time.Second
)

// newEndpoints returns endpoints with a free address for each of n replicas.
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

// unknownWebhook is a webhook path that belongs to no account. Parley responds with 404 once it serves, and with 503
// while it is starting or migrating the database.
const unknownWebhook = "/hooks/nobody"

// isServing reports whether replica n serves. If Slack sends requests, the probe is a signed request of Slack.
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

// restartMeasure is the measurement of one restart.
type restartMeasure struct {
	Downtime time.Duration // from the last response of the old process to the first of the new one
	StopTime time.Duration // how long the old process took to exit
	IsValid  bool          // both processes responded, and nothing else disturbed the restart
}

// measureRestart calls replace, which ends the process of replica n, and probes until its successor responds. It returns
// after replace has returned.
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
	m.IsValid = ok && !lastAnswer.IsZero() // otherwise one of the processes did not respond
	if m.IsValid {
		m.Downtime = firstAnswer.Sub(lastAnswer)
	}
	return m
}

// probeUntil probes replica n until replaced is closed or ctx ends. It returns the time of the last response; zero if
// there was none.
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
		wire.For(ctx, probeEvery)
	}
	return lastAnswer
}

// awaitAnswer probes replica n until it responds. ok is false if ctx ends first.
func (e *endpoints) awaitAnswer(ctx context.Context, n int) (at time.Time, ok bool) {
	for ctx.Err() == nil {
		if e.isServing(ctx, n) {
			return time.Now(), true
		}
		wire.For(ctx, probeEvery)
	}
	return time.Time{}, false
}

// recordRestart adds a measurement to the downtimes.
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
