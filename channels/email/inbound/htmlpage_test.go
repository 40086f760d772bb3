package inbound

import (
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/email/bodytext"
)

// TestSanitised: what a page may show of a mail's HTML.
func TestSanitised(t *testing.T) {
	t.Parallel()
	source := `<style>p{}</style><p onclick="x()" style="position:fixed">a<script>x</script></p><img src="cid:a%20b"><img src="https://t.test/x.png" alt="y" onerror="z"><a href="javascript:x">l</a><form><input></form><ol start="4"><li>b</ol>`
	cids := map[string]string{"a b": "a.png"}
	got := (&page{decoder: newTestDecoder(), segments: []bodytext.Segment{{HTML: source}}, cids: cids}).Sanitised()
	want := `<p>a</p><img src="cid:a%20b" alt="a.png"/><img data-blocked-src="https://t.test/x.png" alt="y"/>l<ol start="4"><li>b</li></ol>`
	wantEqual(t, "page", got, want)
	whole := (&page{decoder: newTestDecoder(), segments: []bodytext.Segment{{HTML: source}}, cids: cids, pictures: []channels.Attachment{{ContentID: "a b", ContentType: "image/png", Content: []byte("png")}},
		mail: letterhead{subject: "A <b>", from: channels.Party{Key: "kim@x.test", Name: "Kim"}, to: []channels.Party{{Key: "help@acme.test"}}, cc: []channels.Party{{Key: "lee@x.test"}}, at: time.Date(2026, 11, 20, 9, 7, 0, 0, time.UTC)}}).Sanitised()
	want = strings.Replace(want, "cid:a%20b", "data:image/png;base64,cG5n", 1)
	want = "<p><b>Subject:</b> A &lt;b&gt;<br/>\n<b>From:</b> Kim &lt;kim@x.test&gt;<br/>\n<b>To:</b> help@acme.test<br/>\n<b>Cc:</b> lee@x.test<br/>\n<b>Date:</b> Fri, 20 Nov 2026 09:07 +0000<br/>\n</p>\n<hr/>\n" + want
	wantEqual(t, "page with its head and picture", whole, want)
	r := bodytext.NewReader(false, cids)
	r.Read(bodytext.Segment{HTML: source})
	wantEqual(t, "a picture from outside is blocked", r.Blocked, true)
	wantEqual(t, "the mail's own picture is used", r.Used["a b"], true)
}

// A mail may show one picture thousands of times: its page stays within its bound.
func TestPageOfRepeatedPictures(t *testing.T) {
	t.Parallel()
	source := strings.Repeat(`<img src="cid:logo">`, 200)
	pictures := []channels.Attachment{{ContentID: "logo", ContentType: "image/png", Content: make([]byte, maxPictureBytes/20)}}
	got := (&page{decoder: newTestDecoder(), segments: []bodytext.Segment{{HTML: source}}, cids: map[string]string{"logo": "logo.png"}, pictures: pictures}).Sanitised()
	wantText(t, "page", got, "data:image/png")
	if len(got) > 2*maxPictureBytes {
		t.Errorf("got a page of %d bytes, want at most %d", len(got), 2*maxPictureBytes)
	}
}
