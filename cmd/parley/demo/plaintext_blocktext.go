package demo

import (
	"cmp"
	"encoding/json"
	"strings"

	"parley/bot/slack/slackfake"
)

// block holds the fields of Slack's blocks and their elements from which text is extracted.
// Source: docs.slack.dev/reference/block-kit/blocks, read 2026-11.
type block struct {
	Type     string          `json:"type"`
	Text     json.RawMessage `json:"text"` // a string in rich text, otherwise an object with a field text
	URL      string          `json:"url"`
	Elements []block         `json:"elements"`
}

// MessageText returns the text that a person sees in a Slack message. Slack shows the blocks of a message instead of its
// field text, which is only a short fallback for notifications. MessageText therefore extracts the text of the blocks,
// one line for each. For example, a section "*Order 1042*" and a context "New" give "*Order 1042*\n\nNew". Without blocks
// it uses the field text.
func MessageText(m *slackfake.Message) string {
	var blocks []block
	if json.Unmarshal(m.Blocks, &blocks) != nil || len(blocks) == 0 { // a message without blocks has nothing to unmarshal
		return SlackText(m.Text)
	}
	var b strings.Builder
	for _, one := range blocks {
		one.write(&b)
		b.WriteByte('\n')
	}
	return strings.TrimSpace(b.String())
}

// plainText returns the text of a block whose field text is a string; "" if it isn't one.
func (b block) plainText() string {
	var text string
	if json.Unmarshal(b.Text, &text) != nil {
		return ""
	}
	return text
}

// write appends the text that a block and its elements show. It omits buttons, images and quotations.
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
		to.WriteString(SlackText(inner.Text) + "\n")
	} else if b.Type == "mrkdwn" || b.Type == "plain_text" { // an element of a context block
		to.WriteString(SlackText(b.plainText()) + " ")
	}

	for _, e := range b.Elements {
		e.write(to)
		if strings.HasPrefix(e.Type, "rich_text_") {
			to.WriteByte('\n')
		}
	}
}
