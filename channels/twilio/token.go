package twilio

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"parley/channels"
)

// When we send a message, we give Twilio a callback URL, which it calls when the message's state changes (delivered, failed …). The URL
// contains a signed token that identifies the message:
//
//	https://example.com/hook?o=12.0e.0123456789abcdef
//
// So a state can be matched to its message even if the response to the send request, which has Twilio's id of the message, was lost.

// retryOverrides ask Twilio to retry a callback up to five times within 15 seconds, after any failure. They are the fragment of the
// callback URL, which isn't part of Twilio's signature.
// Source: Twilio, "Webhooks: connection overrides".
const (
	retryCount     = "rc=5"
	retryPolicy    = "rp=all"
	retryOverrides = "#" + retryCount + "&" + retryPolicy
)

// tokenParam is the query parameter with the token.
const tokenParam = "o"

// token identifies the part of a message that a status callback is about. A message with files may be sent in several parts.
type token struct {
	message int64 // Parley's id of the message
	part    int   // counted from 0
	more    bool  // another part follows, so this part's state isn't that of the whole message
}

// callbacks makes the callback URLs of an account, and verifies calls to them.
type callbacks struct {
	address   string   // our public webhook URL (Env.HookURL); "" if there is none
	authToken string   // the key of Twilio's signatures
	account   int64    // the account in Parley; tokens of other accounts are invalid
	keys      [][]byte // the keys of the tokens: the first signs new ones, all are accepted
}

// statusURL returns the callback URL for a part of a message, or "" if Twilio can't reach us.
func (c *callbacks) statusURL(t token) string {
	if c.address == "" {
		return ""
	}
	join := "?"
	if strings.Contains(c.address, "?") {
		join = "&"
	}
	return c.address + join + tokenParam + "=" + c.sign(c.keys[0], t) + retryOverrides
}

// sign encodes a token as 12.0e.0123456789abcdef: the message's id, the part, "m" if more parts follow or "e" at the end, and the
// signature.
func (c *callbacks) sign(key []byte, t token) string {
	end := "e"
	if t.more {
		end = "m"
	}
	text := fmt.Sprintf("%d.%d%s", t.message, t.part, end)
	return text + "." + channels.Sign(key, c.tokenPurpose(), text)
}

// tokenPurpose is signed together with a token, so that it is only valid for this purpose and this account.
func (c *callbacks) tokenPurpose() string { return "twilio status " + strconv.FormatInt(c.account, 10) }

// readToken returns the token in a callback's query. It returns false if there is no token, or if none of our keys signed it.
func (c *callbacks) readToken(query string) (token, bool) {
	values, _ := url.ParseQuery(query) // an error elsewhere in the query doesn't matter, since the token is verified
	fields := strings.Split(values.Get(tokenParam), ".")
	if len(fields) != 3 { // message, part and signature
		return token{}, false
	}

	messageText, partText, signature := fields[0], fields[1], fields[2]
	if len(partText) < len("0e") || !channels.Verify(c.keys, c.tokenPurpose(), messageText+"."+partText, signature) {
		return token{}, false
	}

	end := len(partText) - 1 // the index of "m" or "e"
	message, err := strconv.ParseInt(messageText, 10, 64)
	if err != nil {
		return token{}, false
	}

	part, err := strconv.Atoi(partText[:end])
	if err != nil {
		return token{}, false
	}

	return token{message: message, part: part, more: partText[end] == 'm'}, true
}
