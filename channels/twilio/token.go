package twilio

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"parley/channels/proof"
)

// Twilio reports the state of a message that we sent (delivered, failed …) by a call to an address that we give it
// with the message. A signed token in that address, such as o=12.0e.0123456789abcdef, says which of our messages it
// is about.

// retryOverrides ask Twilio to repeat a callback that failed, after any failure, up to five times within 15 seconds.
// They are the fragment of our address, which Twilio doesn't sign.
// Source: Twilio, "Webhooks: connection overrides".
const (
	retryCount     = "rc=5"
	retryPolicy    = "rp=all"
	retryOverrides = "#" + retryCount + "&" + retryPolicy
)

// tokenParam names the token in a callback's address.
const tokenParam = "o"

// token names the part of a message that a status callback is about.
type token struct {
	message int64
	part    int
	more    bool // another part follows, so this part's state isn't yet the message's
}

// callbacks checks that a callback comes from Twilio, and finds the message of ours that it is about.
type callbacks struct {
	address   string   // where Twilio reaches us (Env.HookURL); "" means nowhere
	authToken string   // the secret of Twilio's signatures
	account   int64    // Parley's account: a token of another account is not accepted
	keys      [][]byte // sign the tokens; the first signs new ones, the others still verify
}

// statusURL returns the address that Twilio calls when the state of a message changes; "" if it can't reach us.
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

// sign writes a token: message 12, part 0, "e" for the end or "m" for more parts, and the proof.
// Shape: 12.0e.0123456789abcdef
func (c *callbacks) sign(key []byte, t token) string {
	end := "e"
	if t.more {
		end = "m"
	}
	text := fmt.Sprintf("%d.%d%s", t.message, t.part, end)
	return text + "." + proof.Sign(key, c.tokenPurpose(), text)
}

// tokenPurpose binds the proof of a token to one account.
func (c *callbacks) tokenPurpose() string { return "twilio status " + strconv.FormatInt(c.account, 10) }

// readToken returns the token in a callback's query. It returns false if there is none, or if none of our keys signed
// it.
func (c *callbacks) readToken(query string) (token, bool) {
	values, _ := url.ParseQuery(query) // a fault elsewhere in the query doesn't matter: the proof decides
	parts := strings.Split(values.Get(tokenParam), ".")
	if len(parts) != 3 { // message, part and proof
		return token{}, false
	}

	messageText, partText := parts[0], parts[1]
	sum := parts[2]
	if len(partText) < len("0e") || !proof.Verify(c.keys, c.tokenPurpose(), messageText+"."+partText, sum) {
		return token{}, false
	}

	end := len(partText) - 1 // the letter that says whether more parts follow
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
