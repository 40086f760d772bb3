package inbound

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"

	"parley/channels"
	"parley/channels/email/bodytext"
)

// page is the HTML of a mail. It is sanitised only when somebody opens it, because most pages are never
// opened, and sanitising takes as long as all the rest of decoding.
type page struct {
	decoder  *Decoder
	segments []bodytext.Segment
	cids     map[string]string // the file names of the mail's parts, by content id

	mail     letterhead
	pictures []channels.Attachment // the mail's files; the HTML may show some of them
}

// letterhead is what a page shows above the text of a mail.
type letterhead struct {
	subject string
	from    channels.Party
	to, cc  []channels.Party
	at      time.Time
}

// maxPictureBytes limits the bytes of the pictures in a page.
const maxPictureBytes = 10 << 20

// Sanitised returns HTML that is safe to show in a sandboxed page.
func (p *page) Sanitised() string {
	r := bodytext.NewReader(false, p.cids)
	var safe []string
	for _, s := range p.segments {
		if s.HTML != "" {
			safe = appendText(safe, r.Sanitised(s.HTML, p.decoder.policy()))
		}
	}
	return p.mail.writeHTML() + embedPictures(strings.Join(safe, "\n<hr/>\n"), slices.Concat(p.pictures, r.Images))
}

// writeHTML writes sender, recipients, subject and date of a mail.
func (l letterhead) writeHTML() string {
	var b strings.Builder
	row := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&b, "<b>%s:</b> %s<br/>\n", name, html.EscapeString(text))
		}
	}

	row("Subject", l.subject)
	row("From", nameAll(l.from))
	row("To", nameAll(l.to...))
	row("Cc", nameAll(l.cc...))

	if !l.at.IsZero() {
		row("Date", l.at.Format("Mon, 2 Jan 2006 15:04 -0700"))
	}
	if b.Len() == 0 {
		return ""
	}

	return "<p>" + b.String() + "</p>\n<hr/>\n"
}

// nameAll lists people with their addresses: Ann Lee <ann@acme.test>, ben@acme.test.
func nameAll(people ...channels.Party) string {
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

// drawable matches the types of pictures that every browser shows.
var drawable = regexp.MustCompile(`^image/(?:png|jpeg|gif|webp)$`)

// cidSource matches an attribute of a sanitised page that shows a picture by its content id.
var cidSource = regexp.MustCompile(`src="cid:[^"]*"`)

// embedPictures writes the mail's own pictures into its page as data: addresses, because a sandboxed page may
// load nothing. A picture that is shown twice counts twice towards maxPictureBytes.
func embedPictures(safe string, pictures []channels.Attachment) string {
	shown := map[string]channels.Attachment{}
	for _, f := range pictures {
		if f.ContentID != "" && drawable.MatchString(f.ContentType) {
			shown[`src="cid:`+url.PathEscape(f.ContentID)+`"`] = f
		}
	}

	left := maxPictureBytes
	return cidSource.ReplaceAllStringFunc(safe, func(src string) string {
		f, ok := shown[src]
		if !ok || len(f.Content) > left {
			return src
		}

		left -= len(f.Content)
		return `src="data:` + f.ContentType + ";base64," + base64.StdEncoding.EncodeToString(f.Content) + `"`
	})
}
