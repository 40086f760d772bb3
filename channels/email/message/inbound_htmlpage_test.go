package message

import (
	"testing"

	"parley/channels"
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
	return &page{decoder: newTestDecoder(), segments: []Segment{{HTML: html}}, cids: names}
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

// A page contains the pictures of its mail.
func TestPageWithItsPictures(t *testing.T) {
	t.Parallel()
	p := newPage(activeHTML, pictureNames())
	p.files = []channels.Attachment{{ContentID: "a b", ContentType: "image/png", Content: []byte("png")}}
	wantEqual(t, "page", p.Sanitised(), safeHTMLOf("data:image/png;base64,cG5n"))
}
