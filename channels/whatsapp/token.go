package whatsapp

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

// token is our mark on a message (biz_opaque_callback_data): every status about the
// message brings it back, so a message whose answer was lost is known again.
type token struct {
	message int64
	part    int  // of those that leave as several
	last    bool // nothing follows
}

// String gives the token without its proof.
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
func (t token) sign(key []byte) string { return t.String() + "-" + tokenMAC(key, t.String()) }

func tokenMAC(key []byte, body string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("parley whatsapp token " + body))
	return hex.EncodeToString(mac.Sum(nil)[:8])
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
	if err1 != nil || err2 != nil || t.String() != body {
		return token{}, false
	}
	for _, key := range keys {
		if len(key) > 0 && hmac.Equal([]byte(given), []byte(tokenMAC(key, body))) {
			return t, true
		}
	}
	return token{}, false
}
