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

// A message that somebody types in Slack arrives as a rich_text block, which is a tree of elements:
//
//	{"type":"rich_text_section","elements":[{"type":"text","text":"Hi","style":{"bold":true}}, {"type":"user","user_id":"U1"}]}
//
// This file converts it to Markdown, with a placeholder for each mention: "**Hi**<@U1>". The elements of the top level,
// such as sections and lists, are called parts. Those below, such as texts and links, are called runs. Messages without
// rich text have mrkdwn instead, Slack's own markup, which mrkdwn.go reads.

// element is a rich_text block, or anything inside one.
// Source: docs.slack.dev/reference/block-kit/blocks/rich-text-block, read 2026-11.
type element struct {
	Type      string          `json:"type"`
	Text      flexible        `json:"text"`
	Style     json.RawMessage `json:"style"` // an object in runs; a string in lists
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
	Border    int             `json:"border"` // 1 if a list or code is inside a quotation
}

// flexible is a text that JSON has as a string, a number or an object with a "text" field.
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

// writer converts Slack's elements to Markdown.
type writer struct {
	*markdown.Writer
	names labels
}

// labels are the names of channels and user groups by id.
type labels map[string]string

// Typed has the fields of a Slack message that may hold what its author typed.
type Typed struct {
	Blocks      json.RawMessage
	Attachments json.RawMessage
	Text        string            // mrkdwn
	Names       map[string]string // names of channels by id, for mentions without a name
}

// ReadText reads what the author of a message typed: its rich text, or else its mrkdwn, followed by its tables. It never
// fails. If an element is of an unknown kind, it keeps the element's text.
func ReadText(t Typed) markdown.Text {
	w := &writer{Writer: markdown.NewWriter(), names: readLabels(t.Text, t.Names)}
	blocks := readBlocks(t.Blocks)
	hasRichText := slices.ContainsFunc(blocks, func(b typedBlock) bool { return b.rich != nil })
	if !hasRichText {
		w.readMrkdwn(t.Text)
	}
	for _, b := range append(blocks, readPastedTables(t.Attachments)...) {
		if !w.Empty() {
			w.Paragraph()
		}
		w.writeRichText(b.rich) // nothing if it is a table
		w.writeTable(b.rows)    // nothing if it is rich text
	}
	return w.Text()
}

// typedBlock is a block of a message that its author typed: either rich text or a table.
type typedBlock struct {
	rich []element // the parts of rich text; not nil if it is rich text, even without parts
	rows [][]cell  // not nil for a table
}

// listOf returns the elements of a JSON array; nil if it isn't one.
func listOf(array json.RawMessage) []json.RawMessage {
	var list []json.RawMessage
	if json.Unmarshal(array, &list) != nil {
		return nil
	}
	return list
}

// readBlocks returns those blocks of a message that its author typed.
func readBlocks(blocks json.RawMessage) []typedBlock {

	var out []typedBlock
	for _, raw := range listOf(blocks) {
		if rows := readTable(raw); rows != nil {
			out = append(out, typedBlock{rows: rows})
			continue
		}

		var block element
		if json.Unmarshal(raw, &block) == nil && block.Type == "rich_text" {
			out = append(out, typedBlock{rich: append([]element{}, block.Elements...)})
		}
	}

	return out
}

// isQuoted reports whether a part is inside a quotation. Slack doesn't nest lists and code in a quote. It puts them next
// to it and sets their border.
func (e element) isQuoted() bool { return e.Type == "rich_text_quote" || e.Border > 0 }

// writeRichText writes the parts of one rich_text block. Adjacent quoted parts become one quotation.
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

// writeParts writes parts of which either all or none are quoted.
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

// separateParts writes an empty line between two parts, or a line break between two lists, which Markdown would
// otherwise separate.
func (w *writer) separateParts(last, next element) {
	if last.Type == "rich_text_list" && next.Type == "rich_text_list" {
		w.BreakLine()
		return
	}
	w.Paragraph()
}

// writeList writes a list. Slack splits a list around a nested one. The offset of the second half is the number of items
// before it.
func (w *writer) writeList(list element) {
	var kind string
	_ = json.Unmarshal(list.Style, &kind) //nolint:errcheck // an unknown style counts as bullets
	firstNumber := list.Offset + 1
	for i, item := range list.Elements {
		mark := "- "
		if kind == "ordered" {
			mark = strconv.Itoa(firstNumber+i) + ". "
		}
		w.Item(list.Indent, mark, func() { w.writeRuns(item.Elements) })
	}
}

// plainText returns runs without formatting, for code. A link becomes its label and its address. Mentions are recorded
// as in any other text, because a message that mentions a colleague isn't sent to the customer.
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

// writeRuns writes runs of text. It collects the runs between two mentions and writes them together, because where
// Markdown allows marks such as "**" depends on the adjacent runs.
func (w *writer) writeRuns(runs []element) {
	var pending []markdown.Run // the runs since the last mention
	addText := func(s string) { pending = append(pending, markdown.Run{Text: s}) }
	flush := func() {
		w.Runs(pending)
		pending = nil
	}

	for _, r := range runs {
		var style markdown.Style
		_ = json.Unmarshal(r.Style, &style) //nolint:errcheck // an unknown style is ignored

		switch r.Type {
		case "text":
			pending = append(pending, markdown.Run{Text: string(r.Text), Style: style})
		case "user":
			flush()
			w.User(r.UserID)
		case "usergroup":
			w.Mention(r.GroupID)
			addText(w.groupWords(r.GroupID))
		case "broadcast":
			w.Mention("here")
			addText("@" + r.Range)
		case "channel":
			addText(w.channelWords(r.ChannelID))
		case "emoji":
			addText(emojiText(r))
		case "link":
			pending = append(pending, markdown.Run{Text: string(r.Text), URL: r.URL, Style: style})
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

// dateText returns the fallback text of a date, or its time if it has none.
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

// groupWords returns the text for a mention of a user group. Like that of channelWords, it never has the id.
func (w *writer) groupWords(id string) string {
	if name := w.names[id]; name != "" {
		return "@" + name
	}
	return "a group"
}

// channelWords returns the text for a mention of a channel. It has the name, or no name if that isn't known. It never
// has the id, because customers may read the text.
func (w *writer) channelWords(id string) string {
	if name := w.names[id]; name != "" {
		return "#" + name
	}
	return "a channel"
}

// The five skin tones, which are characters that follow an emoji, and Slack's numbers for them.
const (
	firstTone       = 0x1f3fb
	lastTone        = 0x1f3ff
	firstToneNumber = 2
	lastToneNumber  = 6
)

// emojiText returns the Unicode characters of an emoji, or the shortcode of a custom emoji, which has no characters. Slack
// need not tell the characters, and tells the skin tone in them, in a field of its own, or in the name:
// "wave::skin-tone-2".
// Source: docs.slack.dev/reference/block-kit/block-elements/emoji-element, read 2026-11.
func emojiText(e element) string {
	spelled := ":" + e.Name + ":"
	named, _ := findShortcode(spelled, 0)
	emoji := cmp.Or(decodeCharacters(e.Unicode), named.emoji)
	if emoji == "" {
		return spelled
	}
	if strings.ContainsFunc(emoji, isTone) {
		return emoji
	}
	return withTone(emoji, cmp.Or(e.SkinTone, named.tone))
}

// decodeCharacters returns the characters that Slack writes as "1f44b-1f3fd", or "" if these aren't any.
func decodeCharacters(hexadecimal string) string {
	var b strings.Builder
	for digits := range strings.SplitSeq(hexadecimal, "-") {
		char, err := strconv.ParseUint(digits, 16, 32)
		if err != nil || char == 0 || char > unicode.MaxRune {
			return ""
		}
		b.WriteRune(rune(char))
	}
	return b.String()
}

func isTone(r rune) bool { return r >= firstTone && r <= lastTone }
