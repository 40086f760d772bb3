package whatsapp

import (
	"strconv"
	"strings"

	"parley/channels/proof"
)

// purpose is what proofs of tokens are for.
const purpose = "whatsapp token"

// token is our mark on a message (biz_opaque_callback_data): every status about the
// message brings it back, so a message whose answer was lost is known again.
type token struct {
	message int64
	part    int  // of those that leave as several
	last    bool // nothing follows
}

// String returns the token without its proof.
// Shape: m12.0 (a part that others follow), m12.1.z (the last one).
func (t token) String() string {
	s := "m" + strconv.FormatInt(t.message, 10) + "." + strconv.Itoa(t.part)
	if t.last {
		s += ".z"
	}
	return s
}

// sign makes a token that parse verifies.
// Shape: m12.0.z-0a1b2c3d0a1b2c3d
func (t token) sign(key []byte) string {
	return t.String() + "-" + proof.Sign(key, purpose, t.String())
}

// parseToken reads a token. What no key verifies is not ours.
func parseToken(keys [][]byte, s string) (token, bool) {
	body, given, ok := strings.Cut(s, "-")
	if !ok || len(s) > 100 {
		return token{}, false
	}
	fields := strings.Split(strings.TrimPrefix(body, "m"), ".")
	if len(fields) < 2 {
		return token{}, false
	}
	var t token
	var err1, err2 error
	t.message, err1 = strconv.ParseInt(fields[0], 10, 64)
	t.part, err2 = strconv.Atoi(fields[1])
	t.last = len(fields) > 2
	if err1 != nil || err2 != nil || t.String() != body || !proof.Verify(keys, purpose, body, given) {
		return token{}, false
	}
	return t, true
}
