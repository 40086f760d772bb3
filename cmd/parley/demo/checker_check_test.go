package demo_test

import (
	"testing"
	"time"

	"parley/cmd/parley/demo"
)

// Each message that people write either arrives once and in order, or is counted as what went wrong with it.
func TestCheck(t *testing.T) {
	t.Parallel()
	type (
		messages     = []*demo.SentMessage
		observations = []demo.Observation
		records      = map[string]demo.Record // by the messages' keys
	)
	deleted := typed("g", "regret")
	deleted.Deleted = true
	takenBack := typed("t", "not like that")
	takenBack.Deleted, takenBack.TakenBack = true, true
	note := internal("n", "note: glaze")
	note.IsNote = true
	edited := typed("e", "new words")
	edited.Versions = append(edited.Versions, versionOf("old words"))
	before, afterwards := secondsIn(-100), secondsIn(100)
	for _, tt := range []struct {
		name     string
		sent     messages
		observed observations
		records  records
		idle     time.Time // since when Parley has had nothing to do; zero means that it still has
		want     demo.Counts
	}{
		{
			name:     "both ways",
			sent:     messages{mail("1", "hello"), typed("2", "good day")},
			observed: observations{post("c/1", "hello"), letter("good day")},
			want:     demo.Counts{Said: 2, Arrived: 2},
		},
		{
			name: "on the way",
			sent: messages{mail("1", "hello"), typed("2", "good day")},
			want: demo.Counts{Said: 2, Waiting: 2},
		},
		{
			name: "lost",
			sent: messages{mail("1", "hello"), typed("2", "good day")},
			idle: afterwards,
			want: demo.Counts{Said: 2, Lost: 2},
		},
		{name: "said since", sent: messages{mail("1", "hello")}, idle: before, want: demo.Counts{Said: 1, Waiting: 1}},
		{
			name:     "doubled in a thread",
			sent:     messages{mail("1", "hello")},
			observed: observations{post("c/1", "hello"), post("c/2", "hello")},
			want:     demo.Counts{Said: 1, Arrived: 1, Doubled: 1},
		},
		{
			name:     "doubled in a mailbox",
			sent:     messages{typed("2", "good day")},
			observed: observations{letter("good day"), letter("good day"), letter("good day")},
			want:     demo.Counts{Said: 1, Arrived: 1, Doubled: 2},
		},
		{
			name:     "said twice",
			sent:     messages{typed("2", "yes"), typed("3", "yes")},
			observed: observations{letter("yes"), letter("yes")},
			want:     demo.Counts{Said: 2, Arrived: 2},
		},
		{
			name:     "said twice, arrived once",
			sent:     messages{mail("2", "yes"), mail("3", "yes")},
			observed: observations{post("c/1", "yes")},
			want:     demo.Counts{Said: 2, Arrived: 1, Waiting: 1},
		},
		{
			name:     "one begins like another",
			sent:     messages{typed("2", "yes"), typed("3", "yes we can")},
			observed: observations{letter("yes"), letter("yes we can")},
			want:     demo.Counts{Said: 2, Arrived: 2},
		},
		{
			name:     "out of order",
			sent:     messages{mail("1", "one"), mail("2", "two"), mail("3", "three")},
			observed: observations{post("c/1", "one"), post("c/1", "three"), post("c/1", "two")},
			want:     demo.Counts{Said: 3, Arrived: 3, Disordered: 1},
		},
		{
			name:     "other threads have other orders",
			sent:     messages{mail("1", "one"), mail("2", "two")},
			observed: observations{post("c/2", "two"), post("c/1", "one")},
			want:     demo.Counts{Said: 2, Arrived: 2},
		},
		{
			name:     "joined",
			sent:     messages{typed("1", "yes"), typed("2", "yes we can"), typed("3", "👍"), typed("4", "today")},
			observed: observations{letter("yes\n\nyes we can\n\n🎉\n\ntoday\n")},
			want:     demo.Counts{Said: 4, Arrived: 4},
		},
		{
			name:     "joined, with times between",
			sent:     messages{mail("1", "hello?"), mail("2", "anybody\nthere?")},
			observed: observations{post("c/1", "Fri 9:07\nhello?\nFri 9:08\nanybody\nthere?\nShow the original")},
			want:     demo.Counts{Said: 2, Arrived: 2},
		},
		{
			name:     "joined out of order",
			sent:     messages{typed("1", "one"), typed("2", "two")},
			observed: observations{letter("two\n\none")},
			want:     demo.Counts{Said: 2, Arrived: 2, Disordered: 1},
		},
		{
			name:     "joined, and once more",
			sent:     messages{typed("1", "one of these"), typed("2", "two of those")},
			observed: observations{letter("one of these"), letter("two of those\n\none of these")},
			want:     demo.Counts{Said: 2, Arrived: 2, Doubled: 1},
		},
		{
			name:     "joined, one is missing",
			sent:     messages{typed("1", "one"), typed("2", "two"), typed("3", "three")},
			observed: observations{letter("one\n\nthree")},
			want:     demo.Counts{Said: 3, Arrived: 2, Waiting: 1},
		},
		{
			name:     "joined, the first is nothing but a quotation",
			sent:     messages{typed("1", "where is it"), typed("2", "it comes today")},
			observed: observations{letter("> Where is it?\n\nIt comes today.\n")},
			want:     demo.Counts{Said: 2, Arrived: 2},
		},
		{
			name:     "quoted later by its author",
			sent:     messages{typed("1", "it comes today"), typed("2", "still true")},
			observed: observations{letter("It comes today."), letter("> It comes today.\n\nStill true.")},
			want:     demo.Counts{Said: 2, Arrived: 2},
		},
		{name: "a note", sent: messages{internal("1", "note: glaze")}, want: demo.Counts{Inside: 1}},
		{
			name:     "a note that leaked",
			sent:     messages{internal("1", "note: glaze")},
			observed: observations{letter("note: glaze")},
			want:     demo.Counts{Inside: 1, Leaked: 1},
		},
		{
			name:     "a note that Parley took for a reply",
			sent:     messages{note},
			observed: observations{letter("note: glaze")},
			records:  records{"n": {Fate: "out"}},
			want:     demo.Counts{Inside: 1, Leaked: 1},
		},
		{
			name:     "a note that a person sent",
			sent:     messages{note},
			observed: observations{letter("note: glaze")},
			records:  records{"n": {Fate: "out", Reason: "clicked"}},
			want:     demo.Counts{Said: 1, Arrived: 1},
		},
		{
			name:    "inside, as Parley decided",
			sent:    messages{typed("1", "hm")},
			records: records{"1": {Fate: "inside"}},
			idle:    afterwards,
			want:    demo.Counts{Inside: 1},
		},
		{
			name:    "for the customer, as Parley decided",
			sent:    messages{typed("1", "!!hello")},
			records: records{"1": {Fate: "out"}},
			idle:    afterwards,
			want:    demo.Counts{Said: 1, Lost: 1},
		},
		{
			name:    "taken back",
			sent:    messages{typed("1", "oh"), deleted},
			records: records{"1": {Fate: "undone"}},
			idle:    afterwards,
			want:    demo.Counts{Withdrawn: 2},
		},
		{
			name:     "deleted while it was held, and sent",
			sent:     messages{takenBack},
			observed: observations{letter("not like that")},
			records:  records{"t": {Fate: "out"}},
			want:     demo.Counts{Inside: 1, Leaked: 1},
		},
		{
			name:    "undone as if it were deleted",
			sent:    messages{typed("1", "oh")},
			records: records{"1": {Fate: "undone", Reason: "deleted"}},
			idle:    afterwards,
			want:    demo.Counts{Said: 1, Lost: 1},
		},
		{
			name:     "deleted after it left",
			sent:     messages{deleted},
			observed: observations{letter("regret")},
			records:  records{"g": {Fate: "out"}},
			want:     demo.Counts{Said: 1, Arrived: 1},
		},
		{
			name:     "edited after it left",
			sent:     messages{edited},
			observed: observations{letter("old words")},
			want:     demo.Counts{Said: 1, Arrived: 1},
		},
		{
			name:    "a person decides",
			sent:    messages{typed("1", "oh"), typed("2", "ah")},
			records: records{"1": {Fate: "ask"}, "2": {Fate: "out", Delivery: "needs_decision"}},
			idle:    afterwards,
			want:    demo.Counts{Said: 2, Waiting: 2, Asked: 2},
		},
		{
			name:     "a person decided late",
			sent:     messages{typed("1", "oh"), typed("2", "ah")},
			observed: observations{letter("ah"), letter("oh")},
			records:  records{"1": {Fate: "parked"}},
			want:     demo.Counts{Said: 2, Arrived: 2},
		},
		{
			name:     "another's name",
			sent:     messages{mail("1", "hello")},
			observed: observations{postOf("dana", "hello")},
			want:     demo.Counts{Said: 1, Waiting: 1},
		},
		{
			name:     "told in our words",
			sent:     messages{mail("1", "pulp is new")},
			observed: observations{lineAbout(maria, "automatic mail: pulp is new")},
			want:     demo.Counts{Said: 1, Arrived: 1},
		},
		{
			name:     "told, then made a conversation",
			sent:     messages{mail("1", "pulp is new")},
			observed: observations{line("pulp is new"), post("c/1", "pulp is new")},
			want:     demo.Counts{Said: 1, Arrived: 1},
		},
		{
			name:     "told twice",
			sent:     messages{mail("1", "pulp is new")},
			observed: observations{line("pulp is new"), line("pulp is new")},
			want:     demo.Counts{Said: 1, Arrived: 1, Doubled: 1},
		},
		{
			name:     "told, then doubled",
			sent:     messages{mail("1", "pulp is new")},
			observed: observations{line("pulp is new"), post("c/1", "pulp is new"), post("c/1", "pulp is new")},
			want:     demo.Counts{Said: 1, Arrived: 1, Doubled: 1},
		},
		{
			name:     "nothing but a picture",
			sent:     messages{onlyFiles(mail("1", "photo.png"), 1)},
			observed: observations{postWithFiles(1)},
			want:     demo.Counts{Said: 1, Arrived: 1},
		},
		{
			name:     "a picture that is named only",
			sent:     messages{onlyFiles(mail("1", "photo.png"), 1)},
			observed: observations{postWithFiles(0)},
			idle:     afterwards,
			want:     demo.Counts{Said: 1, Lost: 1},
		},
		{
			name:     "a text without its picture",
			sent:     messages{withFiles(mail("1", "see this"), 1)},
			observed: observations{post("c/1", "see this"), postWithFiles(0)},
			idle:     afterwards,
			want:     demo.Counts{Said: 1, Lost: 1},
		},
		{
			name:     "the second of two pictures",
			sent:     messages{onlyFiles(mail("1", "a.png"), 1), onlyFiles(mail("2", "b.png"), 1)},
			observed: observations{postWithFiles(1)},
			idle:     afterwards,
			want:     demo.Counts{Said: 2, Arrived: 1, Lost: 1},
		},
		{
			name:     "pictures that came later",
			sent:     messages{withFiles(mail("1", "see these"), 2), mail("2", "well?")},
			observed: observations{post("c/1", "see these"), postWithFiles(1), post("c/1", "well?"), postWithFiles(1)},
			want:     demo.Counts{Said: 2, Arrived: 2},
		},
		{
			name:     "told of, with its file",
			sent:     messages{withFiles(mail("1", "pulp is new"), 1)},
			observed: observations{line("pulp is new")},
			want:     demo.Counts{Said: 1, Arrived: 1},
		},
		{
			name:     "told of somebody else",
			sent:     messages{mail("1", "pulp is new")},
			observed: observations{lineAbout("dana", "automatic mail: pulp is new")},
			want:     demo.Counts{Said: 1, Waiting: 1},
		},
	} {
		t.Run(tt.name, func(t *testing.T) { // one after the other: they share messages
			if _, got := demo.Check(tt.sent, tt.observed, tt.records, tt.idle); got != tt.want {
				t.Errorf("got %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

const maria = "maria@lopez-ceramics.test"

// secondsIn returns a time so many seconds after everything was said.
func secondsIn(n int) time.Time { return time.Unix(int64(1_800_000_000+n), 0) }

// mail is what Maria wrote.
func mail(key, text string) *demo.SentMessage {
	return &demo.SentMessage{
		Key:         key,
		Direction:   demo.Inbound,
		Author:      "Maria",
		AuthorKey:   "maria",
		Mailbox:     maria,
		SentAt:      secondsIn(0),
		FirstSeenAt: secondsIn(0),
		Text:        text,
		Versions:    []demo.Version{versionOf(text)},
	}
}

// withFiles is a message with so many files.
func withFiles(s *demo.SentMessage, files int) *demo.SentMessage {
	s.Files = files
	return s
}

// onlyFiles is a message that consists of so many files: its text names them.
func onlyFiles(s *demo.SentMessage, files int) *demo.SentMessage {
	s.Files, s.FilesOnly = files, true
	return s
}

func versionOf(text string) demo.Version {
	return demo.Version{Text: text, Words: demo.WordingOf(text).MessageWords()}
}

// typed is what Ann wrote into Maria's thread.
func typed(key, text string) *demo.SentMessage {
	return &demo.SentMessage{
		Key:         key,
		Direction:   demo.Outbound,
		Author:      "Ann",
		Thread:      "1",
		Mailbox:     maria,
		ForCustomer: true,
		SentAt:      secondsIn(0),
		FirstSeenAt: secondsIn(0),
		Text:        text,
		Versions:    []demo.Version{versionOf(text)},
	}
}

// internal is what Ann wrote into Maria's thread and what doesn't look as if it were for Maria.
func internal(key, text string) *demo.SentMessage {
	m := typed(key, text)
	m.ForCustomer = false
	return m
}

// post is a post in Maria's name.
func post(thread, text string) demo.Observation {
	return demo.Observation{
		Direction:   demo.Inbound,
		Thread:      thread,
		CustomerKey: "maria",
		At:          secondsIn(1),
		Wording:     demo.WordingOf(text),
	}
}

// postOf is a post in somebody's name.
func postOf(name, text string) demo.Observation {
	return demo.Observation{Direction: demo.Inbound, CustomerKey: name, Wording: demo.WordingOf(text)}
}

// postWithFiles is a post in Maria's name that has files and no text.
func postWithFiles(files int) demo.Observation {
	return demo.Observation{Direction: demo.Inbound, Thread: "c/1", CustomerKey: "maria", At: secondsIn(1), Files: files}
}

// line is a line of Parley's own that tells of an automatic mail of Maria's.
func line(text string) demo.Observation {
	return demo.Observation{
		Direction: demo.Inbound,
		Thread:    "c/0",
		Notice:    "from " + maria,
		At:        secondsIn(1),
		Wording:   demo.WordingOf("automatic mail:\n" + text),
	}
}

// lineAbout is a line of Parley's own that names somebody.
func lineAbout(name, text string) demo.Observation {
	return demo.Observation{Direction: demo.Inbound, Notice: "from " + name, Wording: demo.WordingOf(text)}
}

// letter is a mail in Maria's mailbox.
func letter(text string) demo.Observation {
	return demo.Observation{Direction: demo.Outbound, Mailbox: maria, At: secondsIn(1), Wording: demo.WordingOf(text)}
}
