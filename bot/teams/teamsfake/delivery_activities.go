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

// Activities delivers activities to the bot. Each conversation has a lane, a queue whose activities are sent one after the
// other. Different lanes are sent in parallel. An activity that waits for another attempt has left its lane, so later ones
// overtake it. The shared lock of Ground, Mu, guards the fields.
type Activities struct {
	*Ground
	entra    *Entra // signs the requests
	faults   *emulator.FaultPlan
	client   *http.Client
	endpoint string // the bot's URL; "" until SetEndpoint

	lanes     map[string][]*Delivery // by conversation
	held      []*Delivery            // held back by a reorder fault until the next activity
	retries   map[*Delivery]bool     // waiting for the next attempt
	unsettled map[*Delivery]bool     // neither acknowledged nor lost yet
	invokes   int                    // calls in flight that wait for the bot's answer
	lost      []LostActivity
	slow      []SlowActivity
}

// NewDelivery makes an Activities. All activities are lost until SetEndpoint is called.
func NewDelivery(ground *Ground, e *Entra, faults *emulator.FaultPlan) *Activities {
	return &Activities{Ground: ground, entra: e, faults: faults, client: newClient()}
}

// Disconnect closes idle connections to the bot.
func (a *Activities) Disconnect() { a.client.CloseIdleConnections() }

// SetEndpoint sets the URL at which the bot listens. It sends nothing.
func (a *Activities) SetEndpoint(endpoint string) {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	a.endpoint = endpoint
}

// Endpoint returns the URL at which the bot listens.
func (a *Activities) Endpoint() string {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	return a.endpoint
}

// StartInvoke counts an invoke, a request that waits for the bot's answer, as pending until answered is called.
func (a *Activities) StartInvoke() (answered func()) {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	a.invokes++
	return func() {
		a.Mu.Lock()
		defer a.Mu.Unlock()
		a.invokes--
	}
}

// Reset forgets all activities. The caller holds the lock.
func (a *Activities) Reset() {
	a.lanes = map[string][]*Delivery{}
	a.retries, a.unsettled = map[*Delivery]bool{}, map[*Delivery]bool{}
	a.held, a.lost, a.slow = nil, nil, nil
}

// Delivery is one activity on its way to the bot.
type Delivery struct {
	id          string // the activity's id
	name        string // the activity's type, such as "message"
	lane        string // the id of its conversation
	activity    Object
	attempt     int // number of failed attempts
	made        time.Time
	losesAnswer bool       // a fault drops the answer to the next attempt
	done        chan error // receives the result, once
}

// LostActivity is an activity that the bot never acknowledged.
type LostActivity struct {
	ID     string          `json:"id"`
	Name   string          `json:"name"`
	Reason string          `json:"reason"` // why the last attempt failed: "500", "timeout"
	Body   json.RawMessage `json:"body"`
}

func newClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // the standard library's own
	transport.MaxIdleConnsPerHost = 64
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Emit queues an activity for the bot, unless a planned fault prevents that. Wait waits for the result. The caller holds the
// lock.
func (a *Activities) Emit(lane string, activity Object) *Delivery {
	d := &Delivery{
		id:       fmt.Sprint(activity["id"]),
		name:     fmt.Sprint(activity["type"]),
		lane:     lane,
		activity: activity,
		done:     make(chan error, 1),
	}
	if a.endpoint == "" || a.Ctx.Err() != nil {
		a.loseActivity(d, "no endpoint")
		return d
	}

	a.recordSent(d)
	a.Note(Change{Kind: "activity", Channel: lane, ID: d.id})
	held := a.held
	a.held = nil
	channel, _ := SplitConversation(lane)
	a.applyFaults(d, channel)
	for _, earlier := range held {
		a.queue(earlier)
	}

	return d
}

// Wait blocks until the bot has acknowledged an activity.
// Errors: the activity was lost; ctx's; context.Canceled if the server is closed.
func (a *Activities) Wait(ctx context.Context, d *Delivery) error {
	select {
	case err := <-d.done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("teamsfake: waiting for the bot to take %s: %w", d.name, ctx.Err())
	case <-a.Ctx.Done():
		return context.Canceled
	}
}

// applyFaults queues an activity, or does what a fault that is planned for it demands. The caller holds the lock.
func (a *Activities) applyFaults(d *Delivery, channel string) {
	fault := a.faults.Strike("event:"+d.name, channel)
	if fault == nil {
		a.queue(d)
		return
	}

	switch fault.Kind {
	case emulator.FaultLose:
		a.loseActivity(d, "fault")
	case emulator.FaultDuplicate:
		a.queue(d)
		duplicate := *d
		duplicate.done = make(chan error, 1)
		a.queue(&duplicate)
	case emulator.FaultReorder:
		a.held = append(a.held, d)
		a.runAfter(a.Opt.ReorderHold, func() {
			if i := slices.Index(a.held, d); i >= 0 {
				a.held = slices.Delete(a.held, i, i+1)
				a.queue(d)
			}
		})
	case emulator.FaultDelay:
		a.retry(d, fault.Delay)
	case emulator.FaultDrop:
		d.losesAnswer = true
		a.queue(d)
	default:
		a.queue(d)
	}
}

// runAfter calls f after a while, with the lock held. It counts real time, not the emulator's time. If the server is closed
// first, it doesn't call f.
func (a *Activities) runAfter(wait time.Duration, f func()) {
	a.Host.Go(func() {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-a.Ctx.Done():
		case <-timer.C:
			a.Mu.Lock()
			defer a.Mu.Unlock()
			f()
		}
	})
}

// retry queues a delivery after a while. Other activities of its lane don't wait for it. The caller holds the lock.
func (a *Activities) retry(d *Delivery, wait time.Duration) {
	a.retries[d] = true
	a.runAfter(wait, func() {
		if a.retries[d] {
			delete(a.retries, d)
			a.queue(d)
		}
	})
}

// queue adds a delivery to its lane, and starts a goroutine for the lane if it was empty. The caller holds the lock.
func (a *Activities) queue(d *Delivery) {
	a.lanes[d.lane] = append(a.lanes[d.lane], d)
	if len(a.lanes[d.lane]) == 1 && a.Ctx.Err() == nil {
		a.Host.Go(func() { a.runLane(d.lane) })
	}
}

// runLane sends the activities of a lane, one after the other, until the lane is empty.
func (a *Activities) runLane(lane string) {
	for a.Ctx.Err() == nil {
		d := a.firstOf(lane)
		if d == nil {
			return
		}
		status, _, err := a.Send(a.Ctx, d.activity, a.Opt.RedeliverAfter)
		a.finishAttempt(d, status, err)
	}
}

// firstOf returns the first delivery of a lane. If the lane is empty, it deletes the lane and returns nil.
func (a *Activities) firstOf(lane string) *Delivery {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	if queue := a.lanes[lane]; len(queue) > 0 {
		return queue[0]
	}
	delete(a.lanes, lane)
	return nil
}

// finishAttempt takes a delivery out of its lane after an attempt, and records the result: the bot has acknowledged the
// activity, it will be sent again, or it is lost. It does nothing if Reset removed the delivery during the attempt.
func (a *Activities) finishAttempt(d *Delivery, status int, err error) {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	queue := a.lanes[d.lane]
	if len(queue) == 0 || queue[0] != d {
		return
	}

	a.lanes[d.lane] = queue[1:]
	failure, isTransient := d.checkResult(status, err)
	switch {
	case failure == "":
		a.recordTaken(d)
		a.Note(Change{Kind: "ack", Channel: d.lane, ID: d.id})
		d.done <- nil
	case !isTransient || d.attempt >= len(a.Opt.RetryDelays):
		a.loseActivity(d, failure)
	default:
		wait := a.Opt.RetryDelays[d.attempt]
		d.attempt++
		a.retry(d, wait)
		a.Note(Change{Kind: "retry", Channel: d.lane, ID: d.id})
	}
}

// checkResult returns why an attempt failed, or "" if the bot has acknowledged the activity. Only a transient failure is
// worth another attempt.
func (d *Delivery) checkResult(status int, err error) (failure string, isTransient bool) {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout", true
	case err != nil:
		return "connection failed", true
	case d.losesAnswer:
		d.losesAnswer = false
		return "answer lost", true
	case status >= http.StatusInternalServerError, status == http.StatusTooManyRequests:
		return strconv.Itoa(status), true
	case status < http.StatusOK || status >= http.StatusMultipleChoices:
		return strconv.Itoa(status), false
	}
	return "", false
}

// loseActivity gives up on an activity and records it as lost. The caller holds the lock.
func (a *Activities) loseActivity(d *Delivery, reason string) {
	delete(a.unsettled, d)
	a.lost = append(a.lost, LostActivity{ID: d.id, Name: d.name, Reason: reason, Body: MustJSON(d.activity)})
	a.Note(Change{Kind: "lost", Channel: d.lane, ID: d.id})
	select {
	case d.done <- fmt.Errorf("teamsfake: the bot did not take %s %s: %s", d.name, d.id, reason):
	default:
	}
}

// Lost lists the activities that the bot never acknowledged.
func (a *Activities) Lost() []LostActivity {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	return slices.Clone(a.lost)
}

// Pending counts the activities and invokes that the bot hasn't acknowledged yet: queued, in flight, or waiting for another
// attempt.
func (a *Activities) Pending() int {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	n := len(a.held) + len(a.retries) + a.invokes
	for _, queue := range a.lanes {
		n += len(queue)
	}
	return n
}

// maxAnswerBytes is the maximum size of a response that is read. A card has at most 100 kB.
const maxAnswerBytes = 1 << 20

// Send makes one signed request to the bot, without retries, and returns the response. timeout includes reading it.
// Errors: those of signing and of the connection; ctx's.
func (a *Activities) Send(ctx context.Context, activity Object, timeout time.Duration) (status int, answer []byte, err error) {
	authorization, err := a.entra.Sign(fmt.Sprint(activity["serviceUrl"]))
	if err != nil {
		return 0, nil, err
	}
	return a.post(ctx, a.Endpoint(), authorization, MustJSON(activity), timeout, map[string]string{
		"x-ms-conversation-id": ConversationOf(activity), "x-ms-tenant-id": a.Opt.TenantID,
	})
}

// ConversationOf returns the id of an activity's conversation, or "".
func ConversationOf(activity Object) string {
	if c, ok := activity["conversation"].(Object); ok {
		return fmt.Sprint(c["id"])
	}
	return ""
}

// SendRaw sends any body to the bot once. kind chooses the token, which may be an invalid one.
// Errors: as Send.
func (a *Activities) SendRaw(ctx context.Context, kind Token, body []byte) (status int, answer []byte, err error) {
	authorization, err := a.entra.Authorization(kind, a.ServiceURL())
	if err != nil {
		return 0, nil, err
	}
	return a.post(ctx, a.Endpoint(), authorization, body, a.Opt.RedeliverAfter, nil)
}

// post sends a body to the bot. If authorization is "", the request has no Authorization header.
func (a *Activities) post(
	ctx context.Context, endpoint, authorization string, body []byte, timeout time.Duration, headers map[string]string,
) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, bytes.NewReader(body))
	if err != nil {
		return 0, nil, fmt.Errorf("teamsfake: request: %w", err)
	}

	for name, value := range headers {
		req.Header.Set(name, value)
	}
	req.Header.Set("Content-Type", KindJSON)
	req.Header.Set("User-Agent", "Microsoft-SkypeBotApi (Microsoft-BotFramework/3.0)")
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}

	res, err := a.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswerBytes))
	return res.StatusCode, answer, err
}
