// Package proof signs the tokens by which a channel knows its own messages again when a provider
// or a customer brings them back: in a message's id, in what a provider keeps with a message, in a
// callback's address.
//
// What does not belong here: what a token looks like and says. Each channel has a type token.
package proof

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// Sign returns the proof that who holds key wrote body for a purpose: 16 hex digits. Tokens that are
// under way carry such proofs, so that a purpose's words never change.
// Shape: Sign(key, "mail token", "c12.m34") = "0a1b2c3d4e5f6071"
func Sign(key []byte, purpose, body string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("parley " + purpose + " " + body))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

// Verify reports whether proof is what Sign gave for body and purpose by one of the keys. An empty
// key proves nothing: anybody has it.
func Verify(keys [][]byte, purpose, body, proof string) bool {
	return slices.ContainsFunc(keys, func(key []byte) bool {
		return len(key) > 0 && hmac.Equal([]byte(proof), []byte(Sign(key, purpose, body)))
	})
}
