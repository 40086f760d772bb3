package blockkit

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/channels/markdown"
)

// element is any piece of a rich_text block. Unknown ones are read for their text.
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
}

// flexible is a string, or the text of a text object.
type flexible string

// UnmarshalJSON implements json.Unmarshaler.
func (f *flexible) UnmarshalJSON(raw []byte) error {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		*f = flexible(s)
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

// writer builds a text from Slack's elements. It knows the names of channels and user groups by their ids.
type writer struct {
	*markdown.Writer
	names labels
}

// labels are names by id, as a message's plain text gives them: <#C1|support>.
type labels map[string]string

// Typed is what somebody typed, as a message carries it.
type Typed struct {
	Blocks      json.RawMessage
	Attachments json.RawMessage
	Text        string // in mrkdwn
}

// ReadText reads what somebody typed from the message's blocks, or from its mrkdwn text
// where there is no rich text, with the tables in it. It never fails: it keeps what it doesn't know as it is.
func ReadText(t Typed) markdown.Text {
	w := &writer{Writer: markdown.NewWriter(), names: readLabels(t.Text)}
	parts := readParts(t.Blocks)
	if !slices.ContainsFunc(parts, func(p part) bool { return p.rich != nil }) {
		w.mrkdwn(t.Text)
	}
	for _, p := range append(parts, pastedTables(t.Attachments)...) {
		w.blocks(p.rich)
		w.table(p.rows)
	}
	return w.Text()
}

// part is a block of a message that somebody typed: rich text, or a table.
type part struct {
	rich []element
	rows [][]cell
}

// readParts reads those blocks of a message that have what somebody typed in them.
func readParts(blocks json.RawMessage) []part {
	var all []json.RawMessage
	if len(blocks) == 0 || json.Unmarshal(blocks, &all) != nil {
		return nil
	}
	var out []part
	for _, raw := range all {
		var b element
		if rows := readTable(raw); rows != nil {
			out = append(out, part{rows: rows})
		} else if json.Unmarshal(raw, &b) == nil && b.Type == "rich_text" {
			out = append(out, part{rich: append([]element{}, b.Elements...)})
		}
	}
	return out
}

// blocks writes the parts of one rich_text block.
func (w *writer) blocks(parts []element) {
	for i, p := range parts {
		if i > 0 {
			w.between(parts[i-1], p)
		}
		switch p.Type {
		case "rich_text_list":
			w.list(p, p.Offset+1) // Slack interrupts a list for nested ones, and continues it with an offset
		case "rich_text_quote":
			w.Prefixed("> ", func() { w.inline(p.Elements) })
		case "rich_text_preformatted":
			w.Preformatted(w.code(p.Elements))
		default: // rich_text_section, and kinds that Slack adds later
			w.inline(p.Elements)
		}
	}
}

// between separates two parts: lists and quotes need an empty line before plain text.
func (w *writer) between(last, next element) {
	if last.Type == "rich_text_list" && next.Type == "rich_text_list" {
		w.BreakLine()
		return
	}
	w.Paragraph()
}

// list writes a list; start is the number of its first item, if it is an ordered one.
func (w *writer) list(l element, start int) {
	var kind string
	_ = json.Unmarshal(l.Style, &kind) //nolint:errcheck // an unknown style is a bullet
	for i, item := range l.Elements {
		mark := "- "
		if kind == "ordered" {
			mark = strconv.Itoa(start+i) + ". "
		}
		w.Item(l.Indent, mark, func() { w.inline(item.Elements) })
	}
}

// code gives the characters of runs, without formatting: behind the words of a link stands its address. Mentions in code
// count like any others: the text is for colleagues then.
func (w *writer) code(runs []element) string {
	inner := &writer{Writer: w.Inner(), names: w.names}
	plain := slices.Clone(runs)
	for i, r := range plain {
		if r.Type == "link" {
			plain[i] = element{Type: "text", Text: flexible(markdown.Run{Text: string(r.Text), URL: r.URL}.Spelled())}
		}
	}
	inner.inline(plain)
	for _, id := range inner.Mentions() {
		w.Mention(id)
	}
	return inner.Plain()
}

// inline writes runs of text. It writes all runs between two mentions at once, because the marks around
// a run depend on its neighbours.
func (w *writer) inline(runs []element) {
	var words []markdown.Run
	literal := func(s string) { words = append(words, markdown.Run{Text: s}) }
	flush := func() {
		w.Runs(words)
		words = nil
	}
	for _, r := range runs {
		var st markdown.Style
		_ = json.Unmarshal(r.Style, &st) //nolint:errcheck // an unknown style is none
		switch r.Type {
		case "text":
			words = append(words, markdown.Run{Text: string(r.Text), Style: st})
		case "user":
			flush()
			w.User(r.UserID)
		case "usergroup":
			w.Mention(r.GroupID)
			literal("@" + w.label(r.GroupID))
		case "broadcast":
			w.Mention("here")
			literal("@" + r.Range)
		case "channel":
			literal("#" + w.label(r.ChannelID))
		case "emoji":
			literal(emojiText(r))
		case "link":
			words = append(words, markdown.Run{Text: string(r.Text), URL: r.URL, Style: st})
		case "date":
			literal(dateText(r))
		case "color":
			literal(r.Value)
		default:
			flush()
			w.Styled(string(r.Text), st)
			w.inline(r.Elements)
		}
	}
	flush()
}

// dateText gives the words that stand for a date, else its time.
func dateText(e element) string {
	seconds, err := strconv.ParseInt(string(e.Timestamp), 10, 64)
	if e.Fallback != "" || err != nil {
		return e.Fallback
	}
	return time.Unix(seconds, 0).UTC().Format("2006-01-02 15:04 MST")
}

// label gives the name of an id, else the id.
func (w *writer) label(id string) string {
	if name := w.names[id]; name != "" {
		return name
	}
	return id
}

// Unicode's five skin tones, which follow an emoji. Slack numbers them from 2 to 6.
const (
	firstTone = 0x1f3fb
	lastTone  = 0x1f3ff
)

// emojiText gives the characters of an emoji; a custom emoji stays a shortcode.
func emojiText(e element) string {
	var b strings.Builder
	for part := range strings.SplitSeq(e.Unicode, "-") {
		n, err := strconv.ParseUint(part, 16, 32)
		if err != nil || n == 0 || n > 0x10ffff {
			return ":" + e.Name + ":"
		}
		b.WriteRune(rune(n))
	}
	s := b.String()
	hasTone := strings.ContainsFunc(s, func(r rune) bool { return r >= firstTone && r <= lastTone })
	if e.SkinTone >= 2 && e.SkinTone <= 6 && !hasTone {
		s += string(rune(firstTone + e.SkinTone - 2))
	}
	return s
}
