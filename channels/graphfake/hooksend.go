package graphfake

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
	"unicode"
	"unicode/utf16"
)

const (
	maxRetryGrowth = 100      // the maximum retry delay, as a multiple of the first one
	maxHookAnswer  = 64 << 10 // how much of the response to a webhook is read, in bytes
)

// send sends the webhooks of a queue in order, until the queue is empty or paused. A request that isn't answered with 2xx is
// sent again after increasing delays, at most Options.HookTries times in total.
func (h *hooks) send(q *hookQueue) {
	pause := h.g.opts.HookRetry
	for {
		batch := h.nextBatch(q)
		if len(batch) == 0 {
			h.g.change(func() {}) // wakes Settle
			return
		}

		isAccepted := h.post(batch) // without the lock, because the receiver may call this server before it responds
		if h.finishBatch(q, batch, isAccepted) {
			pause = h.g.opts.HookRetry
			continue
		}

		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-h.ctx.Done():
			timer.Stop()
		}

		pause = min(2*pause, maxRetryGrowth*h.g.opts.HookRetry)
	}
}

// nextBatch returns the webhooks for the next request. If it returns none, the caller must stop sending.
func (h *hooks) nextBatch(q *hookQueue) []*hook {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.maySendLocked(q) {
		q.busy = false
		return nil
	}

	batch := slices.Clone(q.items[:min(h.batch, len(q.items))])
	for i, one := range batch {
		if one.object != batch[0].object { // a request has only one kind of object
			return batch[:i]
		}
	}
	return batch
}

// finishBatch removes a batch from its queue if it was accepted or has been tried often enough, and reports whether it did.
// Otherwise the batch is to be sent again, with the right signature.
func (h *hooks) finishBatch(q *hookQueue, batch []*hook, isAccepted bool) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, one := range batch {
		one.tries++
		one.forged = false
	}

	isFinished := isAccepted || batch[0].tries >= h.g.opts.HookTries
	if isFinished {
		q.items = q.items[len(batch):]
	}
	return isFinished
}

// post sends one request and reports whether it was answered with 2xx.
func (h *hooks) post(batch []*hook) bool {
	first := batch[0]
	body, err := json.Marshal(map[string]any{"object": first.object, "entry": entriesOf(batch)})
	if err != nil {
		panic(fmt.Sprintf("graphfake: webhook: %v", err)) // a bug in this package
	}

	secret := h.g.opts.AppSecret
	if first.forged {
		secret = "forged " + secret // ActionBadSignature: a receiver must refuse it
	}

	status := h.postBody(first.to, escape(body), secret)
	h.mu.Lock()
	h.log = append(h.log, Delivery{Route: first.route, URL: first.to, Body: body, Status: status})
	h.mu.Unlock()
	return status/100 == 2
}

// entry is the part of a request that is about one Page or business account.
type entry struct {
	ID        string           `json:"id"`
	Time      int64            `json:"time,omitempty"`
	Changes   []map[string]any `json:"changes,omitempty"`
	Messaging []map[string]any `json:"messaging,omitempty"`
}

// entriesOf groups the items of webhooks into entries.
func entriesOf(batch []*hook) []*entry {
	var entries []*entry
	for _, one := range batch {
		i := slices.IndexFunc(entries, func(e *entry) bool { return e.ID == one.entry })
		if i < 0 {
			i, entries = len(entries), append(entries, &entry{ID: one.entry, Time: one.at})
		}

		if one.key == "messaging" {
			entries[i].Messaging = append(entries[i].Messaging, one.item)
		} else {
			entries[i].Changes = append(entries[i].Changes, one.item)
		}
	}
	return entries
}

// postBody sends a signed body and returns the status; 0 means that there was no response.
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

// escape writes characters outside of ASCII as \uXXXX, as Meta does. So a receiver that verifies the signature over
// reencoded JSON, instead of the raw body, fails.
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
