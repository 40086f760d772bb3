package http

import (
	"fmt"
	"strconv"
	"strings"

	"parley/channels"
	"parley/channels/proof"
)

// purpose is what proofs of tokens are for.
const purpose = "http token"

// token names one message to the receiver, the same for each attempt until it failed. It is
// the callback's id and its Idempotency-Key.
// Shape: p12.34.0a1b2c3d4e5f6071 (delivery, message, proof), p12-1.34.… when sent again
func (c *Channel) token(o channels.Outbound) string {
	text := fmt.Sprintf("p%d.%d", o.DeliveryID, o.MessageID)
	if o.Attempt.Again > 0 {
		text = fmt.Sprintf("p%d-%d.%d", o.DeliveryID, o.Attempt.Again, o.MessageID)
	}
	var key []byte
	if len(c.env.Keys) > 0 {
		key = c.env.Keys[0]
	}
	return text + "." + proof.Sign(key, purpose, text)
}

// messageOf returns our message that a token names; 0 means it is no token of ours.
func (c *Channel) messageOf(token string) int64 {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || !strings.HasPrefix(token, "p") {
		return 0
	}
	id, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || !proof.Verify(c.env.Keys, purpose, parts[0]+"."+parts[1], parts[2]) {
		return 0
	}
	return id
}
