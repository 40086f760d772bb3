package slack

import (
	"context"
	"errors"

	"parley/channels"
)

// Reach implements bridge.Reachable: it asks Slack who we are. Whatever else Slack answers, it is there.
func (s *Surface) Reach(ctx context.Context) error {
	_, err := s.api.AuthTestContext(ctx)
	var se *channels.SendError
	err = classify(err)
	if errors.As(err, &se) && (se.Class == channels.Throttled || se.Class == channels.BadContent || se.Class == channels.BadRecipient) {
		return nil
	}
	return err
}
