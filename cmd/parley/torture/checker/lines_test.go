package checker

import (
	"testing"

	"parley/bot/view"
	"parley/bot/view/viewtest"
)

// failedLine returns a line that says that Cara didn't get a reply.
func failedLine(id, token string) Post {
	return Post{ID: id, Token: token, LineKind: "Not delivered:", Markers: []Marker{outboundTo(1, 2)}}
}

// markedCopyOf returns a copy of a post that says that it may be a copy.
func markedCopyOf(post Post, id string) Post {
	post.ID = id
	post.MaybeCopy = true
	return post
}

// Each time a reply is sent, there may be one line of each kind. Further lines must say that they may be copies.
func TestCheckLines(t *testing.T) {
	t.Parallel()
	runCheckCases(t, []checkCase{
		{
			name: "two deliveries say that a reply failed",
			change: func(o *Observation, _ *Expectation) {
				o.addPost(cara, failedLine("10", "f.0"))
				o.addPost(cara, failedLine("11", "g.0"))
			},
			want: Verdict{Doubled: 1},
		},
		{
			name: "two deliveries without a token",
			change: func(o *Observation, _ *Expectation) {
				o.addPost(cara, failedLine("10", ""))
				o.addPost(cara, failedLine("11", ""))
			},
			want: Verdict{Doubled: 1},
		},
		{
			name: "a line posted again, and it says so",
			change: func(o *Observation, _ *Expectation) {
				o.addPost(cara, failedLine("10", ""))
				o.addPost(cara, markedCopyOf(failedLine("10", ""), "11"))
			},
		},
		{
			name: "a line for each of two sendings",
			change: func(o *Observation, e *Expectation) {
				o.addPost(cara, failedLine("10", "f.0"))
				o.addPost(cara, failedLine("11", "g.0"))
				e.Clicks[outboundTo(1, 2)] = Clicks{Sends: 1}
			},
		},
		{
			name: "lines of two kinds",
			change: func(o *Observation, _ *Expectation) {
				o.addPost(cara, failedLine("10", "f.0"))
				o.addPost(cara, Post{ID: "11", Token: "g.0", LineKind: "You changed this after it was sent", Markers: []Marker{outboundTo(1, 2)}})
			},
		},
	})
}

// LineKindIn recognizes the kind of a line by the words that people see.
func TestLineKindIn(t *testing.T) {
	t.Parallel()
	samples := viewtest.InSlack()
	for _, name := range []string{"failed", "unclear", "edit_late", "delete_late"} {
		shown := view.Plain(view.Line(samples.Lines()[name], samples.Facts()))
		if LineKindIn(shown) == "" {
			t.Errorf("no kind is known of the line %q", shown)
		}
	}
}
