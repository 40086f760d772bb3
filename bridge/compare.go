package bridge

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"parley/channels"
	"parley/store"
)

// This file compares texts and mail addresses that may be written in different ways.
//
// It also makes marks. A mark is a short hash of what a person saw, carried by a form or a button. If the mark no longer
// matches when the form is submitted, the text or the recipients have changed in between, and the person is asked again.

// SameText reports whether a text that was read again from a chat is the stored one. It ignores white space and the
// backslashes that escape Markdown, because earlier versions of Parley escaped the same text in another way.
func SameText(read, stored string) bool {
	fold := func(text string) string { return strings.Join(strings.Fields(strings.ReplaceAll(text, `\`, "")), " ") }
	return fold(store.Clean(read)) == fold(stored)
}

// markBytes is the length of a mark. It only has to distinguish the versions of one text.
const markBytes = 8

// TextMark returns the mark of a text, 16 hex digits.
func TextMark(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:markBytes])
}

// WordsMark returns the mark of a text and the names of its files. The hashed string begins with the number of files, so
// that a text which looks like a list of names doesn't have the mark of a text with these files.
func WordsMark(text string, files []string) string {
	return TextMark(fmt.Sprintf("%d %q %s", len(files), files, text))
}

// RecipientsMark returns the mark of the recipients of a reply. It does not depend on the order, spelling or repetition of
// their addresses.
func RecipientsMark(to, cc []string) string {
	normalize := func(list []string) string {
		keys := make([]string, len(list))
		for i, address := range list {
			keys[i] = AddressKey(address)
		}
		slices.Sort(keys)
		return strings.Join(slices.Compact(keys), " ")
	}
	return TextMark(normalize(to) + "\n" + normalize(cc))
}

// AddressKey returns the form of a mail address that is compared and stored: in lower case, with its domain in ASCII. The
// key of "Ann@Bücher.test" is "ann@xn--bcher-kva.test".
func AddressKey(address string) string {
	local, domain := splitAddress(address)
	return channels.LowerAddress(local) + domain
}

// splitAddress splits a typed mail address after the "@". local keeps its spelling. domain is in lower case and, if it can
// be converted, in ASCII (RFC 5891, section 4.4).
func splitAddress(address string) (local, domain string) {
	address = strings.TrimSpace(address)
	at := strings.LastIndexByte(address, '@')
	local, domain = address[:at+1], channels.LowerAddress(address[at+1:])
	if ascii, err := idna.Lookup.ToASCII(domain); err == nil && at > 0 {
		domain = ascii
	}
	return local, domain
}

// AddressSpelling returns a typed mail address with the original case before the "@" and the domain as in AddressKey. It
// returns "" if that equals the key.
func AddressSpelling(address string) string {
	local, domain := splitAddress(address)
	spelled := local + domain
	if spelled == AddressKey(address) {
		return ""
	}
	return spelled
}
