package message

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
)

// page is the HTML view of a mail, with what its text doesn't show: pictures, tables, and what was said before. It begins
// with the subject, the people and the date of the mail:
//
//	Subject: Demo
//	From: Ann Lee <ann@customer.test>
//	──────────
//	<the sanitised HTML, with the mail's own pictures in it>
//
// The HTML is sanitised only when somebody opens the page. Most pages are never opened, and sanitising takes as long as
// the rest of decoding.
type page struct {
	decoder  *Decoder
	segments []Segment
	cids     map[string]string // the file names of the mail's parts, by content id

	heading mailHeading
	files   []channels.Attachment // the HTML may show some of them
}

// mailHeading is shown above the text of a mail.
type mailHeading struct {
	subject string
	from    channels.Party
	to, cc  []channels.Party
	at      time.Time
}

// maxPictureBytes is the maximum total size of the pictures in a page.
const maxPictureBytes = 10 << 20

// Sanitised returns HTML that is safe to show in a sandboxed page.
func (p *page) Sanitised() string {
	r := NewReader(p.cids)
	var safe []string
	for _, s := range p.segments {
		switch {
		case s.HTML != "":
			safe = appendText(safe, r.Sanitised(s.HTML, p.decoder.policy()))
		case s.Plain != "":
			safe = append(safe, `<pre style="white-space:pre-wrap">`+html.EscapeString(s.Plain)+"</pre>")
		}
	}
	return p.heading.writeHTML() + embedPictures(strings.Join(safe, "\n<hr/>\n"), slices.Concat(p.files, r.Images))
}

// writeHTML returns the heading as HTML, or "" if it is empty.
func (h mailHeading) writeHTML() string {
	var b strings.Builder
	row := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&b, "<b>%s:</b> %s<br/>\n", name, html.EscapeString(text))
		}
	}

	row("Subject", h.subject)
	row("From", nameAll(h.from))
	row("To", nameAll(h.to...))
	row("Cc", nameAll(h.cc...))

	if !h.at.IsZero() {
		row("Date", h.at.Format("Mon, 2 Jan 2006 15:04 -0700"))
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

// webPicture matches the content types of pictures that every browser shows.
var webPicture = regexp.MustCompile(`^image/(?:png|jpeg|gif|webp)$`)

// cidSource matches an attribute that shows a picture by its content id.
var cidSource = regexp.MustCompile(`src="cid:[^"]*"`)

// embedPictures replaces the content ids of pictures in sanitised HTML by data: addresses, because a sandboxed page may
// not load anything. A picture that is shown twice counts twice towards maxPictureBytes.
func embedPictures(safe string, files []channels.Attachment) string {
	pictures := map[string]channels.Attachment{} // by the attribute that shows them
	for _, f := range files {
		if f.ContentID != "" && webPicture.MatchString(f.ContentType) {
			pictures[`src="cid:`+url.PathEscape(f.ContentID)+`"`] = f
		}
	}

	bytesLeft := maxPictureBytes
	return cidSource.ReplaceAllStringFunc(safe, func(src string) string {
		picture, ok := pictures[src]
		if !ok || len(picture.Content) > bytesLeft {
			return src
		}

		bytesLeft -= len(picture.Content)
		return `src="data:` + picture.ContentType + ";base64," + base64.StdEncoding.EncodeToString(picture.Content) + `"`
	})
}
