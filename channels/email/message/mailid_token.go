package message

import (
	"bytes"
	"crypto/hmac"
	"slices"
	"strconv"
	"strings"

	"parley/channels"
)

// Tokens let us find the conversation to which a mail belongs. Each mail that we send contains one in its Message-ID
// and another one in its References header, and replies repeat them. For example, the token c12.m34.0a1b2c3d names
// conversation 12 and message 34. The signature at its end (an HMAC) prevents strangers from inventing a token and
// writing into another customer's conversation.
//
// A token without a message, such as c12.0a1b2c3d, is called an anchor.

// Token is the content of a token whose signature was verified. Message is 0 for an anchor.
type Token struct{ Conversation, Message int64 }

// Message returns the Message-ID of a message that we send, without angle brackets: c12.m34.0a1b2c3d@acme.test.
func Message(key []byte, conversation, message int64, domain string) string {
	body := "c" + strconv.FormatInt(conversation, 10) + ".m" + strconv.FormatInt(message, 10)
	return body + "." + tokenMAC(key, body) + "@" + domain
}

// Anchor returns the id of a conversation, without angle brackets: c12.0a1b2c3d@acme.test. It is the first id in the
// References header of every mail that we send in the conversation. Mail programs copy it into replies, even when a
// server has replaced our Message-ID.
func Anchor(key []byte, conversation int64, domain string) string {
	body := "c" + strconv.FormatInt(conversation, 10)
	return body + "." + tokenMAC(key, body) + "@" + domain
}

// macDigits is the number of hex digits of the HMAC that a token contains. It is half of what proof.Sign returns,
// because a token must also fit into an address, whose part before the @ has at most 64 characters.
const macDigits = 8

// tokenMAC returns the hex digits that sign a token. body is the token without them: "c12.m34".
func tokenMAC(key []byte, body string) string {
	return channels.Sign(key, "mail token", body)[:macDigits]
}

// Parse returns the token in a Message-ID, in an anchor or in the tag of a plus address. ok is false if id isn't a
// token, or if none of the keys has signed it.
func Parse(keys [][]byte, id string) (token Token, ok bool) {
	id = strings.Trim(strings.TrimSpace(id), "<>")
	local, _, _ := strings.Cut(id, "@")
	seen, length := cutToken(local)
	if length == 0 || length != len(local) {
		return Token{}, false
	}
	return seen.verify(keys)
}

// tokenText holds the parts of a token whose signature is not verified yet. message is "" for an anchor.
type tokenText struct{ conversation, message, mac string }

// maxTokenBytes is the length of the longest token.
const maxTokenBytes = len("c.m.") + 2*maxNumberDigits + macDigits

// maxNumberDigits limits the numbers in a token, so that they fit into an int64.
const maxNumberDigits = 18

// cutToken parses the token at the beginning of s: c12.m34.0a1b2c3d or c12.0a1b2c3d. length is the length of the
// token. It is 0 if s doesn't begin with a token, or if the token is only the beginning of a longer word.
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

// cutNumber cuts a number of at most maxNumberDigits digits off s. It returns "" if s doesn't begin with a number, or
// if the number has leading zeros.
func cutNumber(s string) (number, rest string) {
	head := s[:min(len(s), maxNumberDigits)]
	n := len(head) - len(strings.TrimLeft(head, "0123456789"))
	if n == 0 || s[0] == '0' {
		return "", s
	}
	return s[:n], s[n:]
}

// isWordByte reports whether c continues a word. Text next to such a byte is part of another id, not a token.
func isWordByte(c byte) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', isDigit(c), c == '.':
		return true
	}
	return false
}

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

// parseNumber returns the value of the digits that cutNumber returned, or 0 for "".
func parseNumber(digits string) int64 {
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil { // digits is "": cutNumber returns no number that overflows
		return 0
	}
	return n
}

// maxTokensVerified limits how many candidates Scan verifies in one text, so that a mail full of them costs little.
const maxTokensVerified = 200

// Scan returns the verified tokens in a text, in order and without duplicates.
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

// InAddress returns the token in the tag of an address such as support+c12.0a1b2c3d@acme.test.
func InAddress(keys [][]byte, address string) (token Token, ok bool) {
	local, _, _ := strings.Cut(address, "@")
	_, tag, found := strings.Cut(local, "+")
	if !found {
		return Token{}, false
	}
	return Parse(keys, tag)
}
