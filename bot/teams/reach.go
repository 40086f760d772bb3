package teams

import (
	"context"
	"errors"
	"net/http"

	"parley/bot/teams/connector"
	"parley/bot/teams/rest"
	"parley/channels"
)

// Reach implements bridge.Reachable: it asks Teams for the members of one of our channels. Any answer shows that
// Teams can be reached, also a refusal.
func (s *Surface) Reach(ctx context.Context) error {
	if !s.hasNoSecret() {
		if _, err := s.fetchToken(ctx); err != nil {
			c := tokenCondition(err)
			if errors.Is(err, rest.ErrCredentials) {
				return &channels.SendError{Class: channels.AuthBroken, Text: c.Text, Hint: c.Hint, Cause: err}
			}
			return err
		}
	}

	list, err := s.opt.Desk.Channels(ctx)
	if err != nil || len(list) == 0 {
		return nil //nolint:nilerr // without a channel we can't ask, which says nothing about Teams
	}

	_, err = s.directory.Audience(ctx, list[0])
	var failed *connector.Error
	if !errors.As(err, &failed) {
		return nil
	}
	if failed.Status == 0 || failed.Status >= http.StatusInternalServerError {
		return err
	}

	return nil
}
