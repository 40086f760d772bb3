package engine_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge/bridgetest"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/store/retention"
)

// customerSendsFile lets a customer send a file that has to be fetched.
func (w *world) customerSendsFile(from, text, ref string) string {
	return w.customerSends(chat, channelstest.Event{From: from, Name: displayName(from), Text: text,
		Refs: []channelstest.Ref{{Name: ref + ".jpg", Type: "image/jpeg", Ref: ref, Size: 5}}})
}

// filePosts returns the posts of files in a thread.
func (w *world) filePosts(thread string) []bridgetest.Message {
	return slices.DeleteFunc(w.chat.Messages(support, thread), func(m bridgetest.Message) bool { return m.Kind != "files" })
}

// waitFilePosts waits until a thread has so many posts of files, and returns them.
func (w *world) waitFilePosts(thread string, n int) []bridgetest.Message {
	w.t.Helper()
	var posts []bridgetest.Message
	w.chat.Wait(w.t, fmt.Sprintf("%d posts of files", n), func() bool {
		posts = w.filePosts(thread)
		return len(posts) >= n
	})
	return posts
}

// A file that has to be fetched is fetched at once and shown with its message.
func TestFileIsFetched(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.provider.PutFile("photo", channelstest.File{Type: "image/jpeg", Content: bytes.Repeat([]byte("x"), 3<<20)})
	w.customerSendsFile("kim", "Look at this", "photo")
	thread := w.waitThread("Look at this")
	posts := w.waitFilePosts(thread, 1)
	wantEqual(t, "the post", posts[0].Text, "1 files")
	if files := posts[0].Files; len(files) != 1 || len(files[0].Content) != 3<<20 {
		t.Fatalf("posted %d files, want one of 3 MiB", len(files))
	}
	w.waitDrained()
	if got := w.provider.Fetched(); len(got) != 1 {
		t.Errorf("fetched %v, want one alone", got)
	}
	if n := w.count(`SELECT count(*) FROM fetches WHERE state = 'fetched' AND due_at IS NULL AND blob IS NOT NULL`); n != 1 {
		t.Error("the row doesn't hold the blob")
	}
	if n := w.count(`SELECT count(*) FROM blobs`); n != 1 {
		t.Errorf("%d blobs, want 1", n)
	}
	must(retention.DropBlobs(t.Context(), w.pool, 0, false))(t)
	wantEqual(t, "blobs after unused ones were dropped", w.count(`SELECT count(*) FROM blobs`), 1)
}

// Edge case 16: what has expired, or is damaged, is named with the reason; the message is shown.
func TestFileIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerSendsFile("kim", "Look at this", "expired")
	thread := w.waitThread("Look at this")
	if p := w.waitFilePosts(thread, 1)[0]; !strings.Contains(p.Plain(), "missing expired.jpg: The provider doesn't have it any more.") {
		t.Errorf("posted %q", p.Plain())
	}
	w.customerSends(chat, channelstest.Event{From: "kim", Text: "A film", Refs: []channelstest.Ref{{Name: "film.mp4", Ref: "film", Size: 1 << 40}}})
	if p := w.waitFilePosts(thread, 2)[1]; !strings.Contains(p.Plain(), "missing film.mp4: it is larger than") {
		t.Errorf("posted %q", p.Plain())
	}
	w.waitDrained()
	if n := w.count(`SELECT count(*) FROM fetches WHERE state = 'failed'`); n != 2 {
		t.Errorf("%d failed, want 2", n)
	}
}

// A file that takes longer than 30 s: the thread goes on with a remark, the file follows.
func TestFileFollows(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.provider.PutFile("slow", channelstest.File{Content: []byte("hello")})
	release := make(chan struct{})
	w.provider.AddFault(channelstest.Fault{File: true, Until: release})
	w.customerSendsFile("kim", "Look at this", "slow")
	thread := w.waitThread("Look at this")
	w.customerWrites("kim", "Did you get it?")
	w.eventually("it is asked for", func() bool { return len(w.provider.Fetched()) == 1 })
	w.advance(30 * time.Second)
	w.waitShown("Did you get it?")
	if p := w.waitFilePosts(thread, 1)[0]; !strings.Contains(p.Plain(), "0 files | missing slow.jpg: ") {
		t.Errorf("posted %q", p.Plain())
	}
	close(release)
	if p := w.waitFilePosts(thread, 2)[1]; len(p.Files) != 1 || string(p.Files[0].Content) != "hello" {
		t.Errorf("posted %q with %d files, want the slow one alone", p.Plain(), len(p.Files))
	}
	w.waitDrained()
	if n := len(w.filePosts(thread)); n != 2 {
		t.Errorf("%d posts of files, want 2", n)
	}
}

// The provider stumbles, the connection ends in the middle of a file: it is fetched again, and
// shown once.
func TestFetchingIsRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.provider.PutFile("photo", channelstest.File{Content: bytes.Repeat([]byte("y"), 2<<20)})
	for _, kind := range []channelstest.FaultKind{channelstest.FaultRefuse, channelstest.FaultCut, channelstest.FaultDropBefore} {
		w.provider.AddFault(channelstest.Fault{File: true, Kind: kind})
	}
	w.customerSendsFile("kim", "Look at this", "photo")
	thread := w.waitThread("Look at this")
	for i := range 3 {
		w.eventually("it is asked for again", func() bool { return len(w.provider.Fetched()) > i })
		w.eventually("it waits", func() bool {
			return w.count(`SELECT count(*) FROM fetches WHERE leased_until IS NULL AND attempt > $1`, i) == 1
		})
		w.advance(6 * time.Second)
	}
	p := w.waitFilePosts(thread, 1)
	if files := p[0].Files; len(files) != 1 || len(files[0].Content) != 2<<20 {
		t.Errorf("posted %d files, want one of 2 MiB, whole: %q", len(files), p[0].Plain())
	}
	w.waitDrained()
	if n := w.count(`SELECT count(*) FROM blobs`); n != 1 {
		t.Errorf("%d blobs: parts of a file are left, want 1", n)
	}
}

// A process dies while a file is being fetched: another one fetches it when the lease is over;
// nothing is lost, and nothing shown twice, also if the first one lives on.
func TestFetchingOutlivesItsProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{engines: 2})
	w.provider.PutFile("photo", channelstest.File{Content: []byte("hello")})
	release := make(chan struct{})
	w.provider.AddFault(channelstest.Fault{File: true, Until: release})
	w.customerSendsFile("kim", "Look at this", "photo")
	thread := w.waitThread("Look at this")
	w.eventually("it is asked for", func() bool { return len(w.provider.Fetched()) == 1 })
	w.exec(`UPDATE fetches SET leased_until = clock_timestamp()`) // as if that were long ago
	p := w.waitFilePosts(thread, 1)
	if len(p[0].Files) != 1 {
		t.Errorf("posted %q", p[0].Plain())
	}
	close(release) // the first one comes to life again
	w.eventually("the first one ended", func() bool {
		return w.count(`SELECT count(*) FROM blobs WHERE hash LIKE 'writing:%'`) == 0 && len(w.provider.Fetched()) == 2
	})
	w.waitDrained()
	if n := len(w.filePosts(thread)); n != 1 {
		t.Errorf("%d posts of files, want 1", n)
	}
	if n := w.count(`SELECT count(*) FROM events WHERE external_id LIKE 'fetch:%'`); n != 1 {
		t.Errorf("%d results, want 1", n)
	}
}

// One account whose provider doesn't answer delays no other account's files.
func TestFetchingIsFair(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	release := make(chan struct{})
	defer close(release)
	w.provider.AddFault(channelstest.Fault{File: true, Text: "stuck", Times: -1, Until: release})
	w.provider.PutFile("photo", channelstest.File{Content: []byte("hello")})
	for i := range 10 {
		w.customerSendsFile("kim", "Look", fmt.Sprintf("stuck-%d", i))
	}
	const ofAnAccount = 4 // files of an account that are fetched at the same time
	w.eventually("some are asked for", func() bool { return len(w.provider.Fetched()) == ofAnAccount })
	w.customerSends(mail, channelstest.Event{From: "lea", Text: "A photo", Subject: "Photo", Refs: []channelstest.Ref{{Name: "photo.jpg", Ref: "photo"}}})
	thread := w.waitThread("A photo")
	if p := w.waitFilePosts(thread, 1)[0]; len(p.Files) != 1 {
		t.Errorf("posted %q", p.Plain())
	}
	wantEqual(t, "files that were asked for", len(w.provider.Fetched()), ofAnAccount+1)
}

// Somebody opens the form: the customer sees it, once in 20 s; a channel that can't show it isn't
// asked.
//
func TestAttend(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("kim", "Hello")
	id := w.customerWrites("kim", "Anybody?")
	w.waitShown("Anybody?")
	w.waitDrained()
	d := w.engines[0].Desk(w.surface)
	for range 3 {
		d.Attend(1)
	}
	w.eventually("the customer sees it", func() bool { return len(w.provider.Attended()) > 0 })
	d.Attend(1)
	d.Attend(99)
	w.waitDrained()
	if got := w.provider.Attended(); !slices.Equal(got, []string{id}) {
		t.Errorf("attended to %v, want %s", got, id)
	}
}

// Edge case 20: a customer's pace is over: only that lane waits, and keeps its order.
func TestPairIsThrottled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: map[string]string{"join_lines": "off"}})
	w.customerWrites("kim", "I am Kim")
	kim := w.waitThread("I am Kim")
	w.customerWrites("lea", "I am Lea")
	lea := w.waitThread("I am Lea")
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultThrottle, Text: "Kim 1", Wait: time.Hour, Pair: true})
	w.reply(kim, "Kim 1")
	w.reply(kim, "Kim 2")
	w.provider.WaitCalls(t, 1)
	w.reply(lea, "Lea 1")
	w.provider.WaitTexts(t, "Lea 1")
	w.waitDrainedBut(2)
	w.advance(time.Hour)
	w.provider.WaitTexts(t, "Lea 1", "Kim 1", "Kim 2")
}

// The provider wants a pace towards each customer: a lane rests after each message, also when
// it was empty meanwhile; other customers don't wait.
func TestReplyEvery(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: map[string]string{"join_lines": "off"}, caps: func(c *channels.Capabilities) { c.Sending.ReplyEvery = time.Hour }})
	w.customerWrites("kim", "I am Kim")
	kim := w.waitThread("I am Kim")
	w.customerWrites("lea", "I am Lea")
	lea := w.waitThread("I am Lea")
	w.reply(kim, "Kim 1")
	w.provider.WaitTexts(t, "Kim 1")
	w.waitDrained()
	w.reply(kim, "Kim 2")
	w.reply(kim, "Kim 3")
	w.reply(lea, "Lea 1")
	w.provider.WaitTexts(t, "Kim 1", "Lea 1")
	w.waitDrainedBut(2)
	w.advance(time.Hour)
	w.provider.WaitTexts(t, "Kim 1", "Lea 1", "Kim 2")
	w.waitDrainedBut(1)
	w.advance(time.Hour)
	w.provider.WaitTexts(t, "Kim 1", "Lea 1", "Kim 2", "Kim 3")
}

// twenty quick messages with three photos among them, while the channel may be posted to
// twice a second: the thread shows them in order, in few posts, the photos as one upload.
func TestBurstWithPhotos(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{rate: 2})
	w.waitRunsAllowed()
	const more, photos, firstPhoto, mostPosts = 20, 3, 10, 8
	for i := range photos {
		w.provider.PutFile(fmt.Sprint("photo", i), channelstest.File{Type: "image/jpeg", Content: []byte("hello")})
	}
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	want := []string{"Hello"}
	release := w.holdPosts()
	for i := range more {
		if photo := i - firstPhoto; photo >= 0 && photo < photos {
			w.customerSendsFile("kim", "", fmt.Sprint("photo", photo))
			continue
		}
		text := fmt.Sprintf("more %d;", i)
		w.customerWrites("kim", text)
		want = append(want, text)
	}
	w.eventually("the photos are fetched", func() bool { return w.count(`SELECT count(*) FROM events WHERE external_id LIKE 'fetch:%'`) == photos })
	release()
	w.waitShown("more 19;")
	w.waitDrained()
	if got := w.customerTexts(thread); !slices.Equal(got, want) {
		t.Errorf("the thread shows %q, want %q", got, want)
	}
	posts := w.filePosts(thread)
	files := 0
	for _, p := range posts {
		files += len(p.Files)
	}
	wantEqual(t, "files in the thread", files, photos)
	wantEqual(t, "posts of files", len(posts), 1)
	if n := w.countSaidPosts(thread) + len(posts); n > mostPosts {
		t.Errorf("%d posts for %d messages, want at most %d\n%s", n, 1+more, mostPosts, w.dump())
	}
	all := w.chat.Messages(support, thread)
	indexOf := func(text string) int {
		return slices.IndexFunc(all, func(m bridgetest.Message) bool { return strings.Contains(m.Text, text) })
	}
	at := slices.IndexFunc(all, func(m bridgetest.Message) bool { return m.Kind == "files" })
	if before, after := indexOf("more 9;"), indexOf("more 13;"); at <= before || at >= after {
		t.Errorf("the photos are shown at %d, want them between %d and %d, where they were sent", at, before, after)
	}
}

// Photos that wait together are one upload; the connection to the surface breaks meanwhile: each
// is shown once.
//
func TestPhotosTogether(t *testing.T) {
	t.Parallel()
	for _, fault := range []bridgetest.FaultKind{"", "drop_after", "drop_before"} {
		t.Run("fault "+string(fault), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{lossy: true})
			w.waitRunsAllowed()
			thread := w.openThread()
			w.chat.AddFault(bridgetest.Fault{Call: "post", Kind: bridgetest.FaultRefuse, Times: -1})
			w.customerWrites("kim", "These:")
			for i := range 3 {
				w.provider.PutFile(fmt.Sprint("photo", i), channelstest.File{Content: fmt.Append(nil, i)})
				w.customerSendsFile("kim", "", fmt.Sprint("photo", i))
			}
			w.eventually("they are fetched", func() bool {
				return w.count(`SELECT count(*) FROM events WHERE external_id LIKE 'fetch:%'`) == 3 && w.count(`SELECT count(*) FROM queued`) == 0
			})
			w.chat.ClearFaults()
			if fault != "" {
				w.chat.AddFault(chatFault("post", fault, 2))
			}
			w.waitDrained()
			posts := w.filePosts(thread)
			if len(posts) != 1 || len(posts[0].Files) != 3 {
				t.Errorf("%d posts of files, want one of three files\n%s", len(posts), w.dump())
			}
		})
	}
}

// A chat whose messages may be short: lines that an agent types within a hold leave together as
// far as they fit, in order.
func TestLinesFitTheChannel(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: lineHold, caps: func(c *channels.Capabilities) { c.MaxTextRunes = 40 }})
	w.waitRunsAllowed()
	thread := w.openThread()
	for _, text := range []string{"One line of text", "Two lines of it", "Three is one too many"} {
		w.replyInHold(thread, text)
	}
	w.advance(2 * lineHold)
	w.provider.WaitTexts(t, "One line of text\n\nTwo lines of it", "Three is one too many")
}
