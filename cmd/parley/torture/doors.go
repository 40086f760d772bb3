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

// doors are the addresses at which the replicas answer HTTP.
type doors struct {
	client http.Client
	list   []string
	secret string // of Slack's requests; "" means it sends none

	mu   sync.Mutex
	gaps gaps
}

const (
	knockEvery   = 10 * time.Millisecond
	knockTimeout = time.Second
	openWithin   = 30 * time.Second
)

// newDoors chooses a free address for each replica.
func newDoors(ctx context.Context, n int) (*doors, error) {
	d := &doors{client: http.Client{Timeout: knockTimeout, Transport: &http.Transport{DisableKeepAlives: true}}}
	var lc net.ListenConfig
	for range n {
		in, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("torture: %w", err)
		}
		d.list = append(d.list, in.Addr().String())
		if err := in.Close(); err != nil {
			return nil, fmt.Errorf("torture: %w", err)
		}
	}
	return d, nil
}

// unknownHook is the path of a webhook of no account. A Parley that serves answers it with 404, one
// that is still starting or migrating with 503.
const unknownHook = "/hooks/nobody"

// isServing reports whether replica n serves.
func (d *doors) isServing(ctx context.Context, n int) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+d.list[n]+unknownHook, nil)
	if d.secret != "" {
		req, err = signedKnock(ctx, d.list[n], d.secret)
	}
	if err != nil {
		return false
	}
	res, err := d.client.Do(req)
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode/100 == 2 || res.StatusCode == http.StatusNotFound
}

// measureGap knocks until replace has returned and somebody answers again. gap is the time from the last
// answer of the old process to the first of the new; without ok it could not be measured.
func (d *doors) measureGap(ctx context.Context, n int, replace func()) (gap, drained time.Duration, ok bool) {
	began := time.Now()
	replaced := make(chan struct{})
	go func() {
		defer close(replaced)
		replace()
	}()

	last := time.Time{}
	for old := true; time.Since(began) < openWithin+stopMost && ctx.Err() == nil; {
		if old {
			select {
			case <-replaced:
				old, drained = false, time.Since(began)
			default:
			}
		}

		answered, at := d.isServing(ctx, n), time.Now()
		if answered && old {
			last = at
		}

		if answered && !old {
			if last.IsZero() {
				return 0, drained, false // the old process did not answer either
			}
			return at.Sub(last), drained, true
		}

		pause.For(ctx, knockEvery)
	}

	<-replaced
	return 0, drained, false
}

// noteGap adds the gap of one restart. A restart that isn't clean was hit by another blow, or could not be measured.
func (d *doors) noteGap(gap, drained time.Duration, clean bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !clean {
		d.gaps.Disturbed++
		return
	}
	d.gaps.All = append(d.gaps.All, gap)
	d.gaps.Worst, d.gaps.Drained = max(d.gaps.Worst, gap), max(d.gaps.Drained, drained)
}
