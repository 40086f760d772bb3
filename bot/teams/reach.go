package teams

import (
	"context"
	"errors"
	"net/http"

	"parley/bot/teams/connector"
	"parley/bot/teams/rest"
	"parley/channels"
)

// Reach implements bridge.Reachable: it asks Teams for the members of one of our channels. Whatever Teams answers
// about that, it is there.
func (s *Surface) Reach(ctx context.Context) error {
	if !s.alone() {
		if _, err := s.token(ctx); err != nil {
			c := tokenCondition(err)
			if errors.Is(err, rest.ErrCredentials) {
				return &channels.SendError{Class: channels.AuthBroken, Text: c.Text, Hint: c.Hint, Cause: err}
			}
			return err
		}
	}
	known, err := s.opt.Desk.Channels(ctx)
	if err != nil || len(known) == 0 {
		return nil //nolint:nilerr // the database doesn't tell where to ask: that says nothing of Teams
	}
	_, err = s.directory.Audience(ctx, known[0])
	var failed *connector.Error
	if errors.As(err, &failed) && (failed.Status == 0 || failed.Status >= http.StatusInternalServerError) {
		return err
	}
	return nil
}
