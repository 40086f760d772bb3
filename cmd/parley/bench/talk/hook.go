package talk

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"parley/channels/channelstest"
	"parley/channels/pause"
	"parley/cmd/parley/bench/load"
)

const (
	hookSecret = "loopback-secret"     // signs the webhooks of all loopback accounts
	hookRetry  = 20 * time.Millisecond // the pause before a webhook that Parley refused is sent again
)

// hookQueue has the webhooks that wait to be sent to Parley.
type hookQueue chan hook

// hook is one webhook.
type hook struct {
	account string
	body    []byte
	then    func() // called when Parley has accepted it; nil means nothing is called
}

// add queues a webhook with one event.
func (q hookQueue) add(account string, then func(), event channelstest.Event) error {
	body, err := json.Marshal([]channelstest.Event{event})
	if err != nil {
		return fmt.Errorf("bench: webhook: %w", err)
	}
	q <- hook{account: account, body: body, then: then}
	return nil
}

// send sends queued webhooks until ctx ends. It connects when it has the first one, since Parley closes a connection on which
// nothing comes for 10 s. Several goroutines may send.
func (q hookQueue) send(ctx context.Context, address string) error {
	signer := load.NewSigner(address, hookSecret)
	var wire *load.Wire
	for {
		var h hook
		select {
		case <-ctx.Done():
			return nil
		case h = <-q:
		}

		if wire == nil {
			var err error
			if wire, err = load.Dial(ctx, address); err != nil {
				return err
			}
			defer wire.Close()
		}
		accepted, err := h.deliver(ctx, wire, signer)
		if err != nil || !accepted {
			return err
		}
		if h.then != nil {
			h.then()
		}
	}
}

// deliver sends a webhook, again while Parley answers it with 503. accepted is false if ctx has ended before.
func (h hook) deliver(ctx context.Context, wire *load.Wire, signer *load.Signer) (accepted bool, err error) {
	for {
		status, err := wire.Do(signer.Hook(h.account, h.body))
		switch {
		case err != nil:
			return false, err
		case status == http.StatusOK:
			return true, nil
		case status != http.StatusServiceUnavailable:
			return false, fmt.Errorf("%w: %d to a webhook", load.ErrAnswer, status)
		}
		if !pause.For(ctx, hookRetry) {
			return false, nil
		}
	}
}
