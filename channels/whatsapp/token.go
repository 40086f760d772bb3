package whatsapp

import (
	"strconv"
	"strings"

	"parley/channels/proof"
)

// tokenPurpose keeps proofs of tokens apart from other proofs by the same key.
const tokenPurpose = "whatsapp token"

// token is our mark on a message (biz_opaque_callback_data). WhatsApp repeats it in every status of the message, so that we recognise
// the message even if the answer to Send, which had its id, was lost.
type token struct {
	message int64
	part    int  // which of the message's parts
	last    bool // no part follows
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

// sign writes a token that parseToken verifies.
// Shape: m12.0.z-0a1b2c3d0a1b2c3d
func (t token) sign(key []byte) string {
	return t.String() + "-" + proof.Sign(key, tokenPurpose, t.String())
}

// maxToken is more than the longest token of ours has.
const maxToken = 100

// parseToken reads a token. It returns false if no key verifies it: then it isn't ours.
func parseToken(keys [][]byte, s string) (token, bool) {
	body, sum, hasProof := strings.Cut(s, "-")
	if !hasProof || len(s) > maxToken {
		return token{}, false
	}

	fields := strings.Split(strings.TrimPrefix(body, "m"), ".")
	if len(fields) < 2 {
		return token{}, false
	}

	message, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		return token{}, false
	}

	part, err := strconv.Atoi(fields[1])
	if err != nil {
		return token{}, false
	}

	t := token{message: message, part: part, last: len(fields) > 2}
	isOurForm := t.String() == body
	if !isOurForm || !proof.Verify(keys, tokenPurpose, body, sum) {
		return token{}, false
	}

	return t, true
}
