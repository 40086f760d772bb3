package witness

import (
	"testing"
	"time"

	"parley/cmd/parley/demo/judge"
)

// Everything that may go wrong is counted as what it is.
func TestCompare(t *testing.T) {
	t.Parallel()
	const maria = "maria@lopez-ceramics.test"
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
