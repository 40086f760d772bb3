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

// Subscribe verifies a callback as Meta does (hub.challenge) and sends the webhooks of an
// object (a WhatsApp business account, a page) there from now on; no fields = all.
// Errors: the callback didn't echo the challenge.
func (s *Server) Subscribe(ctx context.Context, object, callback, verifyToken string, fields ...string) error {
	if err := s.challenge(ctx, callback, verifyToken); err != nil {
		return err
	}
	s.hooks.mu.Lock()
	s.hooks.subs[object] = subscription{callback, slices.Clone(fields)}
	s.hooks.mu.Unlock()
	return nil
}

func (h *hooks) subscription(object string) (subscription, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	sub, ok := h.subs[object]
	return sub, ok
}

// Unsubscribe ends the webhooks of an object.
func (s *Server) Unsubscribe(object string) {
	s.hooks.mu.Lock()
	delete(s.hooks.subs, object)
	s.hooks.mu.Unlock()
}

// challenge asks a callback to prove that it knows the verify token.
func (s *Server) challenge(ctx context.Context, callback, verifyToken string) error {
	u, err := url.Parse(callback)
	if err != nil || u.Host == "" {
		return errors.New("graphfake: callback: not an address")
	}
	s.mu.Lock()
	challenge := fmt.Sprint(s.rng.Int31())
	s.mu.Unlock()
	q := u.Query()
	q.Set("hub.mode", "subscribe")
	q.Set("hub.challenge", challenge)
	q.Set("hub.verify_token", verifyToken)
	u.RawQuery = q.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return fmt.Errorf("graphfake: callback: %w", err)
	}
	resp, err := s.hooks.client.Do(req)
	if err != nil {
		return fmt.Errorf("graphfake: callback: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	if err != nil || resp.StatusCode != http.StatusOK || string(body) != challenge {
		return fmt.Errorf("graphfake: callback: it answered %d and not the challenge", resp.StatusCode)
	}
	return nil
}
