package http

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"parley/channels"
)

// token names one message to the receiver, the same for each attempt until it failed. It is
// the callback's id and its Idempotency-Key.
// Shape: p12.34.0a1b2c3d4e5f6071 (delivery, message, proof), p12-1.34.… when sent again
func (c *Channel) token(o channels.Outbound) string {
	text := fmt.Sprintf("p%d.%d", o.DeliveryID, o.MessageID)
	if o.Again > 0 {
		text = fmt.Sprintf("p%d-%d.%d", o.DeliveryID, o.Again, o.MessageID)
	}
	var key []byte
	if len(c.env.Keys) > 0 {
		key = c.env.Keys[0]
	}
	return text + "." + tokenProof(key, text)
}

func tokenProof(key []byte, text string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("parley http token " + text))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

// messageOf gives our message that a token names; 0 = it is no token of ours.
func (c *Channel) messageOf(token string) int64 {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || !strings.HasPrefix(token, "p") {
		return 0
	}
	id, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return 0
	}
	for _, key := range c.env.Keys {
		if hmac.Equal([]byte(tokenProof(key, parts[0]+"."+parts[1])), []byte(parts[2])) {
			return id
		}
	}
	return 0
}
