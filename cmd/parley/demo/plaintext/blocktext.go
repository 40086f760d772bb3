package plaintext

import (
	"cmp"
	"encoding/json"
	"strings"

	"parley/bot/slack/slackfake"
	"parley/cmd/parley/demo/checker"
)

// block is what a Slack message's blocks have in common as far as they show text.
// Source: docs.slack.dev/reference/block-kit/blocks, read 2026-11.
type block struct {
	Type     string          `json:"type"`
	Text     json.RawMessage `json:"text"` // a string in rich text, else an object with one
	URL      string          `json:"url"`
	Elements []block         `json:"elements"`
}

// MessageText is what a person reads in a post: its blocks, a line each. The text beside
// them is only for notices, and cut short.
func MessageText(m *slackfake.Message) string {
	var blocks []block
	if json.Unmarshal(m.Blocks, &blocks) != nil || len(blocks) == 0 { // a message without blocks has nothing to unmarshal
		return checker.SlackText(m.Text)
	}
	var b strings.Builder
	for _, one := range blocks {
		one.write(&b)
		b.WriteByte('\n')
	}
	return strings.TrimSpace(b.String())
}

// plainText is the text of a block whose text is a string; "" means that it isn't.
func (b block) plainText() string {
	var text string
	if json.Unmarshal(b.Text, &text) != nil {
		return ""
	}
	return text
}

// write adds what a block shows; buttons and quotations add nothing.
func (b block) write(to *strings.Builder) {
	switch b.Type {
	case "actions", "rich_text_quote", "image", "button":
		return
	case "text":
		to.WriteString(b.plainText())
		return
	case "link":
		to.WriteString(cmp.Or(b.plainText(), b.URL))
		return
	}

	var inner struct {
		Text string `json:"text"`
	}
	if json.Unmarshal(b.Text, &inner) == nil && inner.Text != "" {
		to.WriteString(checker.SlackText(inner.Text) + "\n")
	} else if b.Type == "mrkdwn" || b.Type == "plain_text" { // in a context block
		to.WriteString(checker.SlackText(b.plainText()) + " ")
	}

	for _, e := range b.Elements {
		e.write(to)
		if strings.HasPrefix(e.Type, "rich_text_") {
			to.WriteByte('\n')
		}
	}
}
