package twilio

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"parley/channels/proof"
)

// overrides ask Twilio to repeat a callback that failed, whatever the failure was; it does so
// within its 15 seconds. They are no part of the address that is signed.
const overrides = "#rc=5&rp=all"

// tokenParam names the token in a callback's address.
const tokenParam = "o"

// token names the part of a message that a status callback is about.
type token struct {
	message int64
	part    int
	more    bool // another part follows: its fate alone is not the message's
}

// callbacks proves that callbacks are Twilio's, and tells of which message of ours one speaks.
type callbacks struct {
	address   string   // where Twilio reaches us (Env.HookURL); "" means nowhere
	authToken string   // the secret of Twilio's signatures
	account   int64    // to which tokens are bound
	keys      [][]byte // of tokens, the newest first
}

// url is where Twilio tells what became of a message, "" if it can't reach us.
func (c *callbacks) url(t token) string {
	if c.address == "" {
		return ""
	}
	join := "?"
	if strings.Contains(c.address, "?") {
		join = "&"
	}
	return c.address + join + tokenParam + "=" + c.sign(c.keys[0], t) + overrides
}

// sign writes a token. Shape: 12.0e.0123456789abcdef
func (c *callbacks) sign(key []byte, t token) string {
	end := "e"
	if t.more {
		end = "m"
	}
	text := fmt.Sprintf("%d.%d%s", t.message, t.part, end)
	return text + "." + proof.Sign(key, c.purpose(), text)
}

// purpose binds the proof of a token to one account.
func (c *callbacks) purpose() string { return "twilio status " + strconv.FormatInt(c.account, 10) }

// readToken finds the token in a callback's query. What no key verifies is not ours.
func (c *callbacks) readToken(query string) (token, bool) {
	values, _ := url.ParseQuery(query) // what can be read is enough
	parts := strings.Split(values.Get(tokenParam), ".")
	if len(parts) != 3 || len(parts[1]) < 2 || !proof.Verify(c.keys, c.purpose(), parts[0]+"."+parts[1], parts[2]) {
		return token{}, false
	}
	message, err1 := strconv.ParseInt(parts[0], 10, 64)
	end := len(parts[1]) - 1
	part, err2 := strconv.Atoi(parts[1][:end])
	if err1 != nil || err2 != nil {
		return token{}, false
	}
	return token{message: message, part: part, more: parts[1][end] == 'm'}, true
}
