package blockkit

import (
	"cmp"
	"encoding/json"
	"strings"
)

// attachment is what stands below a message: what Slack shows of a link, a message that somebody passed on, or a
// table that was pasted into the editor.
type attachment struct {
	Blocks []json.RawMessage `json:"blocks"`

	FromURL     string `json:"from_url"` // of a link or a message elsewhere
	OriginalURL string `json:"original_url"`
	AppUnfurl   string `json:"app_unfurl_url"`
	Share       bool   `json:"is_share"`
	Message     bool   `json:"is_msg_unfurl"`
	BotID       string `json:"bot_id"`
	AppID       string `json:"app_id"`
	Author      string `json:"author_id"`
}

// isTyped reports whether the author wrote what stands in a, rather than Slack or an app that shows a link.
func (a *attachment) isTyped() bool {
	if a.Share || a.Message {
		return false
	}
	isOfLink := cmp.Or(a.FromURL, a.OriginalURL, a.AppUnfurl) != ""
	isOfOther := cmp.Or(a.BotID, a.AppID, a.Author) != ""
	return !isOfLink && !isOfOther
}

// cell is a cell of a table: raw_text has a text, raw_number a value and perhaps a text, and rich_text has elements.
// Source: docs.slack.dev/reference/block-kit/blocks/table-block, read 2026-11; without a text: github.com/slack-go/slack/issues/1558.
type cell struct {
	Text     flexible  `json:"text"`
	Value    flexible  `json:"value"`
	Elements []element `json:"elements"`
}

// readPastedTables returns the tables that somebody pasted into a message: Slack's editor makes each of them an attachment,
// and leaves it out of the text and the blocks of the message.
func readPastedTables(attachments json.RawMessage) []part {
	var list []json.RawMessage
	if len(attachments) == 0 || json.Unmarshal(attachments, &list) != nil {
		return nil
	}

	var out []part
	for _, raw := range list {
		var a attachment
		if json.Unmarshal(raw, &a) != nil || !a.isTyped() {
			continue
		}

		for _, block := range a.Blocks {
			if rows := readTable(block); rows != nil {
				out = append(out, part{rows: rows})
			}
		}
	}

	return out
}

// SharedMessages returns the ids of those messages of a channel that somebody passed on with a message, and whether there are any of
// elsewhere.
func SharedMessages(attachments json.RawMessage, channel string) (here []string, elsewhere bool) {
	var list []json.RawMessage
	if len(attachments) == 0 || json.Unmarshal(attachments, &list) != nil {
		return nil, false
	}

	for _, raw := range list {
		var a struct {
			Share   bool   `json:"is_share"`
			Channel string `json:"channel_id"`
			TS      string `json:"ts"`
		}
		isShared := json.Unmarshal(raw, &a) == nil && a.Share
		if isShared && a.Channel == channel && a.TS != "" {
			here = append(here, a.TS)
		} else if isShared {
			elsewhere = true
		}
	}

	return here, elsewhere
}

// readTable returns the rows of a block that is a table, and nil for other blocks.
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

// writeTable writes rows, each with as many cells as the longest row has.
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
