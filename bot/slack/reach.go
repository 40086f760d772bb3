package slack

import (
	"context"
	"errors"

	"parley/channels"
)

// Reach implements bridge.Reachable: it asks Slack who we are. Slack is reached also if it answers that it doesn't like
// the question.
func (s *Surface) Reach(ctx context.Context) error {
	_, err := s.api.AuthTestContext(ctx)
	err = classify(err)
	var se *channels.SendError
	if !errors.As(err, &se) {
		return err
	}
	isAnswer := se.Class == channels.Throttled || se.Class == channels.BadContent || se.Class == channels.BadRecipient
	if isAnswer {
		return nil
	}
	return err
}
