package slack

import (
	"context"
	"errors"

	"parley/channels"
)

// Reach implements bridge.Reachable: it asks Slack who we are. An answer that refuses that counts, too.
func (s *Surface) Reach(ctx context.Context) error {
	_, err := s.api.AuthTestContext(ctx)
	err = Classify(err)
	var se *channels.SendError
	if !errors.As(err, &se) {
		return err
	}
	switch se.Class {
	case channels.Throttled, channels.BadContent, channels.BadRecipient: // Slack has answered
		return nil
	default:
		return err
	}
}
