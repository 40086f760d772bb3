package kit

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What a person types reaches the app twice: as text in Slack's wire form ("*bold* <@U1>"), and as a rich_text
// block. This file makes the block from the text. A chip is what the editor shows as one piece: a mention, a
// channel or a link.

// inline matches the next piece of a line that isn't plain text, in Slack's wire form. The marks *, _ and ~
// count only at the borders of words. Go's regexp can't express that, so isAtWordBorder checks it.
var inline = regexp.MustCompile(strings.Join([]string{
	`<[^<>]+>`,                              // a chip
	"`[^`\n]+`",                             // code
	`\*[^*\n]+\*`,                           // bold
	`_[^_\n]+_`,                             // italic
	`~[^~\n]+~`,                             // struck through
	`:[a-z0-9_+'-]+:(?::skin-tone-[2-6]:)?`, // an emoji, perhaps with a skin tone
}, "|"))

var (
	listBullet = regexp.MustCompile(`^\s*(?:•|-|\*)\s+(.+)$`)
	listNumber = regexp.MustCompile(`^\s*\d+[.)]\s+(.+)$`)
)

// RichText returns the elements of the rich_text block that Slack's editor makes of a text in the wire form. It
// doesn't nest lists. Text after an unclosed ``` counts as code.
func RichText(text string) []any {
	var out []any
	for i, part := range strings.Split(text, "```") {
		isCode := i%2 == 1 // between two ```
		if isCode {
			body := strings.Trim(part, "\n")
			if body != "" {
				out = append(out, object{"type": "rich_text_preformatted", "elements": []any{textPart(unescape(body), nil)}, "border": 0})
			}
		} else {
			out = append(out, richLines(strings.Trim(part, "\n"))...)
		}
	}

	if len(out) == 0 {
		out = append(out, object{"type": "rich_text_section", "elements": []any{}})
	}

	return out
}

// richLines makes sections, quotations and lists of the lines of a text. Neighbouring lines of one kind form
// one element.
func richLines(text string) []any {
	if text == "" {
		return nil
	}

	var out []any
	var group []string
	groupKind, groupBorder := "", 0
	flush := func() {
		if len(group) > 0 {
			out = append(out, richGroup(groupKind, groupBorder, group))
		}
		group = nil
	}
	for line := range strings.SplitSeq(text, "\n") {
		kind, border, body := "section", 0, line
		if q, ok := strings.CutPrefix(line, "&gt;"); ok {
			kind, border, body = "quote", 1, strings.TrimPrefix(q, " ")
		}
		if m := listBullet.FindStringSubmatch(body); m != nil {
			kind, body = "bullet", m[1]
		} else if m := listNumber.FindStringSubmatch(body); m != nil {
			kind, body = "ordered", m[1]
		}

		if kind != groupKind || border != groupBorder {
			flush()
			groupKind, groupBorder = kind, border
		}
		group = append(group, body)
	}

	flush()
	return out
}

// richGroup returns lines of one kind ("bullet", "ordered", "quote", "section") as an element. border is 1 for
// those of a quotation.
func richGroup(kind string, border int, lines []string) any {
	switch kind {
	case "bullet", "ordered":
		var items []any
		for _, l := range lines {
			items = append(items, object{"type": "rich_text_section", "elements": richInline(l, nil)})
		}
		return object{"type": "rich_text_list", "style": kind, "indent": 0, "border": border, "elements": items}
	case "quote":
		return object{"type": "rich_text_quote", "elements": richInline(strings.Join(lines, "\n"), nil)}
	}
	return object{"type": "rich_text_section", "elements": richInline(strings.Join(lines, "\n"), nil)}
}

// richInline returns the elements of a line: text, links, mentions and emoji, each with style.
func richInline(text string, style object) []any {
	out := []any{}
	plainStart := 0
	addPlain := func(to int) {
		if to > plainStart {
			out = append(out, textPart(unescape(text[plainStart:to]), style))
		}
	}
	for at := 0; at < len(text); {
		loc := inline.FindStringIndex(text[at:])
		if loc == nil {
			break
		}

		from, to := at+loc[0], at+loc[1]
		word := text[from:to]
		isMark := strings.ContainsRune("*_~", rune(word[0]))
		if isMark && !isAtWordBorder(text, from, to) {
			at = from + 1
			continue
		}

		addPlain(from)
		out = append(out, richWord(word, style)...)
		at, plainStart = to, to
	}

	addPlain(len(text))
	return out
}

// isAtWordBorder reports whether Slack takes text[from:to], such as "*so*", for formatting: no letter or digit
// touches it, and no space stands inside of the marks.
func isAtWordBorder(text string, from, to int) bool {
	isOfWord := func(b byte) bool {
		if b >= utf8.RuneSelf { // a part of a letter beyond ASCII, most likely
			return true
		}
		return unicode.IsLetter(rune(b)) || unicode.IsDigit(rune(b))
	}
	beginsWord := from == 0 || !isOfWord(text[from-1])
	endsWord := to == len(text) || !isOfWord(text[to])
	if !beginsWord || !endsWord {
		return false
	}
	inner := text[from+1 : to-1]
	return strings.TrimSpace(inner) == inner
}

// richWord returns the elements of one match of inline.
func richWord(w string, style object) []any {
	with := func(added string) object {
		styles := object{added: true}
		for name := range style {
			styles[name] = true
		}
		return styles
	}
	switch w[0] {
	case '<':
		return []any{richChip(w[1:len(w)-1], style)}
	case '`':
		return []any{textPart(unescape(w[1:len(w)-1]), with("code"))}
	case '*':
		return richInline(w[1:len(w)-1], with("bold"))
	case '_':
		return richInline(w[1:len(w)-1], with("italic"))
	case '~':
		return richInline(w[1:len(w)-1], with("strike"))
	}

	name, tone, _ := strings.Cut(strings.Trim(w, ":"), "::skin-tone-")
	e := object{"type": "emoji", "name": name}
	code := emojiCode(name)
	if tone != "" {
		e["skin_tone"] = int(tone[0] - '0')
		if code != "" {
			// Unicode's five tones are 1f3fb to 1f3ff; Slack counts them from 2 to 6.
			code += fmt.Sprintf("-1f3f%x", 0xb+int(tone[0]-'2'))
		}
	}

	if code != "" {
		e["unicode"] = code
	}

	return []any{e}
}

// richChip returns the element of what stands between < and >: a mention, a channel or a link.
func richChip(body string, style object) object {
	id, label, labelled := strings.Cut(body, "|")
	var e object
	switch {
	case strings.HasPrefix(id, "@"):
		e = object{"type": "user", "user_id": id[1:]}
	case strings.HasPrefix(id, "#"):
		e = object{"type": "channel", "channel_id": id[1:]}
	case strings.HasPrefix(id, "!subteam^"):
		e = object{"type": "usergroup", "usergroup_id": strings.TrimPrefix(id, "!subteam^")}
	case strings.HasPrefix(id, "!"):
		e = object{"type": "broadcast", "range": id[1:]}
	default:
		e = object{"type": "link", "url": unescape(id)}
		if labelled {
			e["text"] = unescape(label)
		}
	}

	if len(style) > 0 {
		e["style"] = style
	}

	return e
}

func textPart(text string, style object) object {
	e := object{"type": "text", "text": text}
	if len(style) > 0 {
		e["style"] = style
	}
	return e
}

// unescape undoes Slack's three escapes, & last.
func unescape(t string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(t)
}

// emojiCode returns the Unicode characters of an emoji, as Slack writes them. It knows a few; for others it
// returns "", as Slack has no code for a custom one.
func emojiCode(name string) string {
	return map[string]string{
		"wave":                  "1f44b",
		"+1":                    "1f44d",
		"thumbsup":              "1f44d",
		"smile":                 "1f604",
		"slightly_smiling_face": "1f642",
		"tada":                  "1f389",
		"heart":                 "2764-fe0f",
		"white_check_mark":      "2705",
		"eyes":                  "1f440",
		"fire":                  "1f525",
		"de":                    "1f1e9-1f1ea",
		"flag-de":               "1f1e9-1f1ea",
	}[name]
}
