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

// A webhook is a request by which Meta tells an app's callback what happened. This file queues webhooks, and hooksend.go sends them.

// subscription is where an object's webhooks go.
type subscription struct {
	url    string
	fields []string // those that are sent; empty means all
}

// hook is one change on its way to a callback.
type hook struct {
	route  string // "hook.message"
	to     string // URL
	object string // "whatsapp_business_account"
	entry  string // id of the entry
	item   map[string]any
	key    string // under which of the entry's keys items are listed: "changes", "messaging"
	at     int64  // of the entry; 0 means not given
	tries  int
	forged bool // the next try has a wrong signature; send clears it
}

// Delivery is one webhook as it was sent, once for every try.
type Delivery struct {
	Route  string
	URL    string
	Body   []byte
	Status int // 0 means no answer
}

// hooks sends webhooks to each callback one after the other, in the order of notify. It has a lock of its own, which Locked in the names of
// its methods refers to.
type hooks struct {
	g      *ground
	faults *faults
	client *http.Client
	wg     sync.WaitGroup
	ctx    context.Context //nolint:containedctx // ends with the server
	cancel context.CancelFunc

	mu      sync.Mutex
	subs    map[string]subscription // by object id
	queues  map[string]*hookQueue   // by URL
	swapped map[string]*hook        // by URL: kept back by ActionSwap until the next one is sent
	batch   int                     // the maximum of items in one request; ResumeHooks sets it
	log     []Delivery
	paused  bool // PauseHooks was called, and ResumeHooks not since
}

// hookQueue has the webhooks of one callback.
type hookQueue struct {
	items []*hook
	busy  bool // a goroutine runs send for it
}

func newHooks(g *ground, f *faults) *hooks {
	ctx, cancel := context.WithCancel(context.Background())
	client := &http.Client{Timeout: g.opts.HookTimeout, Transport: &http.Transport{IdleConnTimeout: time.Minute}}
	return &hooks{g: g, faults: f, client: client, ctx: ctx, cancel: cancel, batch: 1,
		subs: map[string]subscription{}, queues: map[string]*hookQueue{}, swapped: map[string]*hook{}}
}

// close ends everything under way, and waits for it.
func (h *hooks) close() {
	h.mu.Lock()
	h.cancel()
	h.mu.Unlock()
	h.wg.Wait()
	h.client.CloseIdleConnections()
}

// runLater does something after a while, unless the server is closed before.
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

// notify queues a webhook if somebody subscribed to its field. Without one.to, it goes to the callback of the subscription. notify may be
// called with or without ground's lock.
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
		double := one
		h.pushLocked(&double)
	}
	if late := h.swapped[one.to]; late != nil {
		delete(h.swapped, one.to)
		h.pushLocked(late)
	}
}

// pushLocked queues a webhook and starts its callback's sender.
func (h *hooks) pushLocked(one *hook) {
	q := h.queues[one.to]
	if q == nil {
		q = &hookQueue{}
		h.queues[one.to] = q
	}
	q.items = append(q.items, one)
	h.wakeLocked(q)
}

// wakeLocked starts the sender of a queue, unless it runs already or has nothing to do.
func (h *hooks) wakeLocked(q *hookQueue) {
	if q.busy || !h.maySendLocked(q) {
		return
	}
	q.busy = true
	h.wg.Go(func() { h.send(q) })
}

// maySendLocked reports whether a queue's webhooks are to be sent now.
func (h *hooks) maySendLocked(q *hookQueue) bool {
	if h.paused || h.ctx.Err() != nil {
		return false
	}
	return len(q.items) > 0
}

// PauseHooks keeps webhooks back until ResumeHooks, as an outage of Meta does.
func (h *hooks) PauseHooks() {
	h.mu.Lock()
	h.paused = true
	h.mu.Unlock()
}

// ResumeHooks sends what PauseHooks kept back, up to batch items in one request (0 means 1), and goes on so.
func (h *hooks) ResumeHooks(batch int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.paused, h.batch = false, max(batch, 1)
	for _, q := range h.queues {
		h.wakeLocked(q)
	}
}

// HookCount reports how many webhooks wait to be sent.
func (h *hooks) HookCount() (waiting int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, q := range h.queues {
		waiting += len(q.items)
	}
	return waiting
}

// PostHook signs any body, sends it to a callback and returns the status. Errors: no answer.
func (h *hooks) PostHook(callback string, body []byte) (int, error) {
	status := h.postBody(callback, body, h.g.opts.AppSecret)
	if status == 0 {
		return 0, errors.New("graphfake: webhook: no answer")
	}
	return status, nil
}

// Deliveries lists the webhooks that were sent, every try of them.
func (h *hooks) Deliveries() []Delivery {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.log)
}

// Settle waits until no webhook waits to be sent.
// Errors: ctx ended.
func (h *hooks) Settle(ctx context.Context) error {
	return h.g.Wait(ctx, func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, q := range h.queues {
			waits := len(q.items) > 0 && !h.paused
			if q.busy || waits {
				return false
			}
		}
		return true
	})
}
