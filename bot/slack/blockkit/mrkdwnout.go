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
	"parley/bot/view"
	"parley/bridge"
	"parley/channels/markdown"
)

// This file writes mrkdwn, Slack's markup. Much of what Parley shows was written by customers, so it must not work as
// markup: a customer named "<!channel> *Bob*" must neither notify the channel nor be shown in bold. literalLine
// neutralises that.

// joiner is an invisible character (WORD JOINER). Slack doesn't treat "*" and the like as formatting when it is
// adjacent to one.
const joiner = "\u2060"

var (
	shortcode  = regexp.MustCompile(`:([a-z0-9_+'-]+):`)
	emojiNames = regexp.MustCompile(`^[a-z0-9_+-]+$`)
	userIDs    = regexp.MustCompile(`^[UW][A-Z0-9]+$`)
)

// escape escapes s for mrkdwn, so that it can contain neither mentions nor links. It doesn't use strings.Replacer,
// which is expensive to build, because most texts need no escaping.
func escape(s string) string {
	s = strings.ReplaceAll(s, "&", "&amp;")
	s = strings.ReplaceAll(s, "<", "&lt;")
	return strings.ReplaceAll(s, ">", "&gt;")
}

// literalLine returns mrkdwn that Slack shows as the single line s, without interpreting formatting, emoji, links or
// quotation in it. Line breaks become spaces, and invisible control characters are dropped.
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

// renderPiece renders one piece of a line, such as a name in bold or a mention.
func (h Home) renderPiece(p view.Piece) string {
	switch p.Kind {
	case view.PieceBold:
		return "*" + literalLine(p.Text) + "*"
	case view.PieceCode:
		return "`" + escape(strings.NewReplacer("`", "'", "\n", " ").Replace(p.Text)) + "`"
	case view.PieceIcon:
		return Emoji(p.Text)
	case view.PieceMention:
		if user := string(p.Agent.User); userIDs.MatchString(user) {
			return "<@" + user + ">"
		}
		return literalLine(p.Agent.Name)
	case view.PieceTime:
		fallback := shape.ShortTime(p.At, p.Zone) // for clients that can't convert it to the reader's time zone
		return fmt.Sprintf("<!date^%d^{date_short_pretty} {time}|%s>", p.At.Unix(), escape(fallback))
	case view.PieceLink:
		return makeLink(p.URL, p.Text)
	case view.PieceThread:
		return makeLink(h.Link(p.Place), p.Text)
	case view.PieceChat:
		return makeLink(h.chatLink(p.Agent), p.Text)
	case view.PieceTag:
		return Emoji(view.TagIcon(p.Color)) + " " + literalLine(p.Text)
	case view.PieceText:
	}

	return literalLine(p.Text)
}

// Emoji returns an emoji's shortcode, such as ":email:", or "" if name isn't a valid name of an emoji.
func Emoji(name string) string {
	if !emojiNames.MatchString(name) {
		return ""
	}
	return ":" + name + ":"
}

// makeLink returns a link. If the address isn't safe, such as "javascript:…", it returns only the label.
func makeLink(address, label string) string {
	if markdown.SafeURL(address, false) == "" {
		return literalLine(label)
	}
	address = strings.NewReplacer("|", "%7C", "<", "%3C", ">", "%3E", " ", "%20", "&", "&amp;").Replace(address)
	return "<" + address + "|" + strings.ReplaceAll(literalLine(label), "|", "¦") + ">"
}

// Link returns the URL of the message at a place, or of the first message of the thread if the place has no message.
// It returns "" if the place has neither.
// Source: the URLs that chat.getPermalink returns, read 2026-11.
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

// chatLink returns the URL at which one writes to an agent; "" if the agent has no user in the workspace.
// Source: the links that Slack makes by "Copy link to profile", read 2026-11.
func (h Home) chatLink(a bridge.AgentRef) string {
	if !userIDs.MatchString(string(a.User)) {
		return ""
	}
	return string(cmp.Or(h, "https://slack.com/")) + "team/" + string(a.User)
}

// Limits of display names and file names.
const (
	maxNameRunes      = 80 // Slack's limit for a username
	maxSuffixRunes    = 65 // a remark in brackets at the end of a name
	maxExtensionRunes = 10 // a file name's extension, with its dot
)

// DisplayName returns the name under which a customer's message is posted. It drops invisible characters and shortens
// the name to maxNameRunes. Package view adds a suffix, as in "Ann Lee (customer)", which shows that the author isn't
// a colleague. A long name is shortened before the suffix, so that the suffix remains.
func DisplayName(name string) string {
	name = shape.Visible(name)
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

	const ellipsis = "… "
	head := runes[:maxNameRunes-len(suffix)-utf8.RuneCountInString(ellipsis)]
	return string(head) + ellipsis + string(suffix)
}

// FileName returns the name under which a customer's file is uploaded: "a/b.pdf" becomes "a_b.pdf", and no name "file".
// It drops invisible characters and shortens the name to maxNameRunes, but keeps the extension.
func FileName(name string) string {
	name = shape.Visible(strings.NewReplacer("/", "_", `\`, "_").Replace(name))
	name = cmp.Or(name, "file")
	runes := []rune(name)
	if len(runes) <= maxNameRunes {
		return name
	}

	extension := []rune(path.Ext(name))
	if len(extension) > maxExtensionRunes {
		extension = nil
	}

	return string(runes[:maxNameRunes-len(extension)-1]) + "…" + string(extension)
}
