package teams

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/bridge"
	"parley/channels"
)

// TestManyFilesOut: however many files a mail has, the thread leads to each of them; the pictures come last.
func TestManyFilesOut(t *testing.T) {
	t.Parallel()
	w, d, root, _ := talk(t)
	post := bridge.Post{Kind: bridge.PostFiles, Token: "files", Attempt: 1, FirstAttemptAt: time.Now(), Place: bridge.Place{Channel: w.channel, Thread: root}, Facts: sampleFacts(),
		Files: []channels.File{fileOf("photo.png", "image/png", strip(t, 10))}}
	link := func(n int) string { return fmt.Sprintf("https://parley.test/files/%s/%d", strings.Repeat("x", 100), n) }
	for n := range 200 {
		f := fileOf(fmt.Sprintf("plan %d.pdf", n), "application/pdf", []byte("plan"))
		f.Link = func() (string, error) { return link(n), nil }
		post.Files = append(post.Files, f)
	}
	for more := true; more; post.Part++ {
		w.fake.Inject(teamsfake.Fault{Method: "activities.send", Kind: teamsfake.FaultDrop, After: true, Times: 1})
		if se := w.refused(post); se.Class != channels.Ambiguous {
			t.Fatalf("part %d: %v", post.Part, se)
		}
		outcome, sent, err := w.s.Reconcile(within(t), post)
		if outcome != channels.Landed || err != nil {
			t.Fatalf("part %d: reconciled %v, %v", post.Part, outcome, err)
		}
		d.Own(w.channel, sent.Message)
		more = sent.More
	}
	var html strings.Builder
	all := w.fake.Thread(w.channel, root)
	for _, m := range all {
		html.WriteString(m.HTML)
	}
	for n := range 200 {
		if !strings.Contains(html.String(), `href="`+link(n)+`"`) {
			t.Fatalf("in %d messages no link leads to file %d", len(all), n)
		}
	}
	if n := strings.Count(string(all[len(all)-1].Raw), "data:image/png;base64,"); n != 1 || post.Part != len(all)-1 || post.Part < 3 {
		t.Errorf("%d pictures in the last of %d messages, %d parts", n, len(all), post.Part)
	}
	w.noProblems()
}
