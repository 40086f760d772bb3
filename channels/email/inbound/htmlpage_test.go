package inbound

import (
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/email/bodytext"
)

// activeHTML has HTML that a page may show, and HTML that it may not: scripts, styles, forms, and pictures from
// elsewhere.
const activeHTML = `<style>p{}</style><p onclick="x()" style="position:fixed">a<script>x</script></p>` +
	`<img src="cid:a%20b"><img src="https://t.test/x.png" alt="y" onerror="z"><a href="javascript:x">l</a>` +
	`<form><input></form><ol start="4"><li>b</ol>`

// safeHTMLOf returns what a page shows of activeHTML, with this source of the mail's own picture.
func safeHTMLOf(picture string) string {
	return `<p>a</p><img src="` + picture + `" alt="a.png"/><img data-blocked-src="https://t.test/x.png" alt="y"/>` +
		`l<ol start="4"><li>b</li></ol>`
}

// newPage returns the page of a mail with this HTML.
func newPage(html string, names map[string]string) *page {
	return &page{decoder: newTestDecoder(), segments: []bodytext.Segment{{HTML: html}}, cids: names}
}

// pictureNames are the names of the pictures of activeHTML, by their ids.
func pictureNames() map[string]string { return map[string]string{"a b": "a.png"} }

// A page shows no HTML that acts or is loaded from elsewhere.
func TestSanitised(t *testing.T) {
	t.Parallel()
	wantEqual(t, "page", newPage(activeHTML, pictureNames()).Sanitised(), safeHTMLOf("cid:a%20b"))
}

// A link in a mail leads to another site, which opens in a tab of its own, or to a place in the same mail. It never leads
// to a page of Parley's, where the reader is signed in.
func TestLinksOfAPage(t *testing.T) {
	t.Parallel()
	const elsewhere = ` target="_blank"`
	tests := []struct{ href, want string }{
		{href: "https://x.test/a", want: `<a href="https://x.test/a" rel="nofollow noreferrer noopener"` + elsewhere + `>l</a>`},
		{href: "mailto:a@x.test", want: `<a href="mailto:a@x.test" rel="nofollow noreferrer">l</a>`},
		{href: "#part", want: `<a href="#part" rel="nofollow noreferrer">l</a>`},
		{href: "/inbox/12", want: "l"},
		{href: "settings", want: "l"},
		{href: "?page=2", want: "l"},
		{href: "//x.test/a", want: "l"},
		{href: `\\x.test/a`, want: "l"},
		{href: "https:inbox", want: "l"},
	}
	for _, tt := range tests {
		wantEqual(t, "link to "+tt.href, newPage(`<a href="`+tt.href+`">l</a>`, nil).Sanitised(), tt.want)
	}
}

// A page begins with the head of its mail.
func TestPageWithAHead(t *testing.T) {
	t.Parallel()
	p := newPage("<p>Hi</p>", nil)
	p.heading = mailHeading{
		subject: "A <b>",
		from:    channels.Party{Key: "kim@x.test", Name: "Kim"},
		to:      []channels.Party{{Key: "help@acme.test"}},
		cc:      []channels.Party{{Key: "lee@x.test"}},
		at:      time.Date(2026, 11, 20, 9, 7, 0, 0, time.UTC),
	}
	wantEqual(t, "page", p.Sanitised(), `<p><b>Subject:</b> A &lt;b&gt;<br/>
<b>From:</b> Kim &lt;kim@x.test&gt;<br/>
<b>To:</b> help@acme.test<br/>
<b>Cc:</b> lee@x.test<br/>
<b>Date:</b> Fri, 20 Nov 2026 09:07 +0000<br/>
</p>
<hr/>
<p>Hi</p>`)
}

// A page contains the pictures of its mail.
func TestPageWithItsPictures(t *testing.T) {
	t.Parallel()
	p := newPage(activeHTML, pictureNames())
	p.files = []channels.Attachment{{ContentID: "a b", ContentType: "image/png", Content: []byte("png")}}
	wantEqual(t, "page", p.Sanitised(), safeHTMLOf("data:image/png;base64,cG5n"))
}

// A reader of HTML as text also notes the pictures in it.
func TestPicturesOfReadHTML(t *testing.T) {
	t.Parallel()
	r := bodytext.NewReader(pictureNames())
	r.Read(bodytext.Segment{HTML: activeHTML})
	wantEqual(t, "a picture from outside is blocked", r.Blocked, true)
	wantEqual(t, "the mail's own picture is used", r.Used["a b"], true)
}

// If a mail shows one picture very often, its page stays within a limit.
func TestPageOfRepeatedPictures(t *testing.T) {
	t.Parallel()
	p := newPage(strings.Repeat(`<img src="cid:logo">`, 200), map[string]string{"logo": "logo.png"})
	p.files = []channels.Attachment{{ContentID: "logo", ContentType: "image/png", Content: make([]byte, maxPictureBytes/20)}}
	got := p.Sanitised()
	wantContains(t, "page", got, "data:image/png")
	if len(got) > 2*maxPictureBytes {
		t.Errorf("page: got %d bytes, want at most %d", len(got), 2*maxPictureBytes)
	}
}
