package teams

import (
	"fmt"
	"strings"
	"testing"

	"parley/bridge"
	"parley/channels"
)

// However many files a mail has, the thread leads to each of them. The pictures come last. Each part is found again after a lost
// answer.
func TestManyFilesArePostedWithALinkEach(t *testing.T) {
	t.Parallel()
	const files = 200
	w := newThreadWorld(t)
	// Addresses are long, so that the links don't fit into one message.
	link := func(n int) string { return fmt.Sprintf("https://parley.test/files/%s/%d", strings.Repeat("x", 100), n) }
	post := w.newPost(bridge.PostFiles, "files")
	post.Files = []channels.File{fileWith("photo.png", "image/png", pngStrip(t, 10))}
	for n := range files {
		f := fileWith(fmt.Sprintf("plan %d.pdf", n), "application/pdf", []byte("plan"))
		f.Link = func() (string, error) { return link(n), nil }
		post.Files = append(post.Files, f)
	}

	parts := w.sendAndLose(post)
	if parts < 3 {
		t.Errorf("got %d parts, want at least two of links and one of pictures", parts)
	}
	thread := w.fake.Thread(w.channel, w.root)
	wantEqual(t, "messages in the thread, with its root", len(thread), 1+parts)
	wantEqual(t, "pictures in the last message", countPictures(thread[len(thread)-1]), 1)
	var html strings.Builder
	for _, m := range thread {
		html.WriteString(m.HTML)
	}
	for n := range files {
		if !strings.Contains(html.String(), `href="`+link(n)+`"`) {
			t.Fatalf("no link in %d messages leads to file %d", len(thread), n)
		}
	}
	w.wantNoProblems()
}
