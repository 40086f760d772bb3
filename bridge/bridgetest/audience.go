package bridgetest

import (
	"context"
	"net/http"

	"parley/bridge"
)

// Private lets only some users read a channel.
func (c *Chat) Private(channel string, users ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.private[channel] = users
}

// getAudience returns who may read a channel.
func (a api) getAudience(r request) (int, any) {
	a.chat.mu.Lock()
	defer a.chat.mu.Unlock()
	users, private := a.chat.private[r.Channel]
	answer := bridge.Audience{Everyone: !private}
	for _, user := range users {
		if user == App {
			continue
		}
		answer.Users = append(answer.Users, bridge.SurfaceUser(user))
	}
	return http.StatusOK, answer
}

// Audience implements bridge.Surface.
func (s *Surface) Audience(ctx context.Context, channel string) (bridge.Audience, error) {
	var a bridge.Audience
	err := s.call(ctx, "audience", request{Channel: channel}, &a)
	return a, err
}

// Resolve implements bridge.Surface.
func (s *Surface) Resolve(_ context.Context, channel string) (string, error) { return channel, nil }

// Handlers implements bridge.Surface.
func (s *Surface) Handlers() map[string]http.Handler { return nil }

// Reach implements bridge.Reachable.
func (s *Surface) Reach(ctx context.Context) error {
	var empty struct{}
	return s.call(ctx, "reach", request{}, &empty)
}
