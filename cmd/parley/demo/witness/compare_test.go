package witness

import (
	"testing"
	"time"

	"parley/cmd/parley/demo/judge"
)

// Everything that people say either arrives once and in order, or is counted as what went wrong with it.
func TestCompare(t *testing.T) {
	t.Parallel()
	type (
		sayings  = []*judge.Saying
		arrivals = []judge.Arrival
		claims   = map[string]judge.Claim // what Parley says of a saying, by key
	)
	deleted := typed("g", "regret")
	deleted.Gone = true
	edited := typed("e", "new words")
	edited.Versions = append(edited.Versions, judge.WordsOf("old words"))
	before, afterwards := secondsIn(-100), secondsIn(100)
	for _, c := range []struct {
		name    string
		said    sayings
		arrived arrivals
		claims  claims
		idle    time.Time // since when Parley has had nothing to do; zero means that it still has
		want    judge.Counts
	}{
		{
			name:    "both ways",
			said:    sayings{mail("1", "hello"), typed("2", "good day")},
			arrived: arrivals{post("c/1", "hello"), letter("good day")},
			want:    judge.Counts{Said: 2, Arrived: 2},
		},
		{
			name: "on the way",
			said: sayings{mail("1", "hello"), typed("2", "good day")},
			want: judge.Counts{Said: 2, Waiting: 2},
		},
		{
			name: "lost",
			said: sayings{mail("1", "hello"), typed("2", "good day")},
			idle: afterwards,
			want: judge.Counts{Said: 2, Lost: 2},
		},
		{
			name: "said since",
			said: sayings{mail("1", "hello")},
			idle: before,
			want: judge.Counts{Said: 1, Waiting: 1},
		},
		{
			name:    "doubled in a thread",
			said:    sayings{mail("1", "hello")},
			arrived: arrivals{post("c/1", "hello"), post("c/2", "hello")},
			want:    judge.Counts{Said: 1, Arrived: 1, Doubled: 1},
		},
		{
			name:    "doubled in a mailbox",
			said:    sayings{typed("2", "good day")},
			arrived: arrivals{letter("good day"), letter("good day"), letter("good day")},
			want:    judge.Counts{Said: 1, Arrived: 1, Doubled: 2},
		},
		{
			name:    "said twice",
			said:    sayings{typed("2", "yes"), typed("3", "yes")},
			arrived: arrivals{letter("yes"), letter("yes")},
			want:    judge.Counts{Said: 2, Arrived: 2},
		},
		{
			name:    "said twice, arrived once",
			said:    sayings{mail("2", "yes"), mail("3", "yes")},
			arrived: arrivals{post("c/1", "yes")},
			want:    judge.Counts{Said: 2, Arrived: 1, Waiting: 1},
		},
		{
			name:    "one begins like another",
			said:    sayings{typed("2", "yes"), typed("3", "yes we can")},
			arrived: arrivals{letter("yes"), letter("yes we can")},
			want:    judge.Counts{Said: 2, Arrived: 2},
		},
		{
			name:    "out of order",
			said:    sayings{mail("1", "one"), mail("2", "two"), mail("3", "three")},
			arrived: arrivals{post("c/1", "one"), post("c/1", "three"), post("c/1", "two")},
			want:    judge.Counts{Said: 3, Arrived: 3, Disordered: 1},
		},
		{
			name:    "other threads have other orders",
			said:    sayings{mail("1", "one"), mail("2", "two")},
			arrived: arrivals{post("c/2", "two"), post("c/1", "one")},
			want:    judge.Counts{Said: 2, Arrived: 2},
		},
		{
			name:    "joined",
			said:    sayings{typed("1", "yes"), typed("2", "yes we can"), typed("3", "👍"), typed("4", "today")},
			arrived: arrivals{letter("yes\n\nyes we can\n\n🎉\n\ntoday\n")},
			want:    judge.Counts{Said: 4, Arrived: 4},
		},
		{
			name:    "joined, with times between",
			said:    sayings{mail("1", "hello?"), mail("2", "anybody\nthere?")},
			arrived: arrivals{post("c/1", "Fri 9:07\nhello?\nFri 9:08\nanybody\nthere?\nShow the original")},
			want:    judge.Counts{Said: 2, Arrived: 2},
		},
		{
			name:    "joined out of order",
			said:    sayings{typed("1", "one"), typed("2", "two")},
			arrived: arrivals{letter("two\n\none")},
			want:    judge.Counts{Said: 2, Arrived: 2, Disordered: 1},
		},
		{
			name:    "joined, and once more",
			said:    sayings{typed("1", "one of these"), typed("2", "two of those")},
			arrived: arrivals{letter("one of these"), letter("two of those\n\none of these")},
			want:    judge.Counts{Said: 2, Arrived: 2, Doubled: 1},
		},
		{
			name:    "joined, one is missing",
			said:    sayings{typed("1", "one"), typed("2", "two"), typed("3", "three")},
			arrived: arrivals{letter("one\n\nthree")},
			want:    judge.Counts{Said: 3, Arrived: 2, Waiting: 1},
		},
		{
			name: "a note",
			said: sayings{typed("1", "note: glaze")},
			want: judge.Counts{Inside: 1},
		},
		{
			name:    "a note that leaked",
			said:    sayings{typed("1", "note: glaze")},
			arrived: arrivals{letter("note: glaze")},
			want:    judge.Counts{Inside: 1, Leaked: 1},
		},
		{
			name:   "inside, as Parley decided",
			said:   sayings{typed("1", "hm")},
			claims: claims{"1": {Fate: "inside"}},
			idle:   afterwards,
			want:   judge.Counts{Inside: 1},
		},
		{
			name:   "for the customer, as Parley decided",
			said:   sayings{typed("1", "!!hello")},
			claims: claims{"1": {Fate: "out"}},
			idle:   afterwards,
			want:   judge.Counts{Said: 1, Lost: 1},
		},
		{
			name:   "taken back",
			said:   sayings{typed("1", "oh"), deleted},
			claims: claims{"1": {Fate: "undone"}},
			idle:   afterwards,
			want:   judge.Counts{Withdrawn: 2},
		},
		{
			name:    "deleted after it left",
			said:    sayings{deleted},
			arrived: arrivals{letter("regret")},
			claims:  claims{"g": {Fate: "out"}},
			want:    judge.Counts{Said: 1, Arrived: 1},
		},
		{
			name:    "edited after it left",
			said:    sayings{edited},
			arrived: arrivals{letter("old words")},
			want:    judge.Counts{Said: 1, Arrived: 1},
		},
		{
			name:   "a person decides",
			said:   sayings{typed("1", "oh"), typed("2", "ah")},
			claims: claims{"1": {Fate: "ask"}, "2": {Fate: "out", Delivery: "needs_decision"}},
			idle:   afterwards,
			want:   judge.Counts{Said: 2, Waiting: 2, Asked: 2},
		},
		{
			name:    "a person decided late",
			said:    sayings{typed("1", "oh"), typed("2", "ah")},
			arrived: arrivals{letter("ah"), letter("oh")},
			claims:  claims{"1": {Fate: "parked"}},
			want:    judge.Counts{Said: 2, Arrived: 2},
		},
		{
			name:    "another's name",
			said:    sayings{mail("1", "hello")},
			arrived: arrivals{postOf("dana", "hello")},
			want:    judge.Counts{Said: 1, Waiting: 1},
		},
		{
			name:    "told in our words",
			said:    sayings{mail("1", "pulp is new")},
			arrived: arrivals{lineAbout(maria, "automatic mail: pulp is new")},
			want:    judge.Counts{Said: 1, Arrived: 1},
		},
		{
			name:    "told, then made a conversation",
			said:    sayings{mail("1", "pulp is new")},
			arrived: arrivals{line("pulp is new"), post("c/1", "pulp is new")},
			want:    judge.Counts{Said: 1, Arrived: 1},
		},
		{
			name:    "told twice",
			said:    sayings{mail("1", "pulp is new")},
			arrived: arrivals{line("pulp is new"), line("pulp is new")},
			want:    judge.Counts{Said: 1, Arrived: 1, Doubled: 1},
		},
		{
			name:    "told, then doubled",
			said:    sayings{mail("1", "pulp is new")},
			arrived: arrivals{line("pulp is new"), post("c/1", "pulp is new"), post("c/1", "pulp is new")},
			want:    judge.Counts{Said: 1, Arrived: 1, Doubled: 1},
		},
		{
			name:    "nothing but a picture",
			said:    sayings{onlyFiles(mail("1", "photo.png"), 1)},
			arrived: arrivals{postWithFiles(1)},
			want:    judge.Counts{Said: 1, Arrived: 1},
		},
		{
			name:    "a picture that is named only",
			said:    sayings{onlyFiles(mail("1", "photo.png"), 1)},
			arrived: arrivals{postWithFiles(0)},
			idle:    afterwards,
			want:    judge.Counts{Said: 1, Lost: 1},
		},
		{
			name:    "a text without its picture",
			said:    sayings{withFiles(mail("1", "see this"), 1)},
			arrived: arrivals{post("c/1", "see this"), postWithFiles(0)},
			idle:    afterwards,
			want:    judge.Counts{Said: 1, Lost: 1},
		},
		{
			name:    "the second of two pictures",
			said:    sayings{onlyFiles(mail("1", "a.png"), 1), onlyFiles(mail("2", "b.png"), 1)},
			arrived: arrivals{postWithFiles(1)},
			idle:    afterwards,
			want:    judge.Counts{Said: 2, Arrived: 1, Lost: 1},
		},
		{
			name:    "pictures that came later",
			said:    sayings{withFiles(mail("1", "see these"), 2), mail("2", "well?")},
			arrived: arrivals{post("c/1", "see these"), postWithFiles(1), post("c/1", "well?"), postWithFiles(1)},
			want:    judge.Counts{Said: 2, Arrived: 2},
		},
		{
			name:    "told of, with its file",
			said:    sayings{withFiles(mail("1", "pulp is new"), 1)},
			arrived: arrivals{line("pulp is new")},
			want:    judge.Counts{Said: 1, Arrived: 1},
		},
		{
			name:    "told of somebody else",
			said:    sayings{mail("1", "pulp is new")},
			arrived: arrivals{lineAbout("dana", "automatic mail: pulp is new")},
			want:    judge.Counts{Said: 1, Waiting: 1},
		},
	} {
		if _, got := judge.Compare(c.said, c.arrived, c.claims, c.idle); got != c.want {
			t.Errorf("%s:\n got %+v\nwant %+v", c.name, got, c.want)
		}
	}
}

const maria = "maria@lopez-ceramics.test"

// secondsIn returns a time so many seconds after everything was said.
func secondsIn(n int) time.Time { return time.Unix(int64(1_800_000_000+n), 0) }

// mail is what Maria wrote.
func mail(key, text string) *judge.Saying {
	return &judge.Saying{
		Key: key, Way: judge.WayIn, Who: "Maria", Name: "maria", Box: maria, At: secondsIn(0),
		Text: text, Versions: [][]string{judge.WordingOf(text).Said()}, Heard: secondsIn(0),
	}
}

// withFiles is a saying with so many files.
func withFiles(s *judge.Saying, files int) *judge.Saying {
	s.Files = files
	return s
}

// onlyFiles is a saying that consists of so many files: its text names them.
func onlyFiles(s *judge.Saying, files int) *judge.Saying {
	s.Files, s.Bare = files, true
	return s
}

// typed is what Ann wrote into Maria's thread.
func typed(key, text string) *judge.Saying {
	return &judge.Saying{
		Key: key, Way: judge.WayOut, Who: "Ann", Thread: "1", Box: maria, At: secondsIn(0),
		Text: text, Meant: !insideText.MatchString(text), Versions: [][]string{judge.WordingOf(text).Said()}, Heard: secondsIn(0),
	}
}

// post is a post in Maria's name.
func post(thread, text string) judge.Arrival {
	return judge.Arrival{Way: judge.WayIn, Thread: thread, From: "maria", At: secondsIn(1), Wording: judge.WordingOf(text)}
}

// postOf is a post in somebody's name.
func postOf(name, text string) judge.Arrival {
	return judge.Arrival{Way: judge.WayIn, From: name, Wording: judge.WordingOf(text)}
}

// postWithFiles is a post in Maria's name that has files and no text.
func postWithFiles(files int) judge.Arrival {
	return judge.Arrival{Way: judge.WayIn, Thread: "c/1", From: "maria", At: secondsIn(1), Files: files}
}

// line is a line of Parley's own that tells of an automatic mail of Maria's.
func line(text string) judge.Arrival {
	return judge.Arrival{Way: judge.WayIn, Thread: "c/0", Told: "from " + maria, At: secondsIn(1), Wording: judge.WordingOf("automatic mail:\n" + text)}
}

// lineAbout is a line of Parley's own that names somebody.
func lineAbout(name, text string) judge.Arrival {
	return judge.Arrival{Way: judge.WayIn, Told: "from " + name, Wording: judge.WordingOf(text)}
}

// letter is a mail in Maria's mailbox.
func letter(text string) judge.Arrival {
	return judge.Arrival{Way: judge.WayOut, Box: maria, At: secondsIn(1), Wording: judge.WordingOf(text)}
}
