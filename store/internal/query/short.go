package query

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// maxIDBytes is the length of the longest external id that is indexed as it is.
const maxIDBytes = 500

// ShortID returns the form in which an external id is stored and indexed. An id that is too long for
// an index, or isn't valid text, is replaced by its hash, so that no id keeps a fact from being stored.
func ShortID(id string) string {
	if len(id) <= maxIDBytes && utf8.ValidString(id) && strings.IndexByte(id, 0) < 0 {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// ShortIDs returns the short forms of ids, and the ids by their short forms.
func ShortIDs(list []string) (short []string, original map[string]string) {
	short, original = make([]string, len(list)), make(map[string]string, len(list))
	for i, id := range list {
		short[i] = ShortID(id)
		original[short[i]] = id
	}
	return short, original
}
