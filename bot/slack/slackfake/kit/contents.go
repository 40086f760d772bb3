package kit

import (
	"encoding/json"
	"regexp"
)

var mentionInText = regexp.MustCompile(`<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>|<!(here|channel|everyone)(?:\|[^<>]*)?>`)

// Mentions returns whom a message mentions: users by id, and whether everybody in its channel (@here, @channel,
// @everyone). If the message has blocks, only these count, since its text is then only for notifications.
func Mentions(text string, blocks json.RawMessage) (users map[string]bool, all bool) {
	users = map[string]bool{}
	scan := func(text string) {
		for _, x := range mentionInText.FindAllStringSubmatch(text, -1) {
			if x[1] != "" {
				users[x[1]] = true
			} else {
				all = true
			}
		}
	}
	if blocks == nil {
		scan(text)
		return users, all
	}

	var walk func(v any)
	walk = func(v any) {
		switch x := v.(type) {
		case []any:
			for _, e := range x {
				walk(e)
			}
		case object:
			switch x["type"] {
			case "mrkdwn", "markdown":
				if t, ok := x["text"].(string); ok {
					scan(t)
				}
			case "user":
				if id, ok := x["user_id"].(string); ok {
					users[id] = true
				}
			case "broadcast":
				all = true
			}

			for _, k := range []string{"text", "fields", "elements", "accessory"} {
				walk(x[k])
			}
		}
	}

	var tree any
	if json.Unmarshal(blocks, &tree) == nil {
		walk(tree)
	}

	return users, all
}

// AllBlocks returns the blocks of a message and of its attachments.
func AllBlocks(blocks, attachments json.RawMessage) json.RawMessage {
	var list []any
	if json.Unmarshal(blocks, &list) != nil {
		list = nil
	}
	var atts []struct {
		Blocks []any `json:"blocks"`
	}
	if json.Unmarshal(attachments, &atts) == nil {
		for _, a := range atts {
			list = append(list, a.Blocks...)
		}
	}
	return encode(list)
}

// HasRichText reports whether one of some blocks is rich text.
func HasRichText(blocks json.RawMessage) bool {
	var list []struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(blocks, &list) != nil {
		return false
	}
	for _, b := range list {
		if b.Type == "rich_text" {
			return true
		}
	}
	return false
}
