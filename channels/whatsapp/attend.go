package whatsapp

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"parley/channels"
	"parley/channels/wanumber"
)

// attendTimeout limits the time of a read receipt: a late one is useless.
const attendTimeout = 10 * time.Second

// Attend implements channels.Attendant: two blue ticks at the customer's last message and
// all before it, and "typing…" for 25 seconds or until the answer. Without such a message there is nothing to mark.
// Source: Cloud API, "Typing indicators".
func (c *Channel) Attend(ctx context.Context, _ channels.Party, last string) error {
	if last == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, attendTimeout)
	defer cancel()
	err := c.graph.Call(ctx, http.MethodPost, c.phone+"/messages", nil, object{"messaging_product": "whatsapp", "status": "read",
		"message_id": last, "typing_indicator": object{"type": "text"}}, nil)
	if err != nil {
		return fmt.Errorf("whatsapp: attend: %w", err)
	}
	return nil
}

// Recipient implements channels.Starter: a phone number with its country code, or a user
// id.
func (c *Channel) Recipient(typed string) (channels.Party, error) {
	typed = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(typed), "whatsapp:"))
	if user := userKey(loose(typed)); user != "" {
		return channels.Party{Key: user}, nil
	}
	if rest, ok := strings.CutPrefix(typed, "00"); ok {
		typed = "+" + rest
	}
	if !strings.HasPrefix(typed, "+") {
		return channels.Party{}, &channels.SendError{Class: channels.BadRecipient, Text: "The number has no country code.", Hint: "Write it like +49 170 1234567."}
	}

	n, err := phonenumbers.Parse(typed, "")
	if err != nil || !phonenumbers.IsValidNumber(n) {
		return channels.Party{}, &channels.SendError{Class: channels.BadRecipient, Text: "No such phone number can exist.", Hint: "Check it: +, country code, number.", Cause: err}
	}

	key := phonenumbers.Format(n, phonenumbers.E164)
	return channels.Party{Key: key, Also: wanumber.OtherForms(key)}, nil
}
