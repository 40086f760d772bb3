package blockkit

import (
	"cmp"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/bot/shape"
	"parley/bot/typed"
	"parley/bot/view"
	"parley/bridge"
	"parley/channels/markdown"
)

// joiner is an invisible character. Between marks and words it keeps Slack from reading formatting.
const joiner = "\u2060"

var (
	shortcode = regexp.MustCompile(`:([a-z0-9_+'-]+):`)
	iconName  = regexp.MustCompile(`^[a-z0-9_+-]+$`)

	userIDForm = regexp.MustCompile(`^[UW][A-Z0-9]+$`)
)

// escape makes s safe in every mrkdwn string: it can neither mention nor link. It uses no strings.Replacer, which would be
// built for each text, though most texts have nothing to escape.
func escape(s string) string {
	s = strings.ReplaceAll(s, "&", "&amp;")
	s = strings.ReplaceAll(s, "<", "&lt;")
	return strings.ReplaceAll(s, ">", "&gt;")
}

// literalLine makes s one line of mrkdwn that is shown as it is: without formatting, emoji or quotation.
func literalLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch r {
		case '\n', '\r', '\t', '\u2028', '\u2029':
			return ' '
		}

		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, shape.WithoutDirectionMarks(s))

	s = shortcode.ReplaceAllString(s, ":"+joiner+"$1:")
	s = escape(s)
	for _, mark := range []string{"*", "_", "~", "`"} {
		s = strings.ReplaceAll(s, mark, joiner+mark+joiner)
	}

	if strings.HasPrefix(s, "&gt;") {
		s = joiner + s
	}

	return s
}

func (h Home) renderPiece(p view.Piece) string {
	switch p.Kind {
	case view.PieceBold:
		return "*" + literalLine(p.Text) + "*"
	case view.PieceCode:
		return "`" + escape(strings.NewReplacer("`", "'", "\n", " ").Replace(p.Text)) + "`"
	case view.PieceIcon:
		return Emoji(p.Text)
	case view.PieceMention:
		if user := string(p.Agent.User); userIDForm.MatchString(user) {
			return "<@" + user + ">"
		}
		return literalLine(p.Agent.Name)
	case view.PieceTime:
		fallback := shape.ShortTime(p.At, p.Zone) // for clients that can't show it in the reader's own zone
		return fmt.Sprintf("<!date^%d^{date_short_pretty} {time}|%s>", p.At.Unix(), escape(fallback))
	case view.PieceLink:
		return makeLink(p.URL, p.Text)
	case view.PieceThread:
		return makeLink(h.Link(p.Place), p.Text)
	case view.PieceTag:
		return Emoji(view.TagIcon(p.Color)) + " " + literalLine(p.Text)
	case view.PieceText:
	}

	return literalLine(p.Text)
}

// Emoji returns the code that Slack shows as an emoji, such as ":email:". It returns "" if name can't be an emoji's name.
func Emoji(name string) string {
	if !iconName.MatchString(name) {
		return ""
	}
	return ":" + name + ":"
}

// makeLink makes a link. If the address isn't safe, it returns the label alone.
func makeLink(address, label string) string {
	if markdown.SafeURL(address, false) == "" {
		return literalLine(label)
	}
	address = strings.NewReplacer("|", "%7C", "<", "%3C", ">", "%3E", " ", "%20", "&", "&amp;").Replace(address)
	return "<" + address + "|" + strings.ReplaceAll(literalLine(label), "|", "¦") + ">"
}

// Link returns the address of a message, or of a thread's root. It returns "" if the place names neither.
// Source: form of what chat.getPermalink answers, read 2026-11.
func (h Home) Link(p bridge.Place) string {
	ts := cmp.Or(p.Message, p.Thread)
	if p.Channel == "" || ts == "" {
		return ""
	}
	home := cmp.Or(h, "https://slack.com/")
	digits := strings.ReplaceAll(ts, ".", "")
	link := string(home) + "archives/" + url.PathEscape(p.Channel) + "/p" + url.PathEscape(digits)
	if p.Thread != "" && p.Thread != ts {
		link += "?thread_ts=" + url.QueryEscape(p.Thread) + "&cid=" + url.QueryEscape(p.Channel)
	}
	return link
}

// Limits of the names under which posts stand.
const (
	maxNameRunes   = 80 // Slack's limit of a username
	maxSuffixRunes = 23 // of a remark in brackets at the end of a name
	maxEndingRunes = 10 // of a file name's ending, with its dot
)

// DisplayName makes a customer's name fit for a post: without invisible characters, and of maxNameRunes at most. view has
// put a remark in brackets behind the name, which says that a customer has it: that must not be cut off.
func DisplayName(name string) string {
	name = typed.Visible(name)
	runes := []rune(name)
	if len(runes) <= maxNameRunes {
		return name
	}

	var suffix []rune
	if at := strings.LastIndex(name, "("); at > 0 {
		suffix = []rune(name[at:])
	}
	if len(suffix) == 0 || len(suffix) > maxSuffixRunes {
		return string(runes[:maxNameRunes-1]) + "…"
	}

	const between = "… "
	head := runes[:maxNameRunes-len(suffix)-utf8.RuneCountInString(between)]
	return string(head) + between + string(suffix)
}

// FileName makes the name of a customer's file fit for Slack, as DisplayName does. Of a long name the ending stays.
func FileName(name string) string {
	name = typed.Visible(name)
	runes := []rune(name)
	if len(runes) <= maxNameRunes {
		return name
	}

	ending := []rune(path.Ext(name))
	if len(ending) > maxEndingRunes {
		ending = nil
	}

	return string(runes[:maxNameRunes-len(ending)-1]) + "…" + string(ending)
}
