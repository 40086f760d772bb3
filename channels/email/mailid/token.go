package mailid

import (
	"bytes"
	"crypto/hmac"
	"strconv"
	"strings"

	"parley/channels/proof"
)

// Message returns the Message-ID of a message of ours, without angle brackets.
// Shape: c12.m34.0a1b2c3d@acme.test
func Message(key []byte, conversation, message int64, domain string) string {
	body := "c" + strconv.FormatInt(conversation, 10) + ".m" + strconv.FormatInt(message, 10)
	return body + "." + tokenMAC(key, body) + "@" + domain
}

// Anchor returns the id that stands first in References of everything we send in
// a conversation: repliers copy it even when a server replaced our Message-ID.
// Shape: c12.0a1b2c3d@acme.test
func Anchor(key []byte, conversation int64, domain string) string {
	body := "c" + strconv.FormatInt(conversation, 10)
	return body + "." + tokenMAC(key, body) + "@" + domain
}

// tokenMAC returns the eight hex digits that prove a token. Half a proof has to do: the token also
// stands in addresses, of which the part before the @ has 64 characters.
func tokenMAC(key []byte, body string) string { return proof.Sign(key, "mail token", body)[:8] }

// Parse reads a Message-ID, an anchor or the tag of a plus address.
// message is 0 for an anchor. A token that no key verifies is not ours.
func Parse(keys [][]byte, id string) (conversation, message int64, ok bool) {
	id = strings.Trim(strings.TrimSpace(id), "<>")
	local, _, _ := strings.Cut(id, "@")
	seen, length := cutToken(local)
	if length == 0 || length != len(local) {
		return 0, 0, false
	}
	return seen.verify(keys)
}

// tokenText is what looks like a token of ours, as it is written.
type tokenText struct{ conversation, message, mac string }

// tokenBytes is the length of the longest token.
const tokenBytes = len("c.m.") + 2*18 + 8

// cutToken reads what looks like a token at the beginning of s: c12.m34.0a1b2c3d or
// c12.0a1b2c3d. length is 0 if there is none; it must not be the beginning of a longer word.
func cutToken(s string) (seen tokenText, length int) {
	rest, ok := strings.CutPrefix(s, "c")
	if !ok {
		return tokenText{}, 0
	}
	if seen.conversation, rest = cutNumber(rest); seen.conversation == "" {
		return tokenText{}, 0
	}
	if after, ok := strings.CutPrefix(rest, ".m"); ok {
		if seen.message, rest = cutNumber(after); seen.message == "" {
			return tokenText{}, 0
		}
	}
	if len(rest) < 9 || rest[0] != '.' {
		return tokenText{}, 0
	}
	seen.mac, rest = rest[1:9], rest[9:]
	for i := range len(seen.mac) {
		if !inMAC(seen.mac[i]) {
			return tokenText{}, 0
		}
	}
	if rest != "" && inTokenWord(rest[0]) {
		return tokenText{}, 0
	}
	return seen, len(s) - len(rest)
}

// cutNumber cuts a number of at most 18 digits, without zeros in front, off s.
func cutNumber(s string) (number, rest string) {
	n := 0
	for n < len(s) && n < 18 && inNumber(s[n]) {
		n++
	}
	if n == 0 || s[0] == '0' {
		return "", s
	}
	return s[:n], s[n:]
}

// inTokenWord reports whether beside c there is no token, but the middle of another id.
func inTokenWord(c byte) bool { return inNumber(c) || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '.' }

// inNumber reports whether c is an ASCII digit.
func inNumber(c byte) bool { return c >= '0' && c <= '9' }

// inMAC reports whether c is a hexadecimal digit.
func inMAC(c byte) bool { return inNumber(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }

// verify checks a token against every key.
func (t tokenText) verify(keys [][]byte) (conversation, message int64, ok bool) {
	body := "c" + t.conversation
	if t.message != "" {
		body += ".m" + t.message
	}
	given := []byte(strings.ToLower(t.mac))
	for _, key := range keys {
		if len(key) > 0 && hmac.Equal(given, []byte(tokenMAC(key, body))) {
			conversation, _ = strconv.ParseInt(t.conversation, 10, 64)
			if t.message != "" {
				message, _ = strconv.ParseInt(t.message, 10, 64)
			}
			return conversation, message, true
		}
	}
	return 0, 0, false
}

// Token is a verified token of ours.
type Token struct{ Conversation, Message int64 }

// tokenScanLimit bounds how many look-alikes of one text are verified.
const tokenScanLimit = 200

// Scan finds every verified token in a text, each once, in order.
func Scan(keys [][]byte, text []byte) []Token {
	var found []Token
	known := map[Token]bool{}
	tries := 0
	for at := 0; tries < tokenScanLimit; at++ {
		next := bytes.IndexByte(text[at:], 'c')
		if next < 0 {
			break
		}
		at += next
		if at > 0 && inTokenWord(text[at-1]) || at+1 == len(text) || !inNumber(text[at+1]) {
			continue
		}
		seen, length := cutToken(string(text[at:min(len(text), at+tokenBytes+1)]))
		if length == 0 {
			continue
		}
		tries++
		if c, msg, ok := seen.verify(keys); ok && !known[Token{c, msg}] {
			known[Token{c, msg}] = true
			found = append(found, Token{c, msg})
		}
		at += length - 1
	}
	return found
}

// InAddress reads the token of an address like support+c12.0a1b2c3d@acme.test.
func InAddress(keys [][]byte, address string) (conversation, message int64, ok bool) {
	local, _, _ := strings.Cut(address, "@")
	_, tag, found := strings.Cut(local, "+")
	if !found {
		return 0, 0, false
	}
	return Parse(keys, tag)
}

// CopyHeader marks the copies that we file. A mail of ours without it in the folder of sent mail was
// filed by the server; Reconcile needs that difference.
const CopyHeader = "X-Parley-Copy"

// MessageHeader repeats the Message-ID of a mail that Parley sends. Some servers replace the Message-ID,
// and we must recognise the mail in the folder of sent mail.
const MessageHeader = "X-Parley-Message"

// Clean returns a Message-ID without its brackets; "" when it can't be written into a header.
func Clean(id string) string {
	id = strings.TrimSpace(id)
	id = strings.TrimSuffix(strings.TrimPrefix(id, "<"), ">")
	bad := func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '<' || r == '>' }
	if len(id) > 500 || strings.IndexFunc(id, bad) >= 0 {
		return ""
	}
	return id
}
