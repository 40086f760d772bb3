package mailid

import (
	"bytes"
	"crypto/hmac"
	"slices"
	"strconv"
	"strings"

	"parley/channels/proof"
)

// Tokens let us find the conversation to which a mail belongs. Each mail that we send has one in its Message-ID and
// one in its References, and replies bring them back. In "c12.m34.0a1b2c3d", conversation 12 and message 34 are
// followed by a signature (HMAC), so that a stranger can't make up a token and write into another customer's
// conversation.

// Token is a verified token of ours. Message is 0 for an anchor.
type Token struct{ Conversation, Message int64 }

// Message returns the Message-ID of a message of ours, without angle brackets.
// Shape: c12.m34.0a1b2c3d@acme.test
func Message(key []byte, conversation, message int64, domain string) string {
	body := "c" + strconv.FormatInt(conversation, 10) + ".m" + strconv.FormatInt(message, 10)
	return body + "." + tokenMAC(key, body) + "@" + domain
}

// Anchor returns the id of a conversation. It stands first in References of every mail that we send in it. Mail
// programs copy it into replies, even when a server has replaced our Message-ID.
// Shape: c12.0a1b2c3d@acme.test
func Anchor(key []byte, conversation int64, domain string) string {
	body := "c" + strconv.FormatInt(conversation, 10)
	return body + "." + tokenMAC(key, body) + "@" + domain
}

// macDigits is how many hex digits of the HMAC a token has. It is half of proof.Sign's, because a token must also fit
// into an address, whose part before the @ has at most 64 characters.
const macDigits = 8

// tokenMAC returns the hex digits that sign a token. body is the token without them: "c12.m34".
func tokenMAC(key []byte, body string) string { return proof.Sign(key, "mail token", body)[:macDigits] }

// Parse reads a Message-ID, an anchor or the tag of a plus address. ok is false if it isn't a token, or none of the keys
// has signed it.
func Parse(keys [][]byte, id string) (token Token, ok bool) {
	id = strings.Trim(strings.TrimSpace(id), "<>")
	local, _, _ := strings.Cut(id, "@")
	seen, length := cutToken(local)
	if length == 0 || length != len(local) {
		return Token{}, false
	}
	return seen.verify(keys)
}

// tokenText is a token as it is written. It is not verified yet. message is "" for an anchor.
type tokenText struct{ conversation, message, mac string }

// maxTokenBytes is the length of the longest token.
const maxTokenBytes = len("c.m.") + 2*maxNumberDigits + macDigits

// maxNumberDigits is how many digits a number in a token may have, so that it fits into an int64.
const maxNumberDigits = 18

// cutToken reads what looks like a token at the beginning of s: c12.m34.0a1b2c3d or c12.0a1b2c3d. length is 0 if
// s doesn't begin with a token, or if a longer word begins with it.
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

	if len(rest) < 1+macDigits || rest[0] != '.' {
		return tokenText{}, 0
	}

	seen.mac = rest[1 : 1+macDigits]
	rest = rest[1+macDigits:]

	if strings.Trim(seen.mac, "0123456789abcdefABCDEF") != "" {
		return tokenText{}, 0
	}
	if rest != "" && isWordByte(rest[0]) {
		return tokenText{}, 0
	}

	return seen, len(s) - len(rest)
}

// cutNumber cuts a number of at most maxNumberDigits digits, without zeros in front, off s.
func cutNumber(s string) (number, rest string) {
	head := s[:min(len(s), maxNumberDigits)]
	n := len(head) - len(strings.TrimLeft(head, "0123456789"))
	if n == 0 || s[0] == '0' {
		return "", s
	}
	return s[:n], s[n:]
}

// isWordByte reports whether c continues a word: what stands beside c is then part of another id, and no token.
func isWordByte(c byte) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', isDigit(c), c == '.':
		return true
	}
	return false
}

// isDigit reports whether c is an ASCII digit.
func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// verify returns the token if one of the keys has signed it.
func (t tokenText) verify(keys [][]byte) (token Token, ok bool) {
	body := "c" + t.conversation
	if t.message != "" {
		body += ".m" + t.message
	}

	given := []byte(strings.ToLower(t.mac))
	isSigner := func(key []byte) bool { return len(key) > 0 && hmac.Equal(given, []byte(tokenMAC(key, body))) }
	if !slices.ContainsFunc(keys, isSigner) {
		return Token{}, false
	}
	return Token{Conversation: parseNumber(t.conversation), Message: parseNumber(t.message)}, true
}

// parseNumber returns the value of what cutNumber has cut; 0 if that is "".
func parseNumber(digits string) int64 {
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil { // only for "": more digits would not fit, but cutNumber cuts no more
		return 0
	}
	return n
}

// maxTokensVerified limits how many candidates Scan verifies in one text, so that a mail full of them costs little.
const maxTokensVerified = 200

// Scan finds every verified token in a text, each once, in order.
func Scan(keys [][]byte, text []byte) []Token {
	var found []Token
	known := map[Token]bool{}
	tries := 0
	for at := 0; tries < maxTokensVerified; at++ {
		next := bytes.IndexByte(text[at:], 'c')
		if next < 0 {
			break
		}

		at += next
		beginsWord := at == 0 || !isWordByte(text[at-1])
		hasNumber := at+1 < len(text) && isDigit(text[at+1])
		if !beginsWord || !hasNumber {
			continue
		}

		seen, length := cutToken(string(text[at:min(len(text), at+maxTokenBytes+1)]))
		if length == 0 {
			continue
		}

		tries++
		token, ok := seen.verify(keys)
		if ok && !known[token] {
			known[token] = true
			found = append(found, token)
		}

		at += length - 1
	}

	return found
}

// InAddress reads the token of an address like support+c12.0a1b2c3d@acme.test.
func InAddress(keys [][]byte, address string) (token Token, ok bool) {
	local, _, _ := strings.Cut(address, "@")
	_, tag, found := strings.Cut(local, "+")
	if !found {
		return Token{}, false
	}
	return Parse(keys, tag)
}
