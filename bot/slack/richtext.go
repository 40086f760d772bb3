package slack

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
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

// labels are names that a message's plain text tells of ids: <#C1|support>.
type labels map[string]string

// readText reads what somebody typed from the message's blocks, or from its mrkdwn text
// where there is no rich text. Never fails: what it doesn't know is shown as it is.
func readText(blocks json.RawMessage, fallback string) text {
	w := &writer{tokens: map[string]string{}, names: readLabels(fallback)}
	var all []element
	if len(blocks) > 0 && json.Unmarshal(blocks, &all) == nil {
		rich := false
		for _, b := range all {
			if b.Type == "rich_text" {
				rich = true
				w.blocks(b.Elements)
			}
		}
		if rich {
			return w.text()
		}
	}
	w.mrkdwn(fallback)
	return w.text()
}

// blocks writes the parts of one rich_text block.
func (w *writer) blocks(parts []element) {
	for i, p := range parts {
		if i > 0 {
			w.between(parts[i-1], p)
		}
		switch p.Type {
		case "rich_text_list":
			w.list(p, listStart(parts, i))
		case "rich_text_quote":
			w.prefixed("> ", func() { w.inline(p.Elements) })
		case "rich_text_preformatted":
			w.preformatted(w.code(p.Elements))
		default: // rich_text_section, and whatever comes
			w.inline(p.Elements)
		}
	}
}

// between separates two parts: lists and quotes need an empty line before plain text.
func (w *writer) between(last, next element) {
	if last.Type == "rich_text_list" && next.Type == "rich_text_list" {
		w.breakLine()
		return
	}
	w.paragraph()
}

// prefixed writes with a mark before each line.
func (w *writer) prefixed(mark string, write func()) {
	old := w.prefix
	w.breakLine()
	w.md.WriteString(old + mark)
	w.prefix = old + mark
	write()
	w.prefix = old
}

// listStart gives the number of an ordered list's first item: Slack interrupts a list for
// nested ones and continues with an offset.
func listStart(parts []element, i int) int { return parts[i].Offset + 1 }

func (w *writer) list(l element, start int) {
	var kind string
	_ = json.Unmarshal(l.Style, &kind) //nolint:errcheck // an unknown style is a bullet
	indent := strings.Repeat("    ", min(max(l.Indent, 0), 8))
	for i, item := range l.Elements {
		w.breakLine()
		mark := "- "
		if kind == "ordered" {
			mark = strconv.Itoa(start+i) + ". "
		}
		w.md.WriteString(w.prefix + indent + mark)
		old := w.prefix
		w.prefix = old + indent + strings.Repeat(" ", len(mark))
		w.inline(item.Elements)
		w.prefix = old
	}
}

// code gives the characters of runs. Who is mentioned in them counts as anywhere: the
// text is for colleagues then.
func (w *writer) code(runs []element) string {
	inner := &writer{tokens: w.tokens, names: w.names}
	inner.inline(runs)
	for _, id := range inner.mentions {
		w.mention(id)
	}
	return inner.plain.String()
}

// preformatted writes a fence longer than any in the code.
func (w *writer) preformatted(code string) {
	fence := strings.Repeat("`", max(3, longestRun(code, '`')+1))
	w.breakLine()
	w.md.WriteString(w.prefix)
	w.raw(fence + "\n" + strings.TrimSuffix(code, "\n") + "\n" + fence)
	w.plain.WriteString(code)
}

// inline writes runs of text.
func (w *writer) inline(runs []element) {
	for _, r := range runs {
		var st style
		_ = json.Unmarshal(r.Style, &st) //nolint:errcheck // an unknown style is none
		switch r.Type {
		case "text":
			w.styled(string(r.Text), st)
		case "user":
			w.user(r.UserID)
		case "usergroup":
			w.mention(r.GroupID)
			w.literal("@" + w.label(r.GroupID))
		case "broadcast":
			w.mention("here")
			w.literal("@" + r.Range)
		case "channel":
			w.literal("#" + w.label(r.ChannelID))
		case "emoji":
			w.literal(emojiText(r))
		case "link":
			w.link(r.URL, string(r.Text), st)
		case "date":
			w.literal(r.Fallback)
		case "color":
			w.literal(r.Value)
		default:
			w.styled(string(r.Text), st)
			w.inline(r.Elements)
		}
	}
}

func (w *writer) label(id string) string {
	if name := w.names[id]; name != "" {
		return name
	}
	return id
}

// user writes a mention as a token that bot/command knows.
func (w *writer) user(id string) {
	if id == "" {
		return
	}
	w.mention(id)
	token := mentionToken(id)
	w.tokens[token] = id
	w.plain.WriteString(token)
	w.raw(token)
}

func (w *writer) literal(s string) {
	w.plain.WriteString(s)
	w.raw(w.escape(s))
}

// link writes an address; only kinds that lead somewhere for a customer stay links.
func (w *writer) link(address, label string, st style) {
	bare := strings.TrimPrefix(strings.TrimPrefix(address, "mailto:"), "tel:")
	if label == "" {
		label = bare
	}
	scheme, _, _ := strings.Cut(strings.ToLower(address), ":")
	leads := slices.Contains([]string{"http", "https", "mailto", "tel"}, scheme)
	switch {
	case !leads || bare != address && label == bare || st.Code:
		w.styled(label, st)
	case label == address && !strings.ContainsAny(address, "<> \n"):
		w.plain.WriteString(label)
		w.raw("<" + address + ">")
	default:
		open, end := style{Bold: st.Bold, Italic: st.Italic, Strike: st.Strike}.marks()
		w.plain.WriteString(label)
		target := strings.NewReplacer("<", "%3C", ">", "%3E", "\n", "", " ", "%20").Replace(address)
		w.raw(open + "[" + w.escape(strings.ReplaceAll(label, "\n", " ")) + "](<" + target + ">)" + end)
	}
}

// emojiText gives the characters of an emoji; custom ones stay shortcodes.
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
	if e.SkinTone >= 2 && e.SkinTone <= 6 && !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x1f3fb && r <= 0x1f3ff }) {
		s += string(rune(0x1f3fb + e.SkinTone - 2))
	}
	return s
}
