package meta

import (
	"regexp"
	"strconv"

	"parley/channels"
)

// tokenPattern matches the metadata that Parley adds to its messages, for example
// parley:c12.m34.0a1b2c3d4e5f6071 for message 34 of conversation 12. The last element is a proof (a MAC). A
// ".p" before the proof means that further parts of the message follow.
var tokenPattern = regexp.MustCompile(`^parley:(c([1-9][0-9]{0,17})\.m([1-9][0-9]{0,17})(\.p)?)\.([0-9a-f]{16})$`)

// pageToken identifies a message of ours. Messenger returns the metadata in the echo of the message, so Parley
// recognizes its own message even if the response to Send was lost.
type pageToken struct {
	conversation, message int64
	hasMore               bool // further parts of the message follow
}

// signedMetadata returns the token of one part of an outgoing message, or "" if there is no key to sign it.
func (c *Page) signedMetadata(o channels.Outbound, hasMore bool) string {
	if len(c.env.Keys) == 0 {
		return ""
	}
	body := "c" + strconv.FormatInt(o.ConversationID, 10) + ".m" + strconv.FormatInt(o.MessageID, 10)
	if hasMore {
		body += ".p"
	}
	return "parley:" + body + "." + channels.Sign(c.env.Keys[0], pageTokenPurpose(c.id), body)
}

// pageTokenPurpose binds the proof of a token to one Page.
func pageTokenPurpose(page string) string { return "messenger token " + page }

// parsePageToken parses metadata. It returns false if no key verifies the proof: then another app wrote the
// message.
func parsePageToken(keys [][]byte, page, metadata string) (pageToken, bool) {
	groups := tokenPattern.FindStringSubmatch(metadata)
	if groups == nil {
		return pageToken{}, false
	}
	body, sum := groups[1], groups[5]
	if !channels.Verify(keys, pageTokenPurpose(page), body, sum) {
		return pageToken{}, false
	}
	conversation, _ := strconv.ParseInt(groups[2], 10, 64) // can't fail: at most 18 digits match
	message, _ := strconv.ParseInt(groups[3], 10, 64)
	hasMore := groups[4] != ""
	return pageToken{conversation: conversation, message: message, hasMore: hasMore}, true
}
