package teams

import (
	"fmt"
	"strings"
	"testing"

	"parley/bridge"
	"parley/channels"
)

// However many files a mail has, the thread leads to each of them. The pictures come last.
func TestManyFilesOut(t *testing.T) {
	t.Parallel()
	const files = 200
	w := newTalk(t)
	post := w.newPost(bridge.PostFiles, "files")
	post.Files = []channels.File{fileWith("photo.png", "image/png", pngStrip(t, 10))}
	link := func(n int) string { return fmt.Sprintf("https://parley.test/files/%s/%d", strings.Repeat("x", 100), n) }
	for n := range files {
		f := fileWith(fmt.Sprintf("plan %d.pdf", n), "application/pdf", []byte("plan"))
		f.Link = func() (string, error) { return link(n), nil }
		post.Files = append(post.Files, f)
	}
	parts := w.sendAndLose(post)
	if parts < 3 {
		t.Errorf("got %d parts, want at least two of links and one of pictures", parts)
	}
	var html strings.Builder
	all := w.fake.Thread(w.channel, w.root)
	wantEqual(t, "messages", len(all), 1+parts) // the root and one of each part
	for _, m := range all {
		html.WriteString(m.HTML)
	}
	for n := range files {
		if !strings.Contains(html.String(), `href="`+link(n)+`"`) {
			t.Fatalf("no link in %d messages leads to file %d", len(all), n)
		}
	}
	wantEqual(t, "pictures in the last message", countPictures(all[len(all)-1]), 1)
	w.wantNoProblems()
}
