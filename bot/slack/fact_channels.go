package slack

import (
	"bytes"
	"regexp"
)

// unnamedChannel matches the mention of a channel that has no name: <#C1> or <#C1|>, as it stands in JSON.
var unnamedChannel = regexp.MustCompile(`(?:<|\\u003[cC])#([CG][A-Z0-9]+)\|?(?:>|\\u003[eE])`)

// UnnamedChannels returns the ids of the channels that a callback mentions without their names.
func UnnamedChannels(body []byte) (ids []string) {
	mayMention := bytes.Contains(body, []byte("<#")) || bytes.Contains(body, []byte(`\u003c#`)) || bytes.Contains(body, []byte(`\u003C#`))
	if !mayMention { // nearly all events: spare the regular expression
		return nil
	}
	for _, mention := range unnamedChannel.FindAllSubmatch(body, -1) {
		ids = append(ids, string(mention[1]))
	}
	return ids
}
