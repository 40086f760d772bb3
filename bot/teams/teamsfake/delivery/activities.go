// Package delivery sends activities to the bot. The activities of one conversation are sent one after the other. If
// the bot doesn't take one, it is sent again after some time. Tests can plan faults, by which activities are lost,
// doubled or delayed. The package also knows which activities the bot has taken.
//
// What does not belong here: what an activity says.
package delivery

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

	"parley/bot/teams/teamsfake/entra"
	"parley/bot/teams/teamsfake/tenant"
	"parley/channels/emulator"
)

// object is JSON that is built or looked into by key.
type object = tenant.Object

// Activities delivers activities to the bot. A lane is the queue of one conversation. The lock guards it.
type Activities struct {
	*tenant.Ground
	entra    *entra.Entra
	faults   *emulator.FaultPlan
	client   *http.Client
	endpoint string // of the bot

	lanes     map[string][]*Delivery
	held      []*Delivery        // by a reorder fault
	retries   map[*Delivery]bool // wait for their next attempt
	unsettled map[*Delivery]bool // neither taken nor lost yet
	invokes   int                // under way
	lost      []LostActivity
	slow      []SlowActivity
}

// New makes an Activities. It knows no bot until SetEndpoint is called.
func New(g *tenant.Ground, e *entra.Entra, faults *emulator.FaultPlan) *Activities {
	return &Activities{Ground: g, entra: e, faults: faults, client: newClient()}
}

// Disconnect closes idle connections to the bot.
func (a *Activities) Disconnect() { a.client.CloseIdleConnections() }

// SetEndpoint sets the address at which the bot listens. The bot isn't told of that.
func (a *Activities) SetEndpoint(endpoint string) {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	a.endpoint = endpoint
}

// Endpoint is where the bot listens.
func (a *Activities) Endpoint() string {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	return a.endpoint
}

// StartInvoke counts an invoke as under way, for Pending, until answered is called.
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
	id          string // of the activity, or made up
	name        string // type, of an invoke its name
	lane        string // conversation; those of one are sent one after the other
	activity    object
	attempt     int
	made        time.Time
	losesAnswer bool // a fault drops the answer to the next attempt
	done        chan error
}

// LostActivity is an activity that the bot never acknowledged.
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

// Emit queues an activity for the bot, unless a fault prevents that. The result is for Wait. The caller holds the
// lock.
func (a *Activities) Emit(lane string, activity object) *Delivery {
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
	a.Note(tenant.Change{Kind: "activity", Channel: lane, ID: d.id})
	held := a.held
	a.held = nil
	place, _ := tenant.SplitConversation(lane)
	a.applyFaults(d, place)
	for _, h := range held {
		a.queue(h)
	}

	return d
}

// Wait blocks until the bot has taken an activity.
// Errors: the bot refused it, or it was lost; ctx's; context.Canceled if the server is closed.
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

// applyFaults queues an activity, unless a fault loses, doubles or delays it. Caller holds the lock.
func (a *Activities) applyFaults(d *Delivery, place string) {
	f := a.faults.Strike("event:"+d.name, place)
	if f == nil {
		a.queue(d)
		return
	}

	switch f.Kind {
	case emulator.FaultLose:
		a.loseActivity(d, "fault")
	case emulator.FaultDuplicate:
		a.queue(d)
		twin := *d
		twin.done = make(chan error, 1)
		a.queue(&twin)
	case emulator.FaultReorder:
		a.held = append(a.held, d)
		a.runAfter(a.Opt.ReorderHold, func() {
			if i := slices.Index(a.held, d); i >= 0 {
				a.held = slices.Delete(a.held, i, i+1)
				a.queue(d)
			}
		})
	case emulator.FaultDelay:
		a.retry(d, f.Delay)
	case emulator.FaultDrop:
		d.losesAnswer = true
		a.queue(d)
	default:
		a.queue(d)
	}
}

// runAfter calls f after some real time, with the lock held, unless the server is closed before.
func (a *Activities) runAfter(wait time.Duration, f func()) {
	a.Host.Go(func() {
		t := time.NewTimer(wait)
		defer t.Stop()
		select {
		case <-a.Ctx.Done():
		case <-t.C:
			a.Mu.Lock()
			defer a.Mu.Unlock()
			f()
		}
	})
}

// retry queues d again after some time. Others don't wait for it. The caller holds the lock.
func (a *Activities) retry(d *Delivery, wait time.Duration) {
	a.retries[d] = true
	a.runAfter(wait, func() {
		if a.retries[d] {
			delete(a.retries, d)
			a.queue(d)
		}
	})
}

// queue adds d to its lane. The caller holds the lock.
func (a *Activities) queue(d *Delivery) {
	a.lanes[d.lane] = append(a.lanes[d.lane], d)
	if len(a.lanes[d.lane]) == 1 && a.Ctx.Err() == nil {
		a.Host.Go(func() { a.runLane(d.lane) })
	}
}

// runLane sends the activities of a lane, one after the other, until there are none.
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

// firstOf returns the first delivery of a lane. If there is none, it removes the lane, and returns nil.
func (a *Activities) firstOf(lane string) *Delivery {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	if q := a.lanes[lane]; len(q) > 0 {
		return q[0]
	}
	delete(a.lanes, lane)
	return nil
}

// finishAttempt is called after an attempt to send d. By the result it decides whether the bot has taken the
// activity, it is sent again, or it is lost. It does nothing if Reset has forgotten d meanwhile.
func (a *Activities) finishAttempt(d *Delivery, status int, err error) {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	q := a.lanes[d.lane]
	if len(q) == 0 || q[0] != d {
		return
	}

	a.lanes[d.lane] = q[1:]
	failure, isTransient := d.judge(status, err)
	switch {
	case failure == "":
		a.recordTaken(d)
		a.Note(tenant.Change{Kind: "ack", Channel: d.lane, ID: d.id})
		d.done <- nil
	case !isTransient || d.attempt >= len(a.Opt.RetryDelays):
		a.loseActivity(d, failure)
	default:
		wait := a.Opt.RetryDelays[d.attempt]
		d.attempt++
		a.retry(d, wait)
		a.Note(tenant.Change{Kind: "retry", Channel: d.lane, ID: d.id})
	}
}

// judge returns why an attempt failed; "" means that the bot has taken the activity. It is sent again after a transient failure.
func (d *Delivery) judge(status int, err error) (failure string, isTransient bool) {
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

// loseActivity records that the bot never gets an activity. The caller holds the lock.
func (a *Activities) loseActivity(d *Delivery, reason string) {
	delete(a.unsettled, d)
	a.lost = append(a.lost, LostActivity{ID: d.id, Name: d.name, Reason: reason, Body: tenant.MustJSON(d.activity)})
	a.Note(tenant.Change{Kind: "lost", Channel: d.lane, ID: d.id})
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

// Pending counts the activities and invokes that the bot hasn't acknowledged yet. They are queued, being sent, or
// waiting for another attempt.
func (a *Activities) Pending() int {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	n := len(a.held) + len(a.retries) + a.invokes
	for _, q := range a.lanes {
		n += len(q)
	}
	return n
}

// maxAnswerBytes bounds what is read of an answer: a card has at most 100 kB.
const maxAnswerBytes = 1 << 20

// Send makes one signed request to the bot and reads at most maxAnswerBytes of the answer.
func (a *Activities) Send(ctx context.Context, activity object, limit time.Duration) (status int, answer []byte, err error) {
	head, err := a.entra.Sign(fmt.Sprint(activity["serviceUrl"]))
	if err != nil {
		return 0, nil, err
	}
	return a.post(ctx, a.Endpoint(), head, tenant.MustJSON(activity), limit, map[string]string{
		"x-ms-conversation-id": ConversationOf(activity), "x-ms-tenant-id": a.Opt.TenantID,
	})
}

// ConversationOf is the id of the conversation that an activity names.
func ConversationOf(activity object) string {
	if c, ok := activity["conversation"].(object); ok {
		return fmt.Sprint(c["id"])
	}
	return ""
}

// SendRaw sends any bytes to the bot once, with this kind of token for the present service address.
// Errors: those of the connection, ctx's.
func (a *Activities) SendRaw(ctx context.Context, kind entra.Token, body []byte) (status int, answer []byte, err error) {
	head, err := a.entra.Authorization(kind, a.ServiceURL())
	if err != nil {
		return 0, nil, err
	}
	return a.post(ctx, a.Endpoint(), head, body, a.Opt.RedeliverAfter, nil)
}

// post sends bytes to the bot. authorization is the header of that name; "" means none.
func (a *Activities) post(
	ctx context.Context, endpoint, authorization string, body []byte, limit time.Duration, extra map[string]string,
) (int, []byte, error) {
	ctx, stop := context.WithTimeout(ctx, limit)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, bytes.NewReader(body))
	if err != nil {
		return 0, nil, fmt.Errorf("teamsfake: request: %w", err)
	}

	for k, v := range extra {
		req.Header.Set(k, v)
	}

	req.Header.Set("Content-Type", tenant.KindJSON)
	req.Header.Set("User-Agent", "Microsoft-SkypeBotApi (Microsoft-BotFramework/3.0)")

	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}

	res, err := a.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	got, err := io.ReadAll(io.LimitReader(res.Body, maxAnswerBytes))
	return res.StatusCode, got, err
}
