package http

import (
	"fmt"
	"strconv"
	"strings"

	"parley/channels"
)

// purpose is what proofs of tokens are for.
const purpose = "http token"

// tokenOf returns the token that names a message to the receiver. It is the same for each attempt until the message
// has failed, and another one if somebody sends the message again. It is the callback's id and its Idempotency-Key.
// Shape: p12.34.0a1b2c3d4e5f6071 (delivery, message, proof); p12-1.34.… if the message is sent again
func (c *Channel) tokenOf(o channels.Outbound) string {
	text := fmt.Sprintf("p%d.%d", o.DeliveryID, o.MessageID)
	if o.Attempt.Again > 0 {
		text = fmt.Sprintf("p%d-%d.%d", o.DeliveryID, o.Attempt.Again, o.MessageID)
	}
	var key []byte
	if len(c.env.Keys) > 0 {
		key = c.env.Keys[0]
	}
	return text + "." + channels.Sign(key, purpose, text)
}

// messageOf returns our message that a token names; 0 means it isn't a token of ours.
func (c *Channel) messageOf(token string) int64 {
	delivery, rest, _ := strings.Cut(token, ".")
	message, given, _ := strings.Cut(rest, ".")
	if !strings.HasPrefix(delivery, "p") || strings.Contains(given, ".") {
		return 0
	}
	id, err := strconv.ParseInt(message, 10, 64)
	if err != nil || !channels.Verify(c.env.Keys, purpose, delivery+"."+message, given) {
		return 0
	}
	return id
}
