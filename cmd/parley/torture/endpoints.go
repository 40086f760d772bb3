package torture

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"parley/channels/pause"
)

// endpoints are the addresses at which the replicas answer HTTP.
type endpoints struct {
	client    http.Client
	addresses []string
	secret    string // of Slack's requests; "" means it sends none

	mu        sync.Mutex
	downtimes downtimes
}

const (
	probeEvery   = 10 * time.Millisecond
	probeTimeout = time.Second
	startWithin  = 30 * time.Second
)

// newEndpoints chooses a free address for each replica.
func newEndpoints(ctx context.Context, n int) (*endpoints, error) {
	d := &endpoints{client: http.Client{Timeout: probeTimeout, Transport: &http.Transport{DisableKeepAlives: true}}}
	var lc net.ListenConfig
	for range n {
		in, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("torture: %w", err)
		}
		d.addresses = append(d.addresses, in.Addr().String())
		if err := in.Close(); err != nil {
			return nil, fmt.Errorf("torture: %w", err)
		}
	}
	return d, nil
}

// unknownWebhook is the path of a webhook of no account. A Parley that serves answers it with 404, one
// that is still starting or migrating with 503.
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

// measureDowntime knocks until replace has returned and somebody answers again. gap is the time from the last
// answer of the old process to the first of the new; without ok it could not be measured.
func (e *endpoints) measureDowntime(ctx context.Context, n int, replace func()) (gap, drained time.Duration, ok bool) {
	began := time.Now()
	replaced := make(chan struct{})
	go func() {
		defer close(replaced)
		replace()
	}()

	last := time.Time{}
	for old := true; time.Since(began) < startWithin+maxStopTime && ctx.Err() == nil; {
		if old {
			select {
			case <-replaced:
				old, drained = false, time.Since(began)
			default:
			}
		}

		answered, at := e.isServing(ctx, n), time.Now()
		if answered && old {
			last = at
		}

		if answered && !old {
			if last.IsZero() {
				return 0, drained, false // the old process did not answer either
			}
			return at.Sub(last), drained, true
		}

		pause.For(ctx, probeEvery)
	}

	<-replaced
	return 0, drained, false
}

// recordDowntime adds the gap of one restart. A restart that isn't clean was hit by another blow, or could not be measured.
func (e *endpoints) recordDowntime(gap, drained time.Duration, clean bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !clean {
		e.downtimes.Disturbed++
		return
	}
	e.downtimes.All = append(e.downtimes.All, gap)
	e.downtimes.Longest, e.downtimes.LongestStop = max(e.downtimes.Longest, gap), max(e.downtimes.LongestStop, drained)
}
