package teamsfake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"parley/channels/emulator"
)

// Activities brings the bot what happens, again where it doesn't take it, and tells what became
// of it. Guarded by the lock.
type Activities struct {
	*ground
	entra    *Entra
	faults   *emulator.FaultPlan
	client   *http.Client
	endpoint string // of the bot

	lanes  map[string][]*delivery
	later  map[*delivery]bool // wait for their next attempt
	held   []*delivery        // by a reorder fault
	asked  int                // invokes under way
	lost   []LostActivity
	untold map[*delivery]bool // neither taken nor lost yet
	slow   []SlowActivity
}

// reset forgets what was on its way. Caller holds the lock.
func (a *Activities) reset() {
	a.lanes, a.later, a.untold = map[string][]*delivery{}, map[*delivery]bool{}, map[*delivery]bool{}
	a.held, a.lost, a.slow = nil, nil, nil
}

// delivery is one activity on its way to the bot.
type delivery struct {
	id       string // of the activity, or made up
	name     string // type, of an invoke its name
	lane     string // conversation; those of one are sent one after the other
	activity object
	attempt  int
	made     time.Time
	cut      bool // the answer gets lost once
	done     chan error
}

// LostActivity is one that the bot never acknowledged.
type LostActivity struct {
	ID     string          `json:"id"`
	Name   string          `json:"name"`
	Reason string          `json:"reason"` // status or what happened to the last attempt
	Body   json.RawMessage `json:"body"`
}

func newClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // the standard library's own
	transport.MaxIdleConnsPerHost = 64
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// emit queues an activity for the bot through the injected faults. Caller holds the lock.
func (a *Activities) emit(lane string, activity object) *delivery {
	d := &delivery{id: fmt.Sprint(activity["id"]), name: fmt.Sprint(activity["type"]), lane: lane, activity: activity, done: make(chan error, 1)}
	if a.endpoint == "" || a.ctx.Err() != nil {
		a.lose(d, "no endpoint")
		return d
	}
	a.telling(d)
	a.note(Change{Kind: "activity", Channel: lane, ID: d.id})
	held := a.held
	a.held = nil
	place, _ := splitConversation(lane)
	a.throughFaults(d, place)
	for _, h := range held {
		a.queue(h)
	}
	return d
}

func (a *Activities) throughFaults(d *delivery, place string) {
	f := a.faults.Strike("event:"+d.name, place)
	if f == nil {
		a.queue(d)
		return
	}
	switch f.Kind {
	case FaultLose:
		a.lose(d, "fault")
	case FaultDuplicate:
		a.queue(d)
		twin := *d
		twin.done = make(chan error, 1)
		a.queue(&twin)
	case FaultReorder:
		a.held = append(a.held, d)
		a.after(a.opt.ReorderHold, func() {
			if i := slices.Index(a.held, d); i >= 0 {
				a.held = slices.Delete(a.held, i, i+1)
				a.queue(d)
			}
		})
	case FaultDelay:
		a.retry(d, f.Delay)
	case FaultDrop:
		d.cut = true
		a.queue(d)
	default:
		a.queue(d)
	}
}

// after runs f with the lock held, in real time, unless the server is closed before.
func (a *Activities) after(wait time.Duration, f func()) {
	a.host.Go(func() {
		t := time.NewTimer(wait)
		defer t.Stop()
		select {
		case <-a.ctx.Done():
		case <-t.C:
			a.mu.Lock()
			defer a.mu.Unlock()
			f()
		}
	})
}

// retry queues d again later, without holding up others. Caller holds the lock.
func (a *Activities) retry(d *delivery, wait time.Duration) {
	a.later[d] = true
	a.after(wait, func() {
		if a.later[d] {
			delete(a.later, d)
			a.queue(d)
		}
	})
}

// queue puts d behind others of its conversation. Caller holds the lock.
func (a *Activities) queue(d *delivery) {
	a.lanes[d.lane] = append(a.lanes[d.lane], d)
	if len(a.lanes[d.lane]) == 1 && a.ctx.Err() == nil {
		a.host.Go(func() { a.runLane(d.lane) })
	}
}

// runLane sends what is queued, one after the other, and ends when nothing is.
func (a *Activities) runLane(lane string) {
	for a.ctx.Err() == nil {
		a.mu.Lock()
		q := a.lanes[lane]
		if len(q) == 0 {
			delete(a.lanes, lane)
			a.mu.Unlock()
			return
		}
		d := q[0]
		a.mu.Unlock()
		status, _, err := a.send(a.ctx, d.activity, a.opt.RedeliverAfter)
		a.mu.Lock()
		if q := a.lanes[lane]; len(q) > 0 && q[0] == d {
			a.lanes[lane] = q[1:]
			a.outcome(d, status, err)
		}
		a.mu.Unlock()
	}
}

// outcome decides whether an attempt counts. Caller holds the lock.
func (a *Activities) outcome(d *delivery, status int, err error) {
	reason := ""
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		reason = "timeout"
	case err != nil:
		reason = "connection failed"
	case d.cut:
		d.cut, reason = false, "answer lost"
	case status >= http.StatusInternalServerError, status == http.StatusTooManyRequests:
		reason = strconv.Itoa(status)
	case status < 200 || status > 299:
		a.lose(d, strconv.Itoa(status))
		return
	}
	if reason == "" {
		a.told(d, true)
		a.note(Change{Kind: "ack", Channel: d.lane, ID: d.id})
		d.done <- nil
		return
	}
	if d.attempt >= len(a.opt.RetryDelays) {
		a.lose(d, reason)
		return
	}
	wait := a.opt.RetryDelays[d.attempt]
	d.attempt++
	a.retry(d, wait)
	a.note(Change{Kind: "retry", Channel: d.lane, ID: d.id})
}

func (a *Activities) lose(d *delivery, reason string) {
	a.told(d, false)
	a.lost = append(a.lost, LostActivity{ID: d.id, Name: d.name, Reason: reason, Body: mustJSON(d.activity)})
	a.note(Change{Kind: "lost", Channel: d.lane, ID: d.id})
	select {
	case d.done <- fmt.Errorf("teamsfake: the bot did not take %s %s: %s", d.name, d.id, reason):
	default:
	}
}

// Lost lists what the bot never acknowledged.
func (a *Activities) Lost() []LostActivity {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.lost)
}

// Pending counts activities and invokes that the bot has not acknowledged yet: queued, under
// way or waiting for their next attempt.
func (a *Activities) Pending() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := len(a.held) + len(a.later) + a.asked
	for _, q := range a.lanes {
		n += len(q)
	}
	return n
}

// send makes one signed request to the bot and reads at most 1 MiB of the answer.
func (a *Activities) send(ctx context.Context, activity object, limit time.Duration) (status int, answer []byte, err error) {
	a.mu.Lock()
	kind, endpoint := a.entra.signing, a.endpoint
	a.mu.Unlock()
	head, err := a.entra.Authorization(kind, fmt.Sprint(activity["serviceUrl"]))
	if err != nil {
		return 0, nil, err
	}
	return a.post(ctx, endpoint, head, mustJSON(activity), limit, map[string]string{
		"x-ms-conversation-id": conversationOf(activity), "x-ms-tenant-id": a.opt.TenantID,
	})
}

func conversationOf(activity object) string {
	if c, ok := activity["conversation"].(object); ok {
		return fmt.Sprint(c["id"])
	}
	return ""
}

func (a *Activities) post(ctx context.Context, endpoint, authorization string, body []byte, limit time.Duration, extra map[string]string) (int, []byte, error) {
	ctx, stop := context.WithTimeout(ctx, limit)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, bytes.NewReader(body))
	if err != nil {
		return 0, nil, fmt.Errorf("teamsfake: request: %w", err)
	}
	for k, v := range extra {
		req.Header.Set(k, v)
	}
	req.Header.Set("Content-Type", kindJSON)
	req.Header.Set("User-Agent", "Microsoft-SkypeBotApi (Microsoft-BotFramework/3.0)")
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	res, err := a.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	got, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	return res.StatusCode, got, err
}
