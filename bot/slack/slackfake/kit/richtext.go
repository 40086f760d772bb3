package kit

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// inline finds the next marked-up part of a line in Slack's wire form. Marks must stand at
// word borders, which Go's regexp cannot say by itself; see wordBorder.
var inline = regexp.MustCompile("<[^<>]+>|`[^`\n]+`|\\*[^*\n]+\\*|_[^_\n]+_|~[^~\n]+~|:[a-z0-9_+'-]+:(?::skin-tone-[2-6]:)?")

var (
	listBullet = regexp.MustCompile(`^(\s*)(?:•|-|\*)\s+(.+)$`)
	listNumber = regexp.MustCompile(`^(\s*)\d+[.)]\s+(.+)$`)
)

// RichText returns the elements of a rich_text block for text in Slack's wire form, as Slack's
// editor would have made them.
func RichText(text string) []any {
	var out []any
	for i, part := range strings.Split(text, "```") {
		if i%2 == 1 {
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

// richLines groups lines into sections, quotes and lists.
func richLines(text string) []any {
	if text == "" {
		return nil
	}

	var out []any
	var run []string
	kind := ""
	flush := func() {
		if len(run) > 0 {
			out = append(out, richGroup(kind, run))
		}
		run = nil
	}
	for line := range strings.SplitSeq(text, "\n") {
		k, body := "section", line
		if q, ok := strings.CutPrefix(line, "&gt;"); ok {
			k, body = "quote", strings.TrimPrefix(q, " ")
		} else if m := listBullet.FindStringSubmatch(line); m != nil {
			k, body = "bullet", m[2]
		} else if m := listNumber.FindStringSubmatch(line); m != nil {
			k, body = "ordered", m[2]
		}

		if k != kind {
			flush()
			kind = k
		}

		run = append(run, body)
	}

	flush()
	return out
}

func richGroup(kind string, lines []string) any {
	switch kind {
	case "bullet", "ordered":
		var items []any
		for _, l := range lines {
			items = append(items, object{"type": "rich_text_section", "elements": richInline(l, nil)})
		}
		return object{"type": "rich_text_list", "style": kind, "indent": 0, "border": 0, "elements": items}
	case "quote":
		return object{"type": "rich_text_quote", "elements": richInline(strings.Join(lines, "\n"), nil)}
	}
	return object{"type": "rich_text_section", "elements": richInline(strings.Join(lines, "\n"), nil)}
}

// richInline splits a line into text, links, mentions and emoji with their styles.
func richInline(text string, style object) []any {
	out := []any{}
	plainFrom := 0
	emit := func(to int) {
		if to > plainFrom {
			out = append(out, textPart(unescape(text[plainFrom:to]), style))
		}
	}
	for at := 0; at < len(text); {
		loc := inline.FindStringIndex(text[at:])
		if loc == nil {
			break
		}

		from, to := at+loc[0], at+loc[1]
		word := text[from:to]
		if strings.ContainsRune("*_~", rune(word[0])) && !isAtWordBorder(text, from, to) {
			at = from + 1
			continue
		}

		emit(from)
		out = append(out, richWord(word, style)...)
		at, plainFrom = to, to
	}

	emit(len(text))
	return out
}

// isAtWordBorder reports whether a mark opens and closes where Slack sees one.
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

func richWord(w string, style object) []any {
	styled := func(k string) object {
		n := object{k: true}
		for x := range style {
			n[x] = true
		}
		return n
	}
	switch w[0] {
	case '<':
		return []any{richChip(w[1:len(w)-1], style)}
	case '`':
		return []any{textPart(unescape(w[1:len(w)-1]), styled("code"))}
	case '*':
		return richInline(w[1:len(w)-1], styled("bold"))
	case '_':
		return richInline(w[1:len(w)-1], styled("italic"))
	case '~':
		return richInline(w[1:len(w)-1], styled("strike"))
	}

	name, tone, _ := strings.Cut(strings.Trim(w, ":"), "::skin-tone-")
	e := object{"type": "emoji", "name": name}
	code := emojiCode(name)
	if tone != "" {
		e["skin_tone"] = int(tone[0] - '0')
		if code != "" {
			code += "-1f3f" + string("bcdef"[tone[0]-'2'])
		}
	}

	if code != "" {
		e["unicode"] = code
	}

	return []any{e}
}

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

// emojiCode knows a few common emoji; Slack leaves the code out for custom ones.
func emojiCode(name string) string {
	switch name {
	case "wave":
		return "1f44b"
	case "+1", "thumbsup":
		return "1f44d"
	case "smile":
		return "1f604"
	case "slightly_smiling_face":
		return "1f642"
	case "tada":
		return "1f389"
	case "heart":
		return "2764-fe0f"
	case "white_check_mark":
		return "2705"
	case "eyes":
		return "1f440"
	case "fire":
		return "1f525"
	case "de", "flag-de":
		return "1f1e9-1f1ea"
	}

	return ""
}
