package messenger

import (
	"regexp"
	"strconv"

	"parley/channels"
	"parley/channels/proof"
)

// tokenPattern is the metadata of a message of ours, which its echo brings back:
// parley:c12.m34.0a1b2c3d4e5f6071, with a .p before the proof where more of the message
// follows.
var tokenPattern = regexp.MustCompile(`^parley:(c([1-9][0-9]{0,17})\.m([1-9][0-9]{0,17})(\.p)?)\.([0-9a-f]{16})$`)

// token names a message of ours.
type token struct {
	conversation, message int64
	more                  bool // it is a part, and not the last one
}

// signedMetadata writes the token of an outgoing message.
func (c *Channel) signedMetadata(o channels.Outbound, more bool) string {
	body := "c" + strconv.FormatInt(o.ConversationID, 10) + ".m" + strconv.FormatInt(o.MessageID, 10)
	if more {
		body += ".p"
	}
	if len(c.env.Keys) == 0 {
		return ""
	}
	return "parley:" + body + "." + proof.Sign(c.env.Keys[0], tokenPurpose(c.page), body)
}

// tokenPurpose binds the proof of a token to one Page.
func tokenPurpose(page string) string { return "messenger token " + page }

// parseToken reads metadata. What no key verifies is not ours: another app wrote it.
func parseToken(keys [][]byte, page, metadata string) (token, bool) {
	m := tokenPattern.FindStringSubmatch(metadata)
	if m == nil || !proof.Verify(keys, tokenPurpose(page), m[1], m[5]) {
		return token{}, false
	}
	t := token{more: m[4] != ""}
	t.conversation, _ = strconv.ParseInt(m[2], 10, 64)
	t.message, _ = strconv.ParseInt(m[3], 10, 64)
	return t, true
}
