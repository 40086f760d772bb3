package blockkit

import (
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

// typed tells whether the author wrote what stands in a, rather than Slack or an app about a link.
func (a *attachment) typed() bool {
	return a.FromURL+a.OriginalURL+a.AppUnfurl+a.BotID+a.AppID+a.Author == "" && !a.Share && !a.Message
}

// cell is a cell of a table: raw_text and raw_number have a text, rich_text has elements.
// Source: docs.slack.dev/reference/block-kit/blocks/table-block, read 2026-11.
type cell struct {
	Text     flexible  `json:"text"`
	Elements []element `json:"elements"`
}

// pastedTables gives the tables that somebody pasted into a message: Slack's editor makes an attachment of each, of
// which the text and the blocks of the message say nothing.
func pastedTables(attachments json.RawMessage) []part {
	var list []json.RawMessage
	if len(attachments) == 0 || json.Unmarshal(attachments, &list) != nil {
		return nil
	}
	var out []part
	for _, raw := range list {
		var a attachment
		if json.Unmarshal(raw, &a) != nil || !a.typed() {
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

// readTable gives the rows of a block that is a table, else nil.
func readTable(block json.RawMessage) [][]cell {
	var t struct {
		Type string   `json:"type"`
		Rows [][]cell `json:"rows"`
	}
	if json.Unmarshal(block, &t) != nil || t.Type != "table" {
		return nil
	}
	return t.Rows
}

// table writes rows, each with as many cells as the longest has.
func (w *writer) table(rows [][]cell) {
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
			lines[i][j] = w.cell(c)
		}
	}
	w.Table(lines)
}

// cell gives the characters of one cell.
func (w *writer) cell(c cell) string {
	words := []string{string(c.Text)}
	for _, p := range c.Elements {
		lines := []element{p}
		if p.Type == "rich_text_list" {
			lines = p.Elements
		}
		for _, line := range lines {
			words = append(words, w.code(line.Elements))
		}
	}
	return strings.TrimSpace(strings.Join(words, " "))
}
