package demo

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"parley/bot/slack/slackfake"
	"parley/channels/email/mailfake"
	"parley/cmd/parley/demo/judge"
)

func TestWording(t *testing.T) {
	t.Parallel()
	quoted := "Yes, both.\n\nOn Fri, Nov 20, 2026 at 3:04 PM Ann <help@acme.test> wrote:\n\n> Both mugs?\n"
	for _, c := range []struct {
		name, said, arrived string
		want, whole         bool
	}{
		{"as it is", "Hello, two mugs broke.", "Hello,\n\ntwo *mugs* broke.", true, true},
		{"with a signature below", "Leave today", "Leave today\n\n-- \n*Acme Support*\nMonday to Friday", true, true},
		{"with another below", "Leave today", "Leave today\n\nSorry\n", true, true},
		{"a web address in another way", judge.SlackText("look <https://x.test/a|here> please"), "look here <https://x.test/a> please", true, true},
		{"emoji in another way", "done :tada: thanks", "done 🎉 thanks", true, true},
		{"nothing but emoji", "👍", ":thumbsup:", true, true},
		{"marks that nobody sees", "a\u2060b \u200bc", "ab c", true, true},
		{"without what was quoted", judge.OwnText(quoted, ""), "Yes, both.", true, true},
		{"a word between", "one two three", "one (strange) two three", true, false},
		{"more in its line", "one two three", "one two three four", true, false},
		{"another text", "one two three", "one two four", false, false},
		{"only a part", "one two three", "one two", false, false},
		{"other order", "one two three", "two one three", false, false},
		{"not at the start", "one two", "he wrote to us that one two", false, false},
		{"text for emoji", "👍", "one", false, false},
		{"a long tail that was cut", strings.Repeat("word ", 30) + "and my signature", strings.Repeat("word ", 30), true, false},
	} {
		got := judge.WordingOf(judge.OwnText(c.arrived, "")).Recognise(judge.WordingOf(c.said).Said(), 0)
		if got.Found > 0 != c.want || got.Whole != c.whole {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	if got := judge.OwnText("", "<p>Hello <b>there</b></p>"); strings.Join(judge.WordsOf(got), " ") != "hello there" {
		t.Errorf("HTML alone reads %q", got)
	}
	if got := judge.SlackText("new\n&gt; old <https://x.test>\nmore"); strings.Join(judge.WordsOf(got), " ") != "new more" {
		t.Errorf("a quotation reads %q", got)
	}
	for shown, want := range map[string]bool{"Ada Byron King": true, "Ada Byr…": true, "Ada": false, "…": false, "Bob…": false} {
		if judge.SameName(judge.NameKey("Ada Byron King"), judge.NameKey(shown)) != want {
			t.Errorf("shown as %q: %v", shown, !want)
		}
	}
}

// What a person reads stands in the blocks; the text beside them is cut short.
func TestShownText(t *testing.T) {
	t.Parallel()
	const blocks = `[{"type":"context","elements":[{"type":"mrkdwn","text":"<!date^1^{time}|9:07>"}]},
		{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"one "},{"type":"text","text":"two","style":{"bold":true}},
			{"type":"link","url":"https://x.test","text":"three"},{"type":"emoji","name":"tada"}]},
			{"type":"rich_text_list","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"a"}]},{"type":"rich_text_section","elements":[{"type":"text","text":"b"}]}]},
			{"type":"rich_text_quote","elements":[{"type":"text","text":"old"}]}]},
		{"type":"section","text":{"type":"mrkdwn","text":"from &lt;x@y.test&gt;\n&gt; old"}},
		{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"Press"}}]}]`
	for text, m := range map[string]*slackfake.Message{
		"one twothree\na\nb\n\n\nfrom <x@y.test>": {Text: "one …", Blocks: []byte(blocks)},
		"one <two>": {Text: "one &lt;two&gt;"},
		"one":       {Text: "one", Blocks: []byte("{")},
	} {
		if got := strings.ReplaceAll(shownText(m), " \n", "\n"); strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(text), " ") || len(judge.WordingOf(got).Lines) != len(judge.WordingOf(text).Lines) {
			t.Errorf("got %q, want %q", got, text)
		}
	}
}

func FuzzShownText(f *testing.F) {
	f.Add([]byte(`[{"type":"section","text":{"text":"a"}}]`))
	f.Add([]byte(`[{"type":"rich_text","elements":[{"type":"text","text":"a"}]}]`))
	f.Fuzz(func(_ *testing.T, raw []byte) {
		_ = judge.WordingOf(shownText(&slackfake.Message{Text: "a", Blocks: raw}))
	})
}

func FuzzWording(f *testing.F) {
	for _, seed := range []string{"Hello <@U1> <https://x.test|y> :tada:", "> quoted", "On a wrote:\n", "-- \n", "\u2060*\u2060", "😀", "a&amp;b", "<", "\xff", "a\n👍\nb"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		w := judge.WordingOf(judge.SlackText(text))
		if said := w.Said(); len(w.Words) > 0 && len(said) == len(w.Words) && !w.Recognise(said, 0).Whole {
			t.Errorf("%q is not like itself: %q", text, w.Words)
		}
		if own := judge.OwnText(text, ""); len(own) > len(text) {
			t.Errorf("%q grew to %q", text, own)
		}
	})
}

// Everything that may go wrong is counted as what it is.
func TestCompare(t *testing.T) {
	t.Parallel()
	at := func(n int) time.Time { return time.Unix(int64(1_800_000_000+n), 0) }
	mail := func(key, text string) *judge.Saying {
		return &judge.Saying{Key: key, Way: judge.WayIn, Who: "Maria", Name: "maria", Box: maria, At: at(0), Text: text, Versions: [][]string{judge.WordingOf(text).Said()}, Heard: at(0)}
	}
	typed := func(key, text string) *judge.Saying {
		return &judge.Saying{Key: key, Way: judge.WayOut, Who: "Ann", Thread: "1", Box: maria, At: at(0), Text: text, Meant: !insideText.MatchString(text), Versions: [][]string{judge.WordingOf(text).Said()}, Heard: at(0)}
	}
	post := func(thread, text string) judge.Arrival {
		return judge.Arrival{Way: judge.WayIn, Thread: thread, From: "maria", At: at(1), Wording: judge.WordingOf(text)}
	}
	letter := func(text string) judge.Arrival {
		return judge.Arrival{Way: judge.WayOut, Box: maria, At: at(1), Wording: judge.WordingOf(text)}
	}
	shows := func(files int) judge.Arrival {
		return judge.Arrival{Way: judge.WayIn, Thread: "c/1", From: "maria", At: at(1), Files: files}
	}
	carries := func(s *judge.Saying, files int, bare bool) *judge.Saying { s.Files, s.Bare = files, bare; return s }
	told := func(text string) judge.Arrival {
		return judge.Arrival{Way: judge.WayIn, Thread: "c/0", Told: "from " + maria, At: at(1), Wording: judge.WordingOf("automatic mail:\n" + text)}
	}
	deleted := typed("g", "regret")
	deleted.Gone = true
	edited := typed("e", "new words")
	edited.Versions = append(edited.Versions, judge.WordsOf("old words"))
	for _, c := range []struct {
		name    string
		said    []*judge.Saying
		arrived []judge.Arrival
		claims  map[string]judge.Claim
		idle    time.Time
		want    judge.Counts
	}{
		{name: "both ways", said: []*judge.Saying{mail("1", "hello"), typed("2", "good day")}, arrived: []judge.Arrival{post("c/1", "hello"), letter("good day")}, want: judge.Counts{Said: 2, Arrived: 2}},
		{name: "on the way", said: []*judge.Saying{mail("1", "hello"), typed("2", "good day")}, want: judge.Counts{Said: 2, Waiting: 2}},
		{name: "lost", said: []*judge.Saying{mail("1", "hello"), typed("2", "good day")}, idle: at(100), want: judge.Counts{Said: 2, Lost: 2}},
		{name: "said since", said: []*judge.Saying{mail("1", "hello")}, idle: at(-100), want: judge.Counts{Said: 1, Waiting: 1}},
		{name: "doubled in a thread", said: []*judge.Saying{mail("1", "hello")}, arrived: []judge.Arrival{post("c/1", "hello"), post("c/2", "hello")}, want: judge.Counts{Said: 1, Arrived: 1, Doubled: 1}},
		{name: "doubled in a mailbox", said: []*judge.Saying{typed("2", "good day")}, arrived: []judge.Arrival{letter("good day"), letter("good day"), letter("good day")}, want: judge.Counts{Said: 1, Arrived: 1, Doubled: 2}},
		{name: "said twice", said: []*judge.Saying{typed("2", "yes"), typed("3", "yes")}, arrived: []judge.Arrival{letter("yes"), letter("yes")}, want: judge.Counts{Said: 2, Arrived: 2}},
		{name: "said twice, arrived once", said: []*judge.Saying{mail("2", "yes"), mail("3", "yes")}, arrived: []judge.Arrival{post("c/1", "yes")}, want: judge.Counts{Said: 2, Arrived: 1, Waiting: 1}},
		{name: "one begins like another", said: []*judge.Saying{typed("2", "yes"), typed("3", "yes we can")}, arrived: []judge.Arrival{letter("yes"), letter("yes we can")}, want: judge.Counts{Said: 2, Arrived: 2}},
		{name: "out of order", said: []*judge.Saying{mail("1", "one"), mail("2", "two"), mail("3", "three")}, arrived: []judge.Arrival{post("c/1", "one"), post("c/1", "three"), post("c/1", "two")}, want: judge.Counts{Said: 3, Arrived: 3, Disordered: 1}},
		{name: "other threads have other orders", said: []*judge.Saying{mail("1", "one"), mail("2", "two")}, arrived: []judge.Arrival{post("c/2", "two"), post("c/1", "one")}, want: judge.Counts{Said: 2, Arrived: 2}},
		{name: "joined", said: []*judge.Saying{typed("1", "yes"), typed("2", "yes we can"), typed("3", "👍"), typed("4", "today")}, arrived: []judge.Arrival{letter("yes\n\nyes we can\n\n🎉\n\ntoday\n")}, want: judge.Counts{Said: 4, Arrived: 4}},
		{name: "joined, with times between", said: []*judge.Saying{mail("1", "hello?"), mail("2", "anybody\nthere?")}, arrived: []judge.Arrival{post("c/1", "Fri 9:07\nhello?\nFri 9:08\nanybody\nthere?\nShow the original")}, want: judge.Counts{Said: 2, Arrived: 2}},
		{name: "joined out of order", said: []*judge.Saying{typed("1", "one"), typed("2", "two")}, arrived: []judge.Arrival{letter("two\n\none")}, want: judge.Counts{Said: 2, Arrived: 2, Disordered: 1}},
		{name: "joined, and once more", said: []*judge.Saying{typed("1", "one of these"), typed("2", "two of those")}, arrived: []judge.Arrival{letter("one of these"), letter("two of those\n\none of these")}, want: judge.Counts{Said: 2, Arrived: 2, Doubled: 1}},
		{name: "joined, one is missing", said: []*judge.Saying{typed("1", "one"), typed("2", "two"), typed("3", "three")}, arrived: []judge.Arrival{letter("one\n\nthree")}, want: judge.Counts{Said: 3, Arrived: 2, Waiting: 1}},
		{name: "a note", said: []*judge.Saying{typed("1", "note: glaze")}, want: judge.Counts{Inside: 1}},
		{name: "a note that leaked", said: []*judge.Saying{typed("1", "note: glaze")}, arrived: []judge.Arrival{letter("note: glaze")}, want: judge.Counts{Inside: 1, Leaked: 1}},
		{name: "inside, as Parley decided", said: []*judge.Saying{typed("1", "hm")}, claims: map[string]judge.Claim{"1": {Fate: "inside"}}, idle: at(100), want: judge.Counts{Inside: 1}},
		{name: "for the customer, as Parley decided", said: []*judge.Saying{typed("1", "!!hello")}, claims: map[string]judge.Claim{"1": {Fate: "out"}}, idle: at(100), want: judge.Counts{Said: 1, Lost: 1}},
		{name: "taken back", said: []*judge.Saying{typed("1", "oh"), deleted}, claims: map[string]judge.Claim{"1": {Fate: "undone"}}, idle: at(100), want: judge.Counts{Withdrawn: 2}},
		{name: "deleted after it left", said: []*judge.Saying{deleted}, arrived: []judge.Arrival{letter("regret")}, claims: map[string]judge.Claim{"g": {Fate: "out"}}, want: judge.Counts{Said: 1, Arrived: 1}},
		{name: "edited after it left", said: []*judge.Saying{edited}, arrived: []judge.Arrival{letter("old words")}, want: judge.Counts{Said: 1, Arrived: 1}},
		{name: "a person decides", said: []*judge.Saying{typed("1", "oh"), typed("2", "ah")}, claims: map[string]judge.Claim{"1": {Fate: "ask"}, "2": {Fate: "out", Delivery: "needs_decision"}}, idle: at(100), want: judge.Counts{Said: 2, Waiting: 2, Asked: 2}},
		{name: "a person decided late", said: []*judge.Saying{typed("1", "oh"), typed("2", "ah")}, arrived: []judge.Arrival{letter("ah"), letter("oh")}, claims: map[string]judge.Claim{"1": {Fate: "parked"}}, want: judge.Counts{Said: 2, Arrived: 2}},
		{name: "another's name", said: []*judge.Saying{mail("1", "hello")}, arrived: []judge.Arrival{{Way: judge.WayIn, From: "dana", Wording: judge.WordingOf("hello")}}, want: judge.Counts{Said: 1, Waiting: 1}},
		{name: "told in our words", said: []*judge.Saying{mail("1", "pulp is new")}, arrived: []judge.Arrival{{Way: judge.WayIn, Told: "from " + maria, Wording: judge.WordingOf("automatic mail: pulp is new")}}, want: judge.Counts{Said: 1, Arrived: 1}},
		{name: "told, then made a conversation", said: []*judge.Saying{mail("1", "pulp is new")}, arrived: []judge.Arrival{told("pulp is new"), post("c/1", "pulp is new")}, want: judge.Counts{Said: 1, Arrived: 1}},
		{name: "told twice", said: []*judge.Saying{mail("1", "pulp is new")}, arrived: []judge.Arrival{told("pulp is new"), told("pulp is new")}, want: judge.Counts{Said: 1, Arrived: 1, Doubled: 1}},
		{name: "told, then doubled", said: []*judge.Saying{mail("1", "pulp is new")}, arrived: []judge.Arrival{told("pulp is new"), post("c/1", "pulp is new"), post("c/1", "pulp is new")}, want: judge.Counts{Said: 1, Arrived: 1, Doubled: 1}},
		{name: "nothing but a picture", said: []*judge.Saying{carries(mail("1", "photo.png"), 1, true)}, arrived: []judge.Arrival{shows(1)}, want: judge.Counts{Said: 1, Arrived: 1}},
		{name: "a picture that is named only", said: []*judge.Saying{carries(mail("1", "photo.png"), 1, true)}, arrived: []judge.Arrival{shows(0)}, idle: at(100), want: judge.Counts{Said: 1, Lost: 1}},
		{name: "a text without its picture", said: []*judge.Saying{carries(mail("1", "see this"), 1, false)}, arrived: []judge.Arrival{post("c/1", "see this"), shows(0)}, idle: at(100), want: judge.Counts{Said: 1, Lost: 1}},
		{name: "the second of two pictures", said: []*judge.Saying{carries(mail("1", "a.png"), 1, true), carries(mail("2", "b.png"), 1, true)}, arrived: []judge.Arrival{shows(1)}, idle: at(100), want: judge.Counts{Said: 2, Arrived: 1, Lost: 1}},
		{name: "pictures that came later", said: []*judge.Saying{carries(mail("1", "see these"), 2, false), mail("2", "well?")}, arrived: []judge.Arrival{post("c/1", "see these"), shows(1), post("c/1", "well?"), shows(1)}, want: judge.Counts{Said: 2, Arrived: 2}},
		{name: "told of, with its file", said: []*judge.Saying{carries(mail("1", "pulp is new"), 1, false)}, arrived: []judge.Arrival{told("pulp is new")}, want: judge.Counts{Said: 1, Arrived: 1}},
		{name: "told of somebody else", said: []*judge.Saying{mail("1", "pulp is new")}, arrived: []judge.Arrival{{Way: judge.WayIn, Told: "from dana", Wording: judge.WordingOf("automatic mail: pulp is new")}}, want: judge.Counts{Said: 1, Waiting: 1}},
	} {
		if _, got := judge.Compare(c.said, c.arrived, c.claims, c.idle); got != c.want {
			t.Errorf("%s:\n got %+v\nwant %+v", c.name, got, c.want)
		}
	}
}

// The witness sees through the emulators' windows, and believes what he saw once. Here a
// bad bot takes Parley's place.
func TestWitnessCatchesABadBot(t *testing.T) {
	t.Parallel()
	p, w := newTestPage(t, "")
	customer := w.Mail.Customer("Maria Lopez <" + maria + ">")
	for n := range 4 {
		if _, err := customer.Send(mailfake.Mail{To: []string{HelpAddress}, Subject: "Mugs", Text: fmt.Sprintf("This is mail %d", n)}); err != nil {
			t.Fatal(err)
		}
	}
	root := botPosts(t, w, "", "", "the card")
	for _, n := range []int{0, 2, 1, 0} {
		botPosts(t, w, root, "Maria Lopez (customer)", fmt.Sprintf("This is mail %d", n))
	}
	want := judge.Counts{Said: 4, Arrived: 3, Waiting: 1, Doubled: 1, Disordered: 1}
	for range 2 {
		j, err := p.lookout.account(t.Context())
		if err != nil || j.Counts != want || j.Quiet {
			t.Fatalf("got %+v %v", j, err)
		}
		if r := j.Rows[0]; r.State != judge.StateWaiting || r.Accepted || r.Who != "Maria Lopez" || r.Box != maria {
			t.Errorf("the newest: %+v", r)
		}
		if r := j.Rows[3]; r.Copies != 2 || r.Channel != Support || r.Thread != root {
			t.Errorf("the oldest: %+v", r)
		}
		w.Slack.Reset() // what was seen once has been seen
	}
	p.lookout.witness.forget()
	if err := p.startOver(t.Context()); err != nil {
		t.Fatal(err)
	}
	if j, err := p.lookout.account(t.Context()); err != nil || j.Counts != (judge.Counts{}) {
		t.Errorf("after a reset: %+v %v", j, err)
	}
}

// botPosts posts as the app and gives the post's ts.
func botPosts(t *testing.T, w *World, thread, name, text string) string {
	t.Helper()
	form := url.Values{"channel": {Support}, "text": {text}, "thread_ts": {thread}, "username": {name}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.Slack.APIURL()+"chat.postMessage", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer "+w.Slack.BotToken())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	_, rest, ok := strings.Cut(string(body), `"ts":"`)
	if err != nil || !ok {
		t.Fatalf("%v %s", err, body)
	}
	ts, _, _ := strings.Cut(rest, `"`)
	return ts
}

// A cut cord breaks what runs on it and refuses more; plugged in, the same address works.
func TestCord(t *testing.T) {
	t.Parallel()
	w, err := NewWorld(t.Context(), WorldOptions{Cords: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	c := w.cords.slack
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	try := func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.addr+"/_fake/state", nil)
		if err != nil {
			return err
		}
		res, err := client.Do(req)
		if err == nil {
			err = res.Body.Close()
		}
		return err
	}
	for round := range 3 {
		if err := try(t.Context()); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		open, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", w.cords.imap.addr)
		if err != nil {
			t.Fatal(err)
		}
		greeting := bufio.NewReader(open)
		if line, err := greeting.ReadString('\n'); err != nil || !strings.HasPrefix(line, "* OK") {
			t.Fatalf("round %d: %q %v", round, line, err)
		}
		w.cords.imap.cut()
		if _, err := greeting.ReadString('\n'); err == nil {
			t.Errorf("round %d: the connection lives", round)
		}
		_ = open.Close()
		if err := w.cords.imap.plug(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.cut()
		if err := try(t.Context()); err == nil || !strings.Contains(err.Error(), "refused") {
			t.Fatalf("round %d, cut: %v", round, err)
		}
		if err := c.plug(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
