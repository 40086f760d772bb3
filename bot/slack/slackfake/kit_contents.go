package slackfake

import (
	"encoding/json"
	"regexp"
)

var mentionInText = regexp.MustCompile(`<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>|<!(here|channel|everyone)(?:\|[^<>]*)?>`)

// This file reads blocks, the JSON objects that a Slack message consists of: whom do they mention, and what
// do they contain?

// Mentioned is the people that a message mentions, and so notifies.
type Mentioned struct {
	Users map[string]bool // by user id
	All   bool            // everybody in the channel: @here, @channel or @everyone
}

// Mentions returns whom a message mentions. If the message has blocks, its text is ignored, since Slack uses
// it only for notifications then.
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

// addFromText adds the mentions in a text in Slack's markup: "<@U123> and <!here>".
func (m *Mentioned) addFromText(text string) {
	for _, found := range mentionInText.FindAllStringSubmatch(text, -1) {
		if user := found[1]; user != "" {
			m.Users[user] = true
		} else {
			m.All = true
		}
	}
}

// addFromBlocks adds the mentions in decoded blocks, or in any part of them.
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

// AllBlocks returns the blocks of a message followed by those of its attachments, as one JSON array.
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

// HasRichText reports whether blocks contain a rich_text block.
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
