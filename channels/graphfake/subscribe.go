package graphfake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
)

// Subscribe sets the app's callback URL, as in Meta's App Dashboard, and subscribes the app to an object (the id of a WhatsApp
// business account or a Page). fields are the webhook fields that are sent; none means all.
// Errors: the callback didn't return the challenge.
func (h *hooks) Subscribe(ctx context.Context, object, callback, verifyToken string, fields ...string) error {
	if err := h.subscribeAt(ctx, object, callback, verifyToken, fields...); err != nil {
		return err
	}
	kind := h.g.kindOf(object)
	h.g.mu.Lock()
	h.g.apps[kind] = appHook{callback: callback, verify: verifyToken, fields: objectFields(kind)}
	h.g.mu.Unlock()
	return nil
}

// subscribeAt sets the callback for the webhooks about one object, after verifying it.
func (h *hooks) subscribeAt(ctx context.Context, object, callback, verifyToken string, fields ...string) error {
	if err := h.verifyCallback(ctx, callback, verifyToken); err != nil {
		return err
	}
	h.mu.Lock()
	h.subs[object] = subscription{url: callback, fields: slices.Clone(fields)}
	h.mu.Unlock()
	return nil
}

// findSubscription returns the subscription to an object; false means that there is none.
func (h *hooks) findSubscription(object string) (subscription, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	sub, ok := h.subs[object]
	return sub, ok
}

// Unsubscribe removes the subscription to an object.
func (h *hooks) Unsubscribe(object string) {
	h.mu.Lock()
	delete(h.subs, object)
	h.mu.Unlock()
}

// verifyCallback verifies a callback, as Meta does before it uses one: it sends a random challenge with the verify token, which
// the receiver recognises, and expects the challenge as the response.
func (h *hooks) verifyCallback(ctx context.Context, callback, verifyToken string) error {
	u, err := url.Parse(callback)
	if err != nil || u.Host == "" {
		return errors.New("graphfake: callback: not an address")
	}

	h.g.mu.Lock()
	challenge := fmt.Sprint(h.g.rng.Int31())
	h.g.mu.Unlock()
	q := u.Query()
	q.Set("hub.mode", "subscribe")
	q.Set("hub.challenge", challenge)
	q.Set("hub.verify_token", verifyToken)
	u.RawQuery = q.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return fmt.Errorf("graphfake: callback: %w", err)
	}

	resp, err := h.client.Do(req)
	if err != nil {
		return fmt.Errorf("graphfake: callback: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxHookAnswer))
	isEchoed := resp.StatusCode == http.StatusOK && string(body) == challenge
	if err != nil || !isEchoed {
		return fmt.Errorf("graphfake: callback: it answered %d and not the challenge", resp.StatusCode)
	}

	return nil
}
