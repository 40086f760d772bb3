package kit

import (
	"encoding/json"
	"regexp"
)

var mentionInText = regexp.MustCompile(`<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>|<!(here|channel|everyone)(?:\|[^<>]*)?>`)

// Mentioned are those whom a message mentions.
type Mentioned struct {
	Users map[string]bool // by id
	All   bool            // everybody in its channel: @here, @channel or @everyone
}

// Mentions returns whom a message mentions. If the message has blocks, only these count, since its text is then only for
// notifications.
func Mentions(text string, blocks json.RawMessage) Mentioned {
	m := Mentioned{Users: map[string]bool{}}
	if blocks == nil {
		m.addFromText(text)
		return m
	}

	var tree any
	if json.Unmarshal(blocks, &tree) == nil {
		m.addFromBlocks(tree)
	}
	return m
}

// addFromText adds whom a text mentions: "<@U123> and <!here>".
func (m *Mentioned) addFromText(text string) {
	for _, found := range mentionInText.FindAllStringSubmatch(text, -1) {
		if user := found[1]; user != "" {
			m.Users[user] = true
		} else {
			m.All = true
		}
	}
}

// addFromBlocks adds whom blocks mention, or a part of them.
func (m *Mentioned) addFromBlocks(tree any) {
	if list, ok := tree.([]any); ok {
		for _, e := range list {
			m.addFromBlocks(e)
		}
		return
	}
	block, ok := tree.(object)
	if !ok {
		return
	}

	switch block["type"] {
	case "mrkdwn", "markdown":
		text, _ := block["text"].(string)
		m.addFromText(text)
	case "user":
		if id, ok := block["user_id"].(string); ok {
			m.Users[id] = true
		}
	case "broadcast":
		m.All = true
	}
	for _, key := range []string{"text", "fields", "elements", "accessory"} {
		m.addFromBlocks(block[key])
	}
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
