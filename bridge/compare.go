package bridge

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"parley/store"
)

// SameText reports whether a text that a surface reads again is what was stored of it.
func SameText(read, stored string) bool {
	return strings.TrimSpace(store.Clean(read)) == strings.TrimSpace(stored)
}

// TextMark tells one version of a text from another.
func TextMark(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// WordsMark tells a text with its files, by their names, from what its author makes of it later. It counts the files
// first, so that a text which looks like a list of names has another mark than a text with these files.
func WordsMark(text string, files []string) string {
	return TextMark(fmt.Sprintf("%d %q %s", len(files), files, text))
}

// RecipientsMark names the recipients of a reply, whatever the order and the case in which their
// addresses are written: forms with the same mark name the same people.
func RecipientsMark(to, cc []string) string {
	normal := func(list []string) string {
		keys := make([]string, len(list))
		for i, address := range list {
			keys[i] = AddressKey(address)
		}
		slices.Sort(keys)
		return strings.Join(slices.Compact(keys), " ")
	}
	return TextMark(normal(to) + "\n" + normal(cc))
}

// AddressKey is a typed mail address as it is compared and kept.
func AddressKey(address string) string { return strings.ToLower(strings.TrimSpace(address)) }
