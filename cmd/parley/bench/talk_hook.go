package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"parley/channels/channelstest"
	channelswire "parley/channels/wire"
)

const (
	hookSecret = "loopback-secret"     // signs the webhooks of all loopback accounts
	hookRetry  = 20 * time.Millisecond // pause before a webhook that Parley answered with 503 is sent again
)

// hookQueue is a queue of webhooks to be sent to Parley. It simulates the chat provider of the customers:
// several goroutines run send, and each of them sends one webhook after the other over its own connection, and
// again if Parley is overloaded.
type hookQueue chan hook

// hook is one webhook.
type hook struct {
	account    string // the account of Parley that receives it
	body       []byte
	onAccepted func() // called after Parley has accepted it; may be nil
}

// add queues a webhook with one event. onAccepted is called after Parley has accepted it; it may be nil.
func (q hookQueue) add(account string, onAccepted func(), event channelstest.Event) error {
	body, err := json.Marshal([]channelstest.Event{event})
	if err != nil {
		return fmt.Errorf("bench: webhook: %w", err)
	}
	q <- hook{account: account, body: body, onAccepted: onAccepted}
	return nil
}

// send sends queued webhooks to address until ctx ends. It connects when it has the first webhook, because
// Parley closes connections that are idle for 10 s. Several goroutines may call send.
func (q hookQueue) send(ctx context.Context, address string) error {
	signer := NewSigner(address, hookSecret)
	var wire *Wire
	for {
		var h hook
		select {
		case <-ctx.Done():
			return nil
		case h = <-q:
		}

		if wire == nil {
			var err error
			if wire, err = Dial(ctx, address); err != nil {
				return err
			}
			defer wire.Close()
		}
		accepted, err := h.deliver(ctx, wire, signer)
		if err != nil || !accepted {
			return err
		}
		if h.onAccepted != nil {
			h.onAccepted()
		}
	}
}

// deliver sends a webhook, and repeats it while Parley answers with 503. accepted is false if ctx ends before
// Parley accepts it.
func (h hook) deliver(ctx context.Context, wire *Wire, signer *Signer) (accepted bool, err error) {
	for {
		status, err := wire.Do(signer.Hook(h.account, h.body))
		switch {
		case err != nil:
			return false, err
		case status == http.StatusOK:
			return true, nil
		case status != http.StatusServiceUnavailable:
			return false, fmt.Errorf("%w: %d to a webhook", ErrAnswer, status)
		}
		if !channelswire.For(ctx, hookRetry) {
			return false, nil
		}
	}
}
