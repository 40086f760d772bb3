package messenger

import (
	"regexp"
	"strconv"

	"parley/channels"
	"parley/channels/proof"
)

// tokenPattern is the metadata of a message of ours, which its echo brings back: parley:c12.m34.0a1b2c3d4e5f6071, for
// message 34 of conversation 12. Before the proof stands a .p if further parts of the message follow.
var tokenPattern = regexp.MustCompile(`^parley:(c([1-9][0-9]{0,17})\.m([1-9][0-9]{0,17})(\.p)?)\.([0-9a-f]{16})$`)

// token names a message of ours.
type token struct {
	conversation, message int64
	hasMore               bool // further parts of the message follow
}

// signedMetadata writes the token of a part of an outgoing message. hasMore says that further parts follow.
func (c *Channel) signedMetadata(o channels.Outbound, hasMore bool) string {
	body := "c" + strconv.FormatInt(o.ConversationID, 10) + ".m" + strconv.FormatInt(o.MessageID, 10)
	if hasMore {
		body += ".p"
	}
	if len(c.env.Keys) == 0 {
		return ""
	}
	return "parley:" + body + "." + proof.Sign(c.env.Keys[0], tokenPurpose(c.page), body)
}

// tokenPurpose binds the proof of a token to one Page.
func tokenPurpose(page string) string { return "messenger token " + page }

// parseToken reads metadata. It returns false if no key verifies it: then another app wrote it.
func parseToken(keys [][]byte, page, metadata string) (token, bool) {
	groups := tokenPattern.FindStringSubmatch(metadata)
	if groups == nil {
		return token{}, false
	}
	body, sum := groups[1], groups[5]
	if !proof.Verify(keys, tokenPurpose(page), body, sum) {
		return token{}, false
	}
	conversation, _ := strconv.ParseInt(groups[2], 10, 64) // can't fail: the pattern has at most 18 digits
	message, _ := strconv.ParseInt(groups[3], 10, 64)
	hasMore := groups[4] != ""
	return token{conversation: conversation, message: message, hasMore: hasMore}, true
}
