package teams

import (
	"context"
	"errors"
	"net/http"

	"parley/channels"
)

// Reach implements bridge.Reachable. It gets an access token and asks Teams for the members of one of our channels. Each
// response shows that Teams is reachable, also a refusal.
func (s *Surface) Reach(ctx context.Context) error {
	if err := s.checkToken(ctx); err != nil {
		return err
	}

	list, err := s.opt.Desk.Channels(ctx)
	if err != nil || len(list) == 0 {
		return nil //nolint:nilerr // without a channel we can't ask, which says nothing about Teams
	}

	_, err = s.directory.Audience(ctx, list[0])
	var failed *Error
	if !errors.As(err, &failed) {
		return nil
	}
	if failed.Status == 0 || failed.Status >= http.StatusInternalServerError {
		return err
	}

	return nil
}

// checkToken checks whether Entra issues us a token. It returns nil if the app has no secret.
func (s *Surface) checkToken(ctx context.Context) error {
	if s.hasNoSecret() {
		return nil
	}
	_, err := s.fetchToken(ctx)
	if !errors.Is(err, ErrCredentials) {
		return err
	}
	c := tokenCondition(err)
	return &channels.SendError{Class: channels.AuthBroken, Text: c.Text, Hint: c.Hint, Cause: err}
}
