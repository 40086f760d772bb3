package blockkit

import (
	"cmp"
	"encoding/json"
	"strings"
)

// This file reads what Slack sends as the attachments of a message. An attachment is
//   - a table that the author pasted into the editor. It belongs to what they typed, and is written as Markdown.
//   - another message that the author shared (forwarded) with this one.
//   - Slack's or an app's preview of a link, which is ignored.

// attachment is one attachment of a message.
type attachment struct {
	Blocks []json.RawMessage `json:"blocks"`

	FromURL     string `json:"from_url"` // of a link or another message
	OriginalURL string `json:"original_url"`
	AppUnfurl   string `json:"app_unfurl_url"`
	Share       bool   `json:"is_share"`
	Message     bool   `json:"is_msg_unfurl"`
	BotID       string `json:"bot_id"`
	AppID       string `json:"app_id"`
	Author      string `json:"author_id"`
}

// isTyped reports whether the content of an attachment was typed or pasted by the author of the message.
func (a *attachment) isTyped() bool {
	if a.Share || a.Message {
		return false
	}
	isLinkPreview := cmp.Or(a.FromURL, a.OriginalURL, a.AppUnfurl) != ""
	isByAnother := cmp.Or(a.BotID, a.AppID, a.Author) != ""
	return !isLinkPreview && !isByAnother
}

// cell is a cell of a table. A raw_text cell has a text. A raw_number cell has a value, and may have a text. A rich_text
// cell has elements.
// Source: docs.slack.dev/reference/block-kit/blocks/table-block, read 2026-11. That a raw_number may have no text:
// github.com/slack-go/slack/issues/1558.
type cell struct {
	Text     flexible  `json:"text"`
	Value    flexible  `json:"value"`
	Elements []element `json:"elements"`
}

// readPastedTables returns the tables that the author pasted into a message. Slack leaves them out of the message's text
// and blocks.
func readPastedTables(attachments json.RawMessage) []typedBlock {

	var out []typedBlock
	for _, raw := range listOf(attachments) {
		var a attachment
		if json.Unmarshal(raw, &a) != nil || !a.isTyped() {
			continue
		}

		for _, block := range a.Blocks {
			if rows := readTable(block); rows != nil {
				out = append(out, typedBlock{rows: rows})
			}
		}
	}

	return out
}

// SharedMessages returns the messages that were shared with a message. ids has those of the given channel, and hasForeign
// reports whether there are any others.
func SharedMessages(attachments json.RawMessage, channel string) (ids []string, hasForeign bool) {

	for _, raw := range listOf(attachments) {
		var a struct {
			Share   bool   `json:"is_share"`
			Channel string `json:"channel_id"`
			TS      string `json:"ts"`
		}
		if json.Unmarshal(raw, &a) != nil || !a.Share {
			continue
		}
		if a.Channel != channel || a.TS == "" {
			hasForeign = true
			continue
		}
		ids = append(ids, a.TS)
	}

	return ids, hasForeign
}

// readTable returns the rows of a block, or nil if the block isn't a table.
func readTable(block json.RawMessage) [][]cell {
	var table struct {
		Type string   `json:"type"`
		Rows [][]cell `json:"rows"`
	}
	if json.Unmarshal(block, &table) != nil || table.Type != "table" {
		return nil
	}
	return table.Rows
}

// writeTable writes a table. Short rows are padded with empty cells. It writes nothing if there are no cells.
func (w *writer) writeTable(rows [][]cell) {
	width := 0
	for _, row := range rows {
		width = max(width, len(row))
	}

	if width == 0 {
		return
	}

	lines := make([][]string, len(rows))
	for i, row := range rows {
		lines[i] = make([]string, width)
		for j, c := range row {
			lines[i][j] = w.cellText(c)
		}
	}

	w.Table(lines)
}

// cellText returns the plain text of a cell. Items of a list are joined by spaces.
func (w *writer) cellText(c cell) string {
	words := []string{string(cmp.Or(c.Text, c.Value))}
	for _, p := range c.Elements {
		lines := []element{p}
		if p.Type == "rich_text_list" {
			lines = p.Elements
		}
		for _, line := range lines {
			words = append(words, w.plainText(line.Elements))
		}
	}
	return strings.TrimSpace(strings.Join(words, " "))
}
