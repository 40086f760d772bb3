package graphfake

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"
)

// A webhook is a request with which Meta reports an event, such as a customer's message, to the callback URL of an app. This
// file queues webhooks, and hooksend.go sends them.

// subscription says where the webhooks about one object are sent.
type subscription struct {
	url    string
	fields []string // the webhook fields that are sent; empty means all
}

// hook is one queued event. A request has an object, and a list of entries, each of which has a list of items:
//
//	{"object": "page", "entry": [{"id": "1055", "messaging": [{…}]}]}
type hook struct {
	route  string // for faults: "hook.message"
	to     string // the callback's URL
	object string // "page" or "whatsapp_business_account"
	entry  string // the id of the entry, which is that of the Page or business account
	item   map[string]any
	key    string // the entry's key for the list of items: "changes" or "messaging"
	at     int64  // the time of the entry; 0 means none
	tries  int
	forged bool // the next attempt has a wrong signature
}

// Delivery is the record of one attempt to send a webhook, for tests.
type Delivery struct {
	Route  string
	URL    string
	Body   []byte
	Status int // 0 means no response
}

// hooks sends webhooks. Each callback has a queue, which is sent in order by one goroutine while it isn't empty. The suffix
// Locked in the names of methods refers to hooks.mu. It may be locked while ground.mu is held, but not the reverse.
type hooks struct {
	g      *ground // the state that all parts of the emulator share
	faults *faults
	client *http.Client
	wg     sync.WaitGroup
	ctx    context.Context //nolint:containedctx // ends with the server
	cancel context.CancelFunc

	mu      sync.Mutex
	subs    map[string]subscription // by object id
	queues  map[string]*hookQueue   // by URL
	swapped map[string]*hook        // by URL: held back by ActionSwap until the next one was queued
	batch   int                     // maximum number of items in one request
	log     []Delivery
	paused  bool // between PauseHooks and ResumeHooks
}

// hookQueue is the queue of one callback.
type hookQueue struct {
	items []*hook
	busy  bool // a goroutine is sending it
}

func newHooks(g *ground, f *faults) *hooks {
	ctx, cancel := context.WithCancel(context.Background())
	client := &http.Client{Timeout: g.opts.HookTimeout, Transport: &http.Transport{IdleConnTimeout: time.Minute}}
	return &hooks{g: g, faults: f, client: client, ctx: ctx, cancel: cancel, batch: 1,
		subs: map[string]subscription{}, queues: map[string]*hookQueue{}, swapped: map[string]*hook{}}
}

// close cancels all requests and timers, and waits for their goroutines.
func (h *hooks) close() {
	h.mu.Lock()
	h.cancel()
	h.mu.Unlock()
	h.wg.Wait()
	h.client.CloseIdleConnections()
}

// runLater calls do after a delay, unless the server is closed before that.
func (h *hooks) runLater(wait time.Duration, do func()) {
	h.mu.Lock()
	defer h.mu.Unlock()

	if h.ctx.Err() != nil {
		return
	}

	h.wg.Go(func() {
		timer := time.NewTimer(wait)
		defer timer.Stop()

		select {
		case <-timer.C:
			do()
		case <-h.ctx.Done():
		}
	})
}

// notify queues a webhook if the app has subscribed to its field. If one.to is "", it goes to the subscription's callback.
// notify may be called with or without ground.mu.
func (h *hooks) notify(field string, one hook) {
	h.mu.Lock()
	defer h.mu.Unlock()
	sub, isSubscribed := h.subs[one.entry]
	isWanted := len(sub.fields) == 0 || slices.Contains(sub.fields, field)
	if !isSubscribed || !isWanted {
		return
	}

	one.to = cmp.Or(one.to, sub.url)
	hit := h.faults.strike(one.route)
	if hit.has(ActionDrop) {
		return
	}

	one.forged = hit.has(ActionBadSignature)
	if hit.has(ActionSwap) && h.swapped[one.to] == nil {
		h.swapped[one.to] = &one
		return
	}

	h.pushLocked(&one)
	if hit.has(ActionDuplicate) {
		duplicate := one
		h.pushLocked(&duplicate)
	}
	if delayed := h.swapped[one.to]; delayed != nil {
		delete(h.swapped, one.to)
		h.pushLocked(delayed)
	}
}

// pushLocked appends a webhook to its callback's queue, and starts sending it.
func (h *hooks) pushLocked(one *hook) {
	q := h.queues[one.to]
	if q == nil {
		q = &hookQueue{}
		h.queues[one.to] = q
	}
	q.items = append(q.items, one)
	h.wakeLocked(q)
}

// wakeLocked starts a goroutine that sends a queue, unless one is running or there is nothing to send.
func (h *hooks) wakeLocked(q *hookQueue) {
	if q.busy || !h.maySendLocked(q) {
		return
	}
	q.busy = true
	h.wg.Go(func() { h.send(q) })
}

func (h *hooks) maySendLocked(q *hookQueue) bool {
	if h.paused || h.ctx.Err() != nil {
		return false
	}
	return len(q.items) > 0
}

// PauseHooks holds webhooks back until ResumeHooks, as in an outage of Meta.
func (h *hooks) PauseHooks() {
	h.mu.Lock()
	h.paused = true
	h.mu.Unlock()
}

// ResumeHooks sends the webhooks that PauseHooks held back. From then on, a request has up to batch items; 0 means 1.
func (h *hooks) ResumeHooks(batch int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.paused, h.batch = false, max(batch, 1)
	for _, q := range h.queues {
		h.wakeLocked(q)
	}
}

// HookCount returns the number of queued webhooks.
func (h *hooks) HookCount() (waiting int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, q := range h.queues {
		waiting += len(q.items)
	}
	return waiting
}

// PostHook signs any body, sends it to a callback and returns the status. Errors: there was no response.
func (h *hooks) PostHook(callback string, body []byte) (int, error) {
	status := h.postBody(callback, body, h.g.opts.AppSecret)
	if status == 0 {
		return 0, errors.New("graphfake: webhook: no answer")
	}
	return status, nil
}

// Deliveries returns all attempts to send webhooks so far.
func (h *hooks) Deliveries() []Delivery {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.log)
}

// Settle waits until all webhooks were sent. It ignores those that PauseHooks holds back. Errors: ctx ended.
func (h *hooks) Settle(ctx context.Context) error {
	return h.g.Wait(ctx, func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, q := range h.queues {
			isDue := len(q.items) > 0 && !h.paused
			if q.busy || isDue {
				return false
			}
		}
		return true
	})
}
