package email

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"
)

// tokenPattern finds what may be a token of ours: c12.m34.0a1b2c3d or c12.0a1b2c3d,
// bounded so that it can't be the middle of somebody else's id.
var tokenPattern = regexp.MustCompile(`(?:^|[^0-9A-Za-z.])c([1-9][0-9]{0,17})(?:\.m([1-9][0-9]{0,17}))?\.([0-9A-Fa-f]{8})(?:@|$|[^0-9A-Za-z.])`)

// messageID gives the Message-ID of a message of ours, without angle brackets.
// Shape: c12.m34.0a1b2c3d@acme.test
func messageID(key []byte, conversation, message int64, domain string) string {
	body := "c" + strconv.FormatInt(conversation, 10) + ".m" + strconv.FormatInt(message, 10)
	return body + "." + tokenMAC(key, body) + "@" + domain
}

// anchorID gives the id that stands first in References of everything we send in
// a conversation: repliers copy it even when a server replaced our Message-ID.
// Shape: c12.0a1b2c3d@acme.test
func anchorID(key []byte, conversation int64, domain string) string {
	body := "c" + strconv.FormatInt(conversation, 10)
	return body + "." + tokenMAC(key, body) + "@" + domain
}

// tokenMAC gives the eight hex digits that prove a token.
func tokenMAC(key []byte, body string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("parley mail token " + body))
	return hex.EncodeToString(mac.Sum(nil)[:4])
}

// parseToken reads a Message-ID, an anchor or the tag of a plus address.
// message is 0 for an anchor. A token that no key verifies is not ours.
func parseToken(keys [][]byte, id string) (conversation, message int64, ok bool) {
	id = strings.Trim(strings.TrimSpace(id), "<>")
	local, _, _ := strings.Cut(id, "@")
	m := tokenPattern.FindStringSubmatch(local)
	if m == nil || len(m[0]) != len(local) {
		return 0, 0, false
	}
	return verifyToken(keys, m)
}

// verifyToken checks a match of tokenPattern against every key.
func verifyToken(keys [][]byte, m []string) (conversation, message int64, ok bool) {
	body := "c" + m[1]
	if m[2] != "" {
		body += ".m" + m[2]
	}
	given := []byte(strings.ToLower(m[3]))
	for _, key := range keys {
		if len(key) > 0 && hmac.Equal(given, []byte(tokenMAC(key, body))) {
			conversation, _ = strconv.ParseInt(m[1], 10, 64)
			if m[2] != "" {
				message, _ = strconv.ParseInt(m[2], 10, 64)
			}
			return conversation, message, true
		}
	}
	return 0, 0, false
}

// token is a verified token of ours.
type token struct{ conversation, message int64 }

// tokenScanLimit bounds how many look-alikes of one text are verified.
const tokenScanLimit = 200

// scanTokens finds every verified token in a text, each once, in order.
func scanTokens(keys [][]byte, text []byte) []token {
	var found []token
	seen := map[token]bool{}
	for tries := 0; tries < tokenScanLimit; tries++ {
		at := tokenPattern.FindSubmatchIndex(text)
		if at == nil {
			break
		}
		m := []string{"", string(text[at[2]:at[3]]), "", string(text[at[6]:at[7]])}
		if at[4] >= 0 {
			m[2] = string(text[at[4]:at[5]])
		}
		if c, msg, ok := verifyToken(keys, m); ok && !seen[token{c, msg}] {
			seen[token{c, msg}] = true
			found = append(found, token{c, msg})
		}
		text = text[at[7]:] // the byte after a token may open the next one
	}
	return found
}

// plusToken reads the token of an address like support+c12.0a1b2c3d@acme.test.
func plusToken(keys [][]byte, address string) (conversation, message int64, ok bool) {
	local, _, _ := strings.Cut(address, "@")
	_, tag, found := strings.Cut(local, "+")
	if !found {
		return 0, 0, false
	}
	return parseToken(keys, tag)
}
