package forms

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"parley/bridge"
	"parley/channels"
)

// QuarantinedFact returns a fact for a body that can't be decoded. It is stored for inspection and has no effect. Its id is
// the hash of the body.
func QuarantinedFact(body []byte, reason string) channels.Fact {
	id := "q:" + Digest(string(body))
	return channels.Fact{ExternalID: id, OrderKey: id, Payload: body, Quarantine: reason}
}

// Digest returns a short hash of texts, in hexadecimal digits.
func Digest(parts ...string) string {
	const size = 12 // bytes: 96 bits make accidental collisions practically impossible
	hash := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(hash, "%d:%s", len(part), part) // with lengths, so that "a", "bc" differs from "ab", "c"
	}
	return hex.EncodeToString(hash.Sum(nil)[:size])
}

// MarkFound changes the origin of actions that were found in a chat's history, because their event was lost.
func MarkFound(found []bridge.Action) {
	for i := range found {
		origin := bridge.OriginCatchUp
		if found[i].IsEmoji() {
			origin = bridge.OriginFoundEmoji
		}
		found[i].Origin = origin
	}
}
