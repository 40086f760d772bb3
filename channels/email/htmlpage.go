package email

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"

	"parley/channels"
)

// page is the HTML of a mail. It is made safe when somebody opens it: for most mails
// nobody does, and it takes as long as all the rest.
type page struct {
	decoder  *decoder
	segments []segment
	cids     map[string]string // known content ids: file name

	mail     letterhead
	pictures []channels.Attachment // files of the mail, of which some stand in it
}

// letterhead is what a page says above a mail.
type letterhead struct {
	subject string
	from    channels.Party
	to, cc  []channels.Party
	at      time.Time
}

// picturesBytes bounds what pictures of a mail are put into its page.
const picturesBytes = 10 << 20

// Sanitised gives HTML that is safe to show in a sandboxed page.
func (p *page) Sanitised() string {
	r := newHTMLReader(false, p.cids)
	r.original = true
	var safe []string
	for _, s := range p.segments {
		if s.html != "" {
			body, _ := r.parse(s.html)
			safe = appendText(safe, strings.TrimSpace(p.decoder.policy().Sanitize(renderChildren(body))))
		}
	}
	return p.mail.html() + drawn(strings.Join(safe, "\n<hr/>\n"), slices.Concat(p.pictures, r.images))
}

// html says from whom, to whom and when a mail is.
func (l letterhead) html() string {
	var b strings.Builder
	row := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&b, "<b>%s:</b> %s<br/>\n", name, html.EscapeString(text))
		}
	}
	row("Subject", l.subject)
	row("From", named(l.from))
	row("To", named(l.to...))
	row("Cc", named(l.cc...))
	if !l.at.IsZero() {
		row("Date", l.at.Format("Mon, 2 Jan 2006 15:04 -0700"))
	}
	if b.Len() == 0 {
		return ""
	}
	return "<p>" + b.String() + "</p>\n<hr/>\n"
}

// named writes people with their addresses.
func named(people ...channels.Party) string {
	var list []string
	for _, p := range people {
		if p.Name == "" || p.Name == p.Key {
			list = append(list, p.Key)
			continue
		}
		list = append(list, p.Name+" <"+p.Key+">")
	}
	return strings.Join(list, ", ")
}

// drawable are the types of pictures that every browser shows.
var drawable = regexp.MustCompile(`^image/(?:png|jpeg|gif|webp)$`)

// cidSource is where a sanitised page shows a picture by its content id.
var cidSource = regexp.MustCompile(`src="cid:[^"]*"`)

// drawn puts the mail's own pictures where they belong: a page that may load nothing has no other
// way to show them. Each time that a picture is shown counts towards picturesBytes.
func drawn(safe string, pictures []channels.Attachment) string {
	shown := map[string]channels.Attachment{}
	for _, f := range pictures {
		if f.ContentID != "" && drawable.MatchString(f.ContentType) {
			shown[`src="cid:`+url.PathEscape(f.ContentID)+`"`] = f
		}
	}
	left := picturesBytes
	return cidSource.ReplaceAllStringFunc(safe, func(src string) string {
		f, ok := shown[src]
		if !ok || len(f.Content) > left {
			return src
		}
		left -= len(f.Content)
		return `src="data:` + f.ContentType + ";base64," + base64.StdEncoding.EncodeToString(f.Content) + `"`
	})
}

// newPolicy makes what HTML is sanitised with, which is slow.
func newPolicy() *bluemonday.Policy {
	p := bluemonday.UGCPolicy()
	p.AllowURLSchemes("http", "https", "mailto", "tel", "cid")
	p.AllowAttrs("start").Matching(regexp.MustCompile(`^-?[0-9]{1,9}$`)).OnElements("ol")
	p.AllowAttrs(blockedAttr).Matching(remoteAddress).OnElements("img")
	p.AllowElements("center", "font", "u")
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true)
	return p
}

// renderChildren writes what is in a node as HTML.
func renderChildren(n *html.Node) string {
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if err := html.Render(&b, c); err != nil {
			return ""
		}
	}
	return b.String()
}
