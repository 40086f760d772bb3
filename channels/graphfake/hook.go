package graphfake

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
	"unicode"
	"unicode/utf16"
)

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

// hooks sends webhooks to each callback one after the other, in the order of notify.
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
	held    []*hook                 // kept back by ActionHold until ReleaseHooks
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
	return &hooks{g: g, faults: f, client: &http.Client{Timeout: g.opts.HookTimeout}, ctx: ctx, cancel: cancel, batch: 1,
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

// notify queues a webhook if somebody subscribed to its field. Faults are armed for one.route. Without one.to it goes to the
// callback of the subscription. May be called with or without the server's lock.
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
	if hit.has(ActionHold) {
		h.held = append(h.held, &one)
		return
	}
	if hit.has(ActionSwap) && h.swapped[one.to] == nil {
		h.swapped[one.to] = &one
		return
	}

	h.push(&one)
	if hit.has(ActionDuplicate) {
		double := one
		h.push(&double)
	}
	if late := h.swapped[one.to]; late != nil {
		delete(h.swapped, one.to)
		h.push(late)
	}
}

// push queues a webhook and starts its callback's sender. Called under the lock.
func (h *hooks) push(one *hook) {
	q := h.queues[one.to]
	if q == nil {
		q = &hookQueue{}
		h.queues[one.to] = q
	}
	q.items = append(q.items, one)
	h.wake(q)
}

// wake starts the sender of a queue, unless it runs already or has nothing to do. Called under the lock.
func (h *hooks) wake(q *hookQueue) {
	if q.busy || !h.maySend(q) {
		return
	}
	q.busy = true
	h.wg.Go(func() { h.send(q) })
}

// maySend reports whether a queue's webhooks are to be sent now. Called under the lock.
func (h *hooks) maySend(q *hookQueue) bool {
	if h.paused || h.ctx.Err() != nil {
		return false
	}
	return len(q.items) > 0
}

// PauseHooks keeps webhooks back, as an outage does; ResumeHooks sends them.
func (h *hooks) PauseHooks() {
	h.mu.Lock()
	h.paused = true
	h.mu.Unlock()
}

// ResumeHooks sends what PauseHooks kept back, up to batch items in one request (0 means 1),
// and goes on so.
func (h *hooks) ResumeHooks(batch int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.paused, h.batch = false, max(batch, 1)
	for _, q := range h.queues {
		h.wake(q)
	}
}

// ReleaseHooks sends what ActionHold and ActionSwap keep, in the order that the numbers
// give. Number 0 is the hook that came first. Without numbers they are sent in the order in which they came.
func (h *hooks) ReleaseHooks(order ...int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	held := h.held
	h.held = nil
	if len(order) == 0 {
		for i := range held {
			order = append(order, i)
		}
	}

	for _, i := range order {
		if i < len(held) {
			h.push(held[i])
		}
	}

	for to, late := range h.swapped {
		delete(h.swapped, to)
		h.push(late)
	}
}

// HookCount reports how many webhooks are held by ActionHold and how many wait to be sent.
func (h *hooks) HookCount() (held, waiting int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, q := range h.queues {
		waiting += len(q.items)
	}
	return len(h.held), waiting
}

const (
	maxRetryGrowth = 100      // how many times longer than the first pause between two tries the longest one is
	maxHookAnswer  = 64 << 10 // how much of the answer to a webhook is read, in bytes
)

// send works a queue off, one request at a time; what isn't taken is sent again.
func (h *hooks) send(q *hookQueue) {
	pause := h.g.opts.HookRetry
	for {
		h.mu.Lock()

		if !h.maySend(q) {
			q.busy = false
			h.mu.Unlock()
			h.g.change(func() {}) // wakes who waits for it: Settle
			return
		}

		batch := slices.Clone(q.items[:min(h.batch, len(q.items))])
		for i, one := range batch {
			if one.object != batch[0].object { // a request is about one kind of object
				batch = batch[:i]
				break
			}
		}

		h.mu.Unlock()
		taken := h.post(batch)
		h.mu.Lock()

		for _, one := range batch {
			one.tries++
			one.forged = false
		}

		if taken || batch[0].tries >= h.g.opts.HookTries {
			q.items = q.items[len(batch):]
			pause = h.g.opts.HookRetry
			h.mu.Unlock()
			continue
		}

		h.mu.Unlock()
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-h.ctx.Done():
			timer.Stop()
		}

		pause = min(2*pause, maxRetryGrowth*h.g.opts.HookRetry)
	}
}

// post sends one request and reports whether it was taken.
func (h *hooks) post(batch []*hook) bool {
	type entry struct {
		ID        string           `json:"id"`
		Time      int64            `json:"time,omitempty"`
		Changes   []map[string]any `json:"changes,omitempty"`
		Messaging []map[string]any `json:"messaging,omitempty"`
		Standby   []map[string]any `json:"standby,omitempty"`
	}

	var entries []*entry
	for _, one := range batch {
		i := slices.IndexFunc(entries, func(e *entry) bool { return e.ID == one.entry })
		if i < 0 {
			i, entries = len(entries), append(entries, &entry{ID: one.entry, Time: one.at})
		}

		switch one.key {
		case "messaging":
			entries[i].Messaging = append(entries[i].Messaging, one.item)
		case "standby":
			entries[i].Standby = append(entries[i].Standby, one.item)
		default:
			entries[i].Changes = append(entries[i].Changes, one.item)
		}
	}

	body, err := json.Marshal(map[string]any{"object": batch[0].object, "entry": entries})
	if err != nil {
		panic(fmt.Sprintf("graphfake: webhook: %v", err)) // a fault of this package
	}

	secret := h.g.opts.AppSecret
	if batch[0].forged {
		secret = "forged " + secret
	}

	status := h.postBody(batch[0].to, escape(body), secret)
	h.mu.Lock()
	h.log = append(h.log, Delivery{Route: batch[0].route, URL: batch[0].to, Body: body, Status: status})
	h.mu.Unlock()
	return status/100 == 2
}

// postBody sends a signed body and returns the status, 0 without an answer.
func (h *hooks) postBody(to string, body []byte, secret string) int {
	ctx, cancel := context.WithTimeout(h.ctx, h.g.opts.HookTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return 0
	}

	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "facebookexternalua")
	req.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	resp, err := h.client.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxHookAnswer))
	return resp.StatusCode
}

// PostHook sends a body of the caller's own to a callback, signed, and returns the status:
// for what no phone would do. Errors: no answer.
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

// Settle waits until no webhook waits to be sent; those that are held don't count.
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

// escape writes everything that isn't ASCII as \uXXXX, as Meta does. A receiver that parses the body, and writes it again
// before it checks the signature, fails.
func escape(body []byte) []byte {
	var out bytes.Buffer
	for _, r := range string(body) {
		if r <= unicode.MaxASCII {
			out.WriteByte(byte(r))
		} else if high, low := utf16.EncodeRune(r); high != unicode.ReplacementChar {
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		} else {
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.Bytes()
}
