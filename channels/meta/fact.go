package meta

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"parley/channels"
)

// isID reports whether s is a number in the form of Meta's ids of Pages, people and accounts.
func isID(s string) bool {
	const maxDigits = 32
	if s == "" || len(s) > maxDigits {
		return false
	}
	return strings.Trim(s, "0123456789") == ""
}

// hashOf returns half of a SHA-256 in hex: 128 bits are enough to tell events apart.
func hashOf(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:len(sum)/2])
}

// unreadableFact returns the fact of a webhook, or a part of one, that can't be read. It is stored and shown to admins but never applied
// (Fact.Quarantine). why says what is wrong with it.
func unreadableFact(raw []byte, owner, why string) channels.Fact {
	return channels.Fact{
		ExternalID: "x:" + hashOf(raw),
		OrderKey:   "unreadable",
		Payload:    bytes.Clone(raw),
		Quarantine: why,
		Owner:      owner,
	}
}

// uniteFields returns the names of webhooks' fields in all lists, in the order of the alphabet and each once.
func uniteFields(lists ...[]string) []string {
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(lists...))))
}

// listFields writes the names of webhooks' fields in all lists for people, in the order of the alphabet and each once.
func listFields(lists ...[]string) string { return strings.Join(uniteFields(lists...), ", ") }
