package meta

import (
	"context"
	"fmt"
	"net/http"

	"parley/channels"
)

// Attend implements channels.Attendant: two blue ticks at the customer's last message and
// all before it, and "typing…" for 25 seconds or until the answer. Without such a message there is nothing to mark.
// Source: Cloud API, "Typing indicators".
func (c *Number) Attend(ctx context.Context, _ channels.Party, last string) error {
	if last == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, attendTimeout)
	defer cancel()
	err := c.graph.Call(ctx, http.MethodPost, c.id+"/messages", nil, object{"messaging_product": "whatsapp", "status": "read",
		"message_id": last, "typing_indicator": object{"type": "text"}}, nil)
	if err != nil {
		return fmt.Errorf("whatsapp: attend: %w", err)
	}
	return nil
}
