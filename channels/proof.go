package channels

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// proofBytes is how many bytes of a hash a proof has. It is short enough for an address, and far too long to be guessed.
const proofBytes = 8

// Sign returns the proof that somebody who has the key wrote body for a purpose: 16 hex digits. The words of a purpose must
// never change, because messages with tokens that were signed with them can still come back.
// Shape: Sign(key, "mail token", "c12.m34") = "0a1b2c3d4e5f6071"
func Sign(key []byte, purpose, body string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("parley " + purpose + " " + body))
	return hex.EncodeToString(mac.Sum(nil)[:proofBytes])
}

// Verify reports whether proof is what Sign returned for body and purpose with one of the keys. An empty key proves nothing,
// because anybody could use it.
func Verify(keys [][]byte, purpose, body, proof string) bool {
	return slices.ContainsFunc(keys, func(key []byte) bool {
		return len(key) > 0 && hmac.Equal([]byte(proof), []byte(Sign(key, purpose, body)))
	})
}
