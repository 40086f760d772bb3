package teamsfake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

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

// emit queues an activity for the bot through the injected faults. Caller holds s.mu.
func (s *Server) emit(lane string, activity object) *delivery {
	d := &delivery{id: fmt.Sprint(activity["id"]), name: fmt.Sprint(activity["type"]), lane: lane, activity: activity, done: make(chan error, 1)}
	if s.endpoint == "" || s.ctx.Err() != nil {
		s.lose(d, "no endpoint")
		return d
	}
	s.telling(d)
	s.note(Change{Kind: "activity", Channel: lane, ID: d.id})
	held := s.held
	s.held = nil
	place, _ := splitConversation(lane)
	s.throughFaults(d, place)
	for _, h := range held {
		s.queue(h)
	}
	return d
}

func (s *Server) throughFaults(d *delivery, place string) {
	f := s.Strike("event:"+d.name, place)
	if f == nil {
		s.queue(d)
		return
	}
	switch f.Kind {
	case FaultLose:
		s.lose(d, "fault")
	case FaultDuplicate:
		s.queue(d)
		twin := *d
		twin.done = make(chan error, 1)
		s.queue(&twin)
	case FaultReorder:
		s.held = append(s.held, d)
		s.after(s.opt.ReorderHold, func() {
			if i := slices.Index(s.held, d); i >= 0 {
				s.held = slices.Delete(s.held, i, i+1)
				s.queue(d)
			}
		})
	case FaultDelay:
		s.retry(d, f.Delay)
	case FaultDrop:
		d.cut = true
		s.queue(d)
	default:
		s.queue(d)
	}
}

// after runs f with s.mu held, in real time, unless the server is closed before.
func (s *Server) after(wait time.Duration, f func()) {
	s.wg.Go(func() {
		t := time.NewTimer(wait)
		defer t.Stop()
		select {
		case <-s.ctx.Done():
		case <-t.C:
			s.mu.Lock()
			defer s.mu.Unlock()
			f()
		}
	})
}

// retry queues d again later, without holding up others. Caller holds s.mu.
func (s *Server) retry(d *delivery, wait time.Duration) {
	s.later[d] = true
	s.after(wait, func() {
		if s.later[d] {
			delete(s.later, d)
			s.queue(d)
		}
	})
}

// queue puts d behind others of its conversation. Caller holds s.mu.
func (s *Server) queue(d *delivery) {
	s.lanes[d.lane] = append(s.lanes[d.lane], d)
	if len(s.lanes[d.lane]) == 1 && s.ctx.Err() == nil {
		s.wg.Go(func() { s.runLane(d.lane) })
	}
}

// runLane sends what is queued, one after the other, and ends when nothing is.
func (s *Server) runLane(lane string) {
	for s.ctx.Err() == nil {
		s.mu.Lock()
		q := s.lanes[lane]
		if len(q) == 0 {
			delete(s.lanes, lane)
			s.mu.Unlock()
			return
		}
		d := q[0]
		s.mu.Unlock()
		status, _, err := s.send(s.ctx, d.activity, s.opt.RedeliverAfter)
		s.mu.Lock()
		if q := s.lanes[lane]; len(q) > 0 && q[0] == d {
			s.lanes[lane] = q[1:]
			s.outcome(d, status, err)
		}
		s.mu.Unlock()
	}
}

// outcome decides whether an attempt counts. Caller holds s.mu.
func (s *Server) outcome(d *delivery, status int, err error) {
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
		s.lose(d, strconv.Itoa(status))
		return
	}
	if reason == "" {
		s.told(d, true)
		s.note(Change{Kind: "ack", Channel: d.lane, ID: d.id})
		d.done <- nil
		return
	}
	if d.attempt >= len(s.opt.RetryDelays) {
		s.lose(d, reason)
		return
	}
	wait := s.opt.RetryDelays[d.attempt]
	d.attempt++
	s.retry(d, wait)
	s.note(Change{Kind: "retry", Channel: d.lane, ID: d.id})
}

func (s *Server) lose(d *delivery, reason string) {
	s.told(d, false)
	s.lost = append(s.lost, LostActivity{ID: d.id, Name: d.name, Reason: reason, Body: mustJSON(d.activity)})
	s.note(Change{Kind: "lost", Channel: d.lane, ID: d.id})
	select {
	case d.done <- fmt.Errorf("teamsfake: the bot did not take %s %s: %s", d.name, d.id, reason):
	default:
	}
}

// LostActivities lists what the bot never acknowledged.
func (s *Server) LostActivities() []LostActivity {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.lost)
}

// Pending counts activities and invokes that the bot has not acknowledged yet: queued, under
// way or waiting for their next attempt.
func (s *Server) Pending() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.held) + len(s.later) + s.asked
	for _, q := range s.lanes {
		n += len(q)
	}
	return n
}

// send makes one signed request to the bot and reads at most 1 MiB of the answer.
func (s *Server) send(ctx context.Context, activity object, limit time.Duration) (status int, answer []byte, err error) {
	s.mu.Lock()
	kind, endpoint := s.signing, s.endpoint
	s.mu.Unlock()
	head, err := s.Authorization(kind, fmt.Sprint(activity["serviceUrl"]))
	if err != nil {
		return 0, nil, err
	}
	return s.post(ctx, endpoint, head, mustJSON(activity), limit, map[string]string{
		"x-ms-conversation-id": conversationOf(activity), "x-ms-tenant-id": s.opt.TenantID,
	})
}

func conversationOf(activity object) string {
	if c, ok := activity["conversation"].(object); ok {
		return fmt.Sprint(c["id"])
	}
	return ""
}

func (s *Server) post(ctx context.Context, endpoint, authorization string, body []byte, limit time.Duration, extra map[string]string) (int, []byte, error) {
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
	res, err := s.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	got, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	return res.StatusCode, got, err
}

// Envelope starts an activity as Teams would send it for a person in a thread (channel "" =
// the personal chat), without content: to be completed or spoilt, and given to SendRaw.
func (s *Server) Envelope(kind, user, channel, root string) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.base(kind, where{ch: s.channels[channel], root: root, user: user})
	if u := s.users[user]; u != nil {
		a["from"] = s.from(u)
	}
	return a
}

// SendRaw sends any bytes to the bot once, with this kind of token for the present service
// address, and returns its answer. It is for what Teams itself would never send.
// Errors: those of the connection, ctx's.
func (s *Server) SendRaw(ctx context.Context, kind Token, body []byte) (status int, answer []byte, err error) {
	head, err := s.Authorization(kind, s.ServiceURL())
	if err != nil {
		return 0, nil, err
	}
	s.mu.Lock()
	endpoint := s.endpoint
	s.mu.Unlock()
	return s.post(ctx, endpoint, head, body, s.opt.RedeliverAfter, nil)
}

// Flood sends n activities of an unknown type at once, each with a token of this kind, and
// counts the answers by status (0 = none).
func (s *Server) Flood(ctx context.Context, kind Token, n int) map[int]int {
	s.mu.Lock()
	body := mustJSON(s.base("floodTest", where{}))
	s.mu.Unlock()
	answers := make(chan int, n)
	for range n {
		s.wg.Go(func() {
			status, _, err := s.SendRaw(ctx, kind, body)
			if err != nil {
				status = 0
			}
			answers <- status
		})
	}
	out := map[int]int{}
	for range n {
		out[<-answers]++
	}
	return maps.Clone(out)
}
