package blockkit

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"

	"parley/bot/shape"
	"parley/bot/view"
	"parley/bridge"
	"parley/channels/markdown"
)

// joiner is an invisible character. Between marks and words it keeps Slack from reading formatting.
const joiner = "\u2060"

var (
	shortcode = regexp.MustCompile(`:([a-z0-9_+'-]+):`)
	iconName  = regexp.MustCompile(`^[a-z0-9_+-]+$`)
)

// escape makes s safe in every mrkdwn string: it can neither mention nor link.
func escape(s string) string { // a strings.Replacer would be built for each text, and most have nothing to escape
	s = strings.ReplaceAll(s, "&", "&amp;")
	s = strings.ReplaceAll(s, "<", "&lt;")
	return strings.ReplaceAll(s, ">", "&gt;")
}

// literal makes s one line of mrkdwn that shows as it is: no formatting, emoji, quotation.
func literal(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029':
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, shape.Straight(s))
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

// piece renders one piece as mrkdwn.
func (h Home) piece(p view.Piece) string {
	switch p.Kind {
	case view.PieceBold:
		return "*" + literal(p.Text) + "*"
	case view.PieceCode:
		return "`" + escape(strings.NewReplacer("`", "'", "\n", " ").Replace(p.Text)) + "`"
	case view.PieceIcon:
		return Emoji(p.Text)
	case view.PieceMention:
		if userID(p.Agent.User) {
			return "<@" + p.Agent.User + ">"
		}
		return literal(p.Agent.Name)
	case view.PieceTime:
		return fmt.Sprintf("<!date^%d^{date_short_pretty} {time}|%s>", p.At.Unix(), escape(clock(p.At, p.Zone)))
	case view.PieceLink:
		return anchor(p.URL, p.Text)
	case view.PieceThread:
		return anchor(h.Link(p.Place), p.Text)
	case view.PieceTag:
		return Emoji(view.TagIcon(p.Color)) + " " + literal(p.Text)
	case view.PieceText:
	}
	return literal(p.Text)
}

// clock writes a time in a zone, for clients that can't show it in the reader's own zone.
func clock(at time.Time, zone *time.Location) string {
	if zone == nil {
		zone = time.UTC
	}
	return at.In(zone).Format("2 Jan 2006 15:04 MST")
}

// Emoji gives the code that Slack shows as an emoji, such as ":email:"; "" where name can't be the name of one.
func Emoji(name string) string {
	if !iconName.MatchString(name) {
		return ""
	}
	return ":" + name + ":"
}

// anchor makes a link. Where the address isn't a safe one, it gives the label alone.
func anchor(address, label string) string {
	if markdown.SafeURL(address, false) == "" {
		return literal(label)
	}
	address = strings.NewReplacer("|", "%7C", "<", "%3C", ">", "%3E", " ", "%20", "&", "&amp;").Replace(address)
	return "<" + address + "|" + strings.ReplaceAll(literal(label), "|", "¦") + ">"
}

// Link gives the address of a message; "" where the place names none.
// Source: form of what chat.getPermalink answers, read 2026-11.
func (h Home) Link(p bridge.Place) string {
	ts := p.Message
	if ts == "" {
		ts = p.Thread
	}
	if p.Channel == "" || ts == "" {
		return ""
	}
	if h == "" {
		h = "https://slack.com/"
	}
	link := string(h) + "archives/" + url.PathEscape(p.Channel) + "/p" + url.PathEscape(strings.ReplaceAll(ts, ".", ""))
	if p.Thread != "" && p.Thread != ts {
		link += "?thread_ts=" + url.QueryEscape(p.Thread) + "&cid=" + url.QueryEscape(p.Channel)
	}
	return link
}

// userID says whether s has the form of a Slack user's id.
func userID(s string) bool {
	if len(s) < 2 || s[0] != 'U' && s[0] != 'W' {
		return false
	}
	for _, r := range s {
		if (r < 'A' || r > 'Z') && (r < '0' || r > '9') {
			return false
		}
	}
	return true
}

// DisplayName makes a customer's name fit for a post: without invisible characters, at most 80 runes.
// view has marked it as a customer's already.
func DisplayName(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	const most = 80
	if r := []rune(s); len(r) > most {
		if at := strings.LastIndex(s, "("); at > 0 && len([]rune(s[at:])) < 24 {
			tail := []rune(s[at:]) // the mark must not be cut off
			s = string(r[:most-len(tail)-2]) + "… " + string(tail)
		} else {
			s = string(r[:most-1]) + "…"
		}
	}
	return s
}
