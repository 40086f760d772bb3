package checker

import "testing"

// A customer's file is shown once, with its content, in the customer's thread.
func TestCheckFiles(t *testing.T) {
	t.Parallel()
	file := FileOf(inboundOf(1, 1))
	shown := func(customer int, posts ...Post) func(*Observation, *Expectation) {
		return func(o *Observation, e *Expectation) {
			e.History[0].HasFile = true
			for _, p := range posts {
				o.addPost(customer, p)
			}
		}
	}
	once := Post{ID: "9.3", Files: []File{file}}
	copied := Post{ID: "9.4", Files: []File{file}, MaybeCopy: true}
	runCheckCases(t, []checkCase{
		{name: "once", change: shown(cara, once)},
		{name: "nowhere", change: shown(cara), want: Verdict{Lost: 1}},
		{name: "without its content", change: shown(cara, Post{Files: []File{{Name: file.Name}}}), want: Verdict{Lost: 1}},
		{name: "in another customer's thread", change: shown(dora, once), want: Verdict{Leaked: 1}},
		{name: "twice in a post", change: shown(cara, Post{Files: []File{file, file}}), want: Verdict{Doubled: 1}},
		{name: "twice, of which one says so", change: shown(cara, once, copied), want: Verdict{MarkedCopies: 1}},
		{name: "three times, of which one says so", change: shown(cara, once, copied, once), want: Verdict{MarkedCopies: 1, Doubled: 1}},
	})
}
