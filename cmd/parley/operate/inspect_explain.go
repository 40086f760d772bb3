package operate

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"parley/store"
)

// Explain answers `parley explain #CONVERSATION|EVENT`: "#12" is a conversation, "4711" an event of the journal.
// Errors: ErrUnknown.
func Explain(ctx context.Context, q store.Querier, what string, zone *time.Location) (string, error) {
	digits, isConversation := strings.CutPrefix(strings.TrimSpace(what), "#")
	id, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || id <= 0 {
		return "", fmt.Errorf("inspect: %q is neither a conversation (#12) nor an event (4711)", what)
	}

	var j Journey
	if isConversation {
		j, err = Conversation(ctx, q, store.ConversationID(id))
	} else {
		j, err = Event(ctx, q, store.EventID(id))
	}

	if err != nil {
		return "", err
	}

	return j.Text(zone), nil
}
