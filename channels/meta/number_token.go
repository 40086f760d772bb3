package meta

import (
	"strconv"
	"strings"

	"parley/channels"
)

// tokenPurpose distinguishes the proofs of these tokens from other proofs signed with the same key.
const tokenPurpose = "whatsapp token"

// token identifies a message of ours. It is sent with the message, as biz_opaque_callback_data, and WhatsApp
// repeats it in every status of the message. So Parley recognizes the message even if the response to Send,
// which had its id, was lost. A token is signed with a proof (a MAC), so that statuses of other programs'
// messages aren't mistaken for ours.
type token struct {
	message int64
	part    int  // index of the part: one reply may become several messages
	last    bool // whether this is the last part
}

// String returns the token without its proof: m12.0 for a part that is followed by others, and m12.1.z for
// the last part.
func (t token) String() string {
	s := "m" + strconv.FormatInt(t.message, 10) + "." + strconv.Itoa(t.part)
	if t.last {
		s += ".z"
	}
	return s
}

// sign returns the token with its proof, for example m12.0.z-0a1b2c3d0a1b2c3d.
func (t token) sign(key []byte) string {
	return t.String() + "-" + channels.Sign(key, tokenPurpose, t.String())
}

// maxToken is greater than the length of the longest token.
const maxToken = 100

// parseToken parses a token. It returns false if no key verifies the proof: then another program sent the
// message.
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
	isCanonical := t.String() == body
	if !isCanonical || !channels.Verify(keys, tokenPurpose, body, sum) {
		return token{}, false
	}

	return t, true
}
