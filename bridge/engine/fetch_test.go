package engine_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"parley/bridge/bridgetest"
	"parley/channels/channelstest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// customerSendsFile lets a customer send a file that Parley has to fetch from the provider.
func (w *world) customerSendsFile(from, text, ref string) string {
	return w.customerSends(chat, channelstest.Event{From: from, Name: displayName(from), Text: text,
		Refs: []channelstest.Ref{{Name: ref + ".jpg", Type: "image/jpeg", Ref: ref, Size: 5}}})
}

// filePosts returns the posts of files in a thread.
func (w *world) filePosts(thread string) []bridgetest.Message {
	return slices.DeleteFunc(w.chat.Messages(support, thread), func(m bridgetest.Message) bool { return m.Kind != "files" })
}

// waitFilePosts waits until a thread has this many posts of files, and returns them.
func (w *world) waitFilePosts(thread string, n int) []bridgetest.Message {
	w.t.Helper()
	var posts []bridgetest.Message
	w.chat.Wait(w.t, fmt.Sprintf("%d posts of files", n), func() bool {
		posts = w.filePosts(thread)
		return len(posts) >= n
	})
	return posts
}

// wantOneFile checks that a post carries one file, which has this content.
func wantOneFile(t *testing.T, post bridgetest.Message, content []byte) {
	t.Helper()
	if len(post.Files) != 1 {
		t.Fatalf("the post %q has %d files, want 1", post.Plain(), len(post.Files))
	}
	if got := post.Files[0].Content; !bytes.Equal(got, content) {
		t.Errorf("the file of the post %q has %d bytes, which aren't the %d that it should have", post.Plain(), len(got), len(content))
	}
}

// countBlobs counts the contents of files that are stored.
func (w *world) countBlobs() int {
	w.t.Helper()
	return w.count(`SELECT count(*) FROM blobs`)
}

// A file that can't be fetched is named with the reason, and its message is shown all the same.
func TestFileIsGone(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		ref      channelstest.Ref
		wantSaid string
	}{
		{
			name:     "expired at the provider",
			ref:      channelstest.Ref{Name: "expired.jpg", Ref: "expired"},
			wantSaid: "missing expired.jpg: The provider doesn't have it any more.",
		},
		{
			name:     "larger than is fetched",
			ref:      channelstest.Ref{Name: "film.mp4", Ref: "film", Size: 1 << 40},
			wantSaid: "missing film.mp4: it is larger than",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			w.customerSends(chat, channelstest.Event{From: "kim", Text: "Look at this", Refs: []channelstest.Ref{tt.ref}})
			thread := w.waitThread("Look at this")
			wantWords(t, "the post", w.waitFilePosts(thread, 1)[0].Plain(), tt.wantSaid)
			w.waitDrained()
			wantEqual(t, "fetches that failed", w.count(`SELECT count(*) FROM fetches WHERE state = 'failed'`), 1)
		})
	}
}

// If the provider refuses a fetch, or the connection breaks in the middle of the file, the file is fetched again, and
// shown once.
func TestFetchingIsRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	photo := bytes.Repeat([]byte("y"), 4<<10)
	w.provider.PutFile("photo", channelstest.File{Content: photo})
	faults := []channelstest.FaultKind{channelstest.FaultRefuse, channelstest.FaultCut, channelstest.FaultDropBefore}
	for _, kind := range faults {
		w.provider.AddFault(channelstest.Fault{File: true, Kind: kind})
	}
	w.customerSendsFile("kim", "Look at this", "photo")
	thread := w.waitThread("Look at this")

	for i := range faults {
		w.eventually("it is asked for again", func() bool { return len(w.provider.Fetched()) > i })
		w.eventually("it waits", func() bool {
			return w.count(`SELECT count(*) FROM fetches WHERE leased_until IS NULL AND attempt > $1`, i) == 1
		})
		w.exec(`UPDATE fetches SET due_at = parley_now()`)
		w.advance(0)
	}
	wantOneFile(t, w.waitFilePosts(thread, 1)[0], photo)
	w.waitDrained()
	wantEqual(t, "blobs: none of parts of the file", w.countBlobs(), 1)
}

// If a process dies while it fetches a file, another one fetches the file when the lease (the time for which a process
// may work on it) is over. The file is shown once, even if the first process lives on.
func TestFetchingOutlivesItsProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{engines: 2})
	w.provider.PutFile("photo", channelstest.File{Content: []byte("hello")})
	release := make(chan struct{})
	w.provider.AddFault(channelstest.Fault{File: true, Until: release})
	w.customerSendsFile("kim", "Look at this", "photo")
	thread := w.waitThread("Look at this")
	w.eventually("it is asked for", func() bool { return len(w.provider.Fetched()) == 1 })

	w.exec(`UPDATE fetches SET leased_until = clock_timestamp()`) // as if the first process had died
	wantOneFile(t, w.waitFilePosts(thread, 1)[0], []byte("hello"))

	close(release) // the first one comes to life again
	w.eventually("the first one ended", func() bool {
		return w.count(`SELECT count(*) FROM blobs WHERE hash LIKE 'writing:%'`) == 0 && len(w.provider.Fetched()) == 2
	})
	w.waitDrained()
	wantEqual(t, "posts of files", len(w.filePosts(thread)), 1)
	wantEqual(t, "results in the journal", w.count(`SELECT count(*) FROM events WHERE external_id LIKE 'fetch:%'`), 1)
}

// If one account's provider doesn't answer, other accounts' files are fetched all the same.
func TestFetchingIsFair(t *testing.T) {
	t.Parallel()
	const ofAnAccount = 4 // files of an account that are fetched at the same time
	w := newWorld(t, options{})
	release := make(chan struct{})
	defer close(release)
	w.provider.AddFault(channelstest.Fault{File: true, Text: "stuck", Times: -1, Until: release})
	w.provider.PutFile("photo", channelstest.File{Content: []byte("hello")})
	for i := range 10 {
		w.customerSendsFile("kim", "Look", fmt.Sprintf("stuck-%d", i))
	}
	w.eventually("some are asked for", func() bool { return len(w.provider.Fetched()) == ofAnAccount })

	photo := []channelstest.Ref{{Name: "photo.jpg", Ref: "photo"}}
	w.customerSends(mail, channelstest.Event{From: "lea", Text: "A photo", Subject: "Photo", Refs: photo})
	wantOneFile(t, w.waitFilePosts(w.waitThread("A photo"), 1)[0], []byte("hello"))
	wantEqual(t, "files that were asked for", len(w.provider.Fetched()), ofAnAccount+1)
}

// If an agent opens the form of a reply, the customer sees that at her latest message, at most once in 20 s. For a
// conversation that doesn't exist, nothing is shown.
// Requirement R-240: The customer sees that somebody reads.
func TestAttend(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("kim", "Hello")
	latest := w.customerWrites("kim", "Anybody?")
	w.waitShown("Anybody?")
	w.waitDrained()

	d := w.engines[0].Desk(w.surface)
	for range 3 {
		d.Attend(1)
	}
	w.eventually("the customer sees it", func() bool { return len(w.provider.Attended()) > 0 })
	d.Attend(1)
	const noConversation = 99
	d.Attend(noConversation)
	w.waitDrained()
	wantList(t, "messages at which the customer sees that", w.provider.Attended(), []string{latest})
}

// newKimAndLea makes a world in which kim and lea have a conversation each. Each line that is typed there is a message of
// its own. It returns the threads.
func newKimAndLea(t *testing.T, o options) (w *world, kim, lea string) {
	t.Helper()
	o.settings = map[string]string{"join_lines": "off"}
	w = newWorld(t, o)
	w.customerWrites("kim", "I am Kim")
	kim = w.waitThread("I am Kim")
	w.customerWrites("lea", "I am Lea")
	return w, kim, w.waitThread("I am Lea")
}

// If the provider says that one customer gets too many messages, only that customer's messages wait. They keep their
// order.
func TestPairIsThrottled(t *testing.T) {
	t.Parallel()
	w, kim, lea := newKimAndLea(t, options{})
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
