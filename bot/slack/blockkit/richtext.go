package blockkit

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"parley/channels/markdown"
)

// What somebody types in Slack arrives as blocks of rich text: a tree of elements. This file writes it as Markdown, in which
// mentions are tokens such as "<@U0ANN>". Messages without rich text are read from Slack's own markup (mrkdwn.go).

// element is any part of a rich_text block.
// Source: docs.slack.dev/reference/block-kit/blocks/rich-text-block, read 2026-11.
type element struct {
	Type      string          `json:"type"`
	Text      flexible        `json:"text"`
	Style     json.RawMessage `json:"style"` // an object on runs, a word on lists
	Elements  []element       `json:"elements"`
	UserID    string          `json:"user_id"`
	ChannelID string          `json:"channel_id"`
	GroupID   string          `json:"usergroup_id"`
	Name      string          `json:"name"`
	Unicode   string          `json:"unicode"`
	SkinTone  int             `json:"skin_tone"`
	URL       string          `json:"url"`
	Fallback  string          `json:"fallback"`
	Range     string          `json:"range"`
	Value     string          `json:"value"`
	Timestamp json.RawMessage `json:"timestamp"` // seconds since 1970
	Indent    int             `json:"indent"`
	Offset    int             `json:"offset"`
	Border    int             `json:"border"` // 1 on a list or code that stands in a quotation
}

// flexible is a string, a number as it is written, or the text of a text object.
type flexible string

// UnmarshalJSON implements json.Unmarshaler.
func (f *flexible) UnmarshalJSON(raw []byte) error {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		*f = flexible(s)
		return nil
	}
	var n json.Number
	if json.Unmarshal(raw, &n) == nil {
		*f = flexible(n)
		return nil
	}
	var o struct {
		Text string `json:"text"`
	}
	if json.Unmarshal(raw, &o) == nil {
		*f = flexible(o.Text)
	}
	return nil
}

// writer builds a text from Slack's elements.
type writer struct {
	*markdown.Writer
	names labels
}

// labels are the names of channels and user groups by id. A message's plain text may have them: <#C1|support>.
type labels map[string]string

// Typed is what somebody typed, as a message carries it.
type Typed struct {
	Blocks      json.RawMessage
	Attachments json.RawMessage
	Text        string            // in mrkdwn
	Names       map[string]string // names of channels by id, for those that Slack mentions without
}

// ReadText reads what somebody typed: the rich text of the message, or else its mrkdwn, and tables. It never fails: of what it
// doesn't know it keeps the text.
func ReadText(t Typed) markdown.Text {
	w := &writer{Writer: markdown.NewWriter(), names: readLabels(t.Text, t.Names)}
	parts := readParts(t.Blocks)
	hasRichText := slices.ContainsFunc(parts, func(p part) bool { return p.rich != nil })
	if !hasRichText {
		w.readMrkdwn(t.Text)
	}
	for _, p := range append(parts, readPastedTables(t.Attachments)...) {
		w.writeRichText(p.rich)
		w.writeTable(p.rows)
	}
	return w.Text()
}

// part is a block of a message that somebody typed: rich text, or a table.
type part struct {
	rich []element // not nil for rich text, even without elements
	rows [][]cell  // not nil for a table
}

// readParts returns the blocks that somebody typed. It skips all others.
func readParts(blocks json.RawMessage) []part {
	var all []json.RawMessage
	if len(blocks) == 0 || json.Unmarshal(blocks, &all) != nil {
		return nil
	}

	var out []part
	for _, raw := range all {
		if rows := readTable(raw); rows != nil {
			out = append(out, part{rows: rows})
			continue
		}

		var block element
		if json.Unmarshal(raw, &block) == nil && block.Type == "rich_text" {
			out = append(out, part{rich: append([]element{}, block.Elements...)})
		}
	}

	return out
}

// isQuoted reports whether a part stands in a quotation. Lists and code in a quotation are parts beside it, with a border.
func (e element) isQuoted() bool { return e.Type == "rich_text_quote" || e.Border > 0 }

// writeRichText writes the parts of one rich_text block. Quoted parts beside each other make one quotation.
func (w *writer) writeRichText(parts []element) {
	for len(parts) > 0 {
		quoted := parts[0].isQuoted()
		end := slices.IndexFunc(parts, func(p element) bool { return p.isQuoted() != quoted })
		if end < 0 {
			end = len(parts)
		}

		if quoted {
			w.Prefixed("> ", func() { w.writeParts(parts[:end]) })
		} else {
			w.writeParts(parts[:end])
		}

		parts = parts[end:]
		if len(parts) > 0 {
			w.Paragraph()
		}
	}
}

// writeParts writes parts that are all quoted, or all not.
func (w *writer) writeParts(parts []element) {
	for i, p := range parts {
		if i > 0 {
			w.separateParts(parts[i-1], p)
		}

		switch p.Type {
		case "rich_text_list":
			w.writeList(p)
		case "rich_text_preformatted":
			w.Preformatted(w.plainText(p.Elements))
		default: // rich_text_section, rich_text_quote, and kinds that Slack adds later
			w.writeRuns(p.Elements)
		}
	}
}

// separateParts separates two parts: lists and quotes need an empty line before plain text.
func (w *writer) separateParts(last, next element) {
	if last.Type == "rich_text_list" && next.Type == "rich_text_list" {
		w.BreakLine()
		return
	}
	w.Paragraph()
}

// writeList writes a list. Slack interrupts a list for nested ones, and continues it with an offset.
func (w *writer) writeList(list element) {
	var kind string
	_ = json.Unmarshal(list.Style, &kind) //nolint:errcheck // an unknown style is a bullet
	firstNumber := list.Offset + 1
	for i, item := range list.Elements {
		mark := "- "
		if kind == "ordered" {
			mark = strconv.Itoa(firstNumber+i) + ". "
		}
		w.Item(list.Indent, mark, func() { w.writeRuns(item.Elements) })
	}
}

// plainText returns the characters of runs, for code. The address of a link follows its words. Mentions count as they do
// elsewhere, because a text that mentions a colleague isn't for the customer.
func (w *writer) plainText(runs []element) string {
	inner := &writer{Writer: w.Inner(), names: w.names}
	plain := slices.Clone(runs)
	for i, r := range plain {
		if r.Type == "link" {
			spelled := markdown.Run{Text: string(r.Text), URL: r.URL}.Spelled()
			plain[i] = element{Type: "text", Text: flexible(spelled)}
		}
	}
	inner.writeRuns(plain)
	for _, id := range inner.Mentions() {
		w.Mention(id)
	}
	return inner.Plain()
}

// writeRuns writes runs of text. It writes all runs between two mentions at once, because in Markdown the marks around a run
// depend on its neighbours.
func (w *writer) writeRuns(runs []element) {
	var waiting []markdown.Run // runs since the last mention, which are not written yet
	addText := func(s string) { waiting = append(waiting, markdown.Run{Text: s}) }
	flush := func() {
		w.Runs(waiting)
		waiting = nil
	}
	for _, r := range runs {
		var style markdown.Style
		_ = json.Unmarshal(r.Style, &style) //nolint:errcheck // an unknown style is none

		switch r.Type {
		case "text":
			waiting = append(waiting, markdown.Run{Text: string(r.Text), Style: style})
		case "user":
			flush()
			w.User(r.UserID)
		case "usergroup":
			w.Mention(r.GroupID)
			addText("@" + w.labelOf(r.GroupID))
		case "broadcast":
			w.Mention("here")
			addText("@" + r.Range)
		case "channel":
			addText(w.channelWords(r.ChannelID))
		case "emoji":
			addText(emojiText(r))
		case "link":
			waiting = append(waiting, markdown.Run{Text: string(r.Text), URL: r.URL, Style: style})
		case "date":
			addText(dateText(r))
		case "color":
			addText(r.Value)
		default: // a kind that Slack adds later
			flush()
			w.Styled(string(r.Text), style)
			w.writeRuns(r.Elements)
		}
	}

	flush()
}

// dateText returns the words that stand for a date, or its time if there are none.
func dateText(e element) string {
	if e.Fallback != "" {
		return e.Fallback
	}
	seconds, err := strconv.ParseInt(string(e.Timestamp), 10, 64)
	if err != nil {
		return ""
	}
	return time.Unix(seconds, 0).UTC().Format("2006-01-02 15:04 MST")
}

// labelOf returns the name of a user group, or its id if the name isn't known.
func (w *writer) labelOf(id string) string { return cmp.Or(w.names[id], id) }

// channelWords returns what stands for a mentioned channel: its name, but never its id, since customers may read it.
func (w *writer) channelWords(id string) string {
	if name := w.names[id]; name != "" {
		return "#" + name
	}
	return "a channel"
}

// Unicode's five skin tones, which follow an emoji, and Slack's numbers of them.
const (
	firstTone       = 0x1f3fb
	lastTone        = 0x1f3ff
	firstToneNumber = 2
	lastToneNumber  = 6
)

// emojiText returns the characters of an emoji. A custom emoji, which has none, stays a shortcode.
func emojiText(e element) string {
	var b strings.Builder
	for digits := range strings.SplitSeq(e.Unicode, "-") {
		char, err := strconv.ParseUint(digits, 16, 32)
		isRune := char > 0 && char <= unicode.MaxRune
		if err != nil || !isRune {
			return ":" + e.Name + ":"
		}

		b.WriteRune(rune(char))
	}

	emoji := b.String()
	hasTone := strings.ContainsFunc(emoji, func(r rune) bool { return r >= firstTone && r <= lastTone })
	knowsTone := e.SkinTone >= firstToneNumber && e.SkinTone <= lastToneNumber
	if knowsTone && !hasTone {
		emoji += string(rune(firstTone + e.SkinTone - firstToneNumber))
	}

	return emoji
}
