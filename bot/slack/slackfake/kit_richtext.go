package slackfake

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Slack sends what a person types to the app in two forms: as text in Slack's markup ("*bold* <@U1>"), and as
// a rich_text block, which is a tree of sections, lists, texts and mentions. This file converts the text into
// the block. For example, "*so*" becomes
//
//	{"type": "rich_text_section", "elements": [{"type": "text", "text": "so", "style": {"bold": true}}]}

// inline matches the next piece of a line that isn't plain text. The marks *, _ and ~ count only at word
// boundaries, which Go's regexp can't express; isAtWordBorder checks that.
var inline = regexp.MustCompile(strings.Join([]string{
	`<[^<>]+>`,                              // a mention, channel or link
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

// RichText returns the elements of the rich_text block that Slack's editor creates for a text in Slack's
// markup. Lists are not nested. Text after an unclosed ``` is code.
func RichText(text string) []any {
	var out []any
	for i, part := range strings.Split(text, "```") {
		body := strings.Trim(part, "\n")
		isCode := i%2 == 1 // between two ```
		switch {
		case body == "":
		case isCode:
			out = append(out, object{"type": "rich_text_preformatted", "elements": []any{textPart(unescape(body), nil)}, "border": 0})
		default:
			out = append(out, richLines(body)...)
		}
	}

	if len(out) == 0 {
		out = append(out, object{"type": "rich_text_section", "elements": []any{}})
	}

	return out
}

// lineKind determines which element a line belongs to.
type lineKind struct {
	name   string // "section", "quote", "bullet" or "ordered"
	border int    // 1 inside a quotation
}

// classifyLine returns the kind of a line, and its text without the marks of that kind.
func classifyLine(line string) (kind lineKind, body string) {
	kind, body = lineKind{name: "section"}, line
	if quoted, ok := strings.CutPrefix(line, "&gt;"); ok {
		kind, body = lineKind{name: "quote", border: 1}, strings.TrimPrefix(quoted, " ")
	}
	if bullet := listBullet.FindStringSubmatch(body); bullet != nil {
		kind.name, body = "bullet", bullet[1]
	} else if number := listNumber.FindStringSubmatch(body); number != nil {
		kind.name, body = "ordered", number[1]
	}
	return kind, body
}

// richLines converts the lines of a text. Adjacent lines of the same kind form one element.
func richLines(text string) []any {
	var out []any
	var group []string
	var groupKind lineKind
	for line := range strings.SplitSeq(text, "\n") {
		kind, body := classifyLine(line)
		if kind != groupKind && len(group) > 0 {
			out = append(out, richGroup(groupKind, group))
			group = nil
		}
		groupKind = kind
		group = append(group, body)
	}
	return append(out, richGroup(groupKind, group))
}

// richGroup converts lines of the same kind into one element.
func richGroup(kind lineKind, lines []string) any {
	switch kind.name {
	case "bullet", "ordered":
		var items []any
		for _, line := range lines {
			items = append(items, object{"type": "rich_text_section", "elements": richInline(line, nil)})
		}
		return object{"type": "rich_text_list", "style": kind.name, "indent": 0, "border": kind.border, "elements": items}
	case "quote":
		return object{"type": "rich_text_quote", "elements": richInline(strings.Join(lines, "\n"), nil)}
	}
	return object{"type": "rich_text_section", "elements": richInline(strings.Join(lines, "\n"), nil)}
}

// richInline returns the elements of a text without line formats: texts, links, mentions and emoji. style is
// the formatting of everything around it, such as {"bold": true}, or nil.
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

// isAtWordBorder reports whether Slack treats text[from:to], such as "*so*", as formatting. That requires
// that no letter or digit is adjacent to the marks outside, and no space inside.
func isAtWordBorder(text string, from, to int) bool {
	isOfWord := func(b byte) bool {
		if b >= utf8.RuneSelf { // most likely part of a non-ASCII letter
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

// richWord returns the elements for one match of inline.
func richWord(w string, style object) []any {
	styleWith := func(added string) object {
		styles := object{added: true}
		for name := range style {
			styles[name] = true
		}
		return styles
	}
	switch w[0] {
	case '<':
		return []any{richReference(w[1:len(w)-1], style)}
	case '`':
		return []any{textPart(unescape(w[1:len(w)-1]), styleWith("code"))}
	case '*':
		return richInline(w[1:len(w)-1], styleWith("bold"))
	case '_':
		return richInline(w[1:len(w)-1], styleWith("italic"))
	case '~':
		return richInline(w[1:len(w)-1], styleWith("strike"))
	}

	return []any{richEmoji(w)}
}

// richEmoji returns the element for an emoji such as ":wave::skin-tone-2:".
func richEmoji(shortcode string) object {
	name, tone, _ := strings.Cut(strings.Trim(shortcode, ":"), "::skin-tone-")
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
	return e
}

// richReference returns the element for the text between < and >: a mention, a channel or a link.
func richReference(body string, style object) object {
	id, label, hasLabel := strings.Cut(body, "|")
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
		if hasLabel {
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

// unescape decodes the three characters that Slack escapes.
func unescape(text string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(text)
}

// emojiCode returns the Unicode code points of an emoji in Slack's notation, or "" for any but the few emoji
// that it knows. Slack leaves them out for custom emoji.
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
