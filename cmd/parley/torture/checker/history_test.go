package checker

import (
	"maps"
	"slices"
	"testing"
	"time"
)

// Parley rightly asks about the three replies after a colleague's remark, and about those after a resolution, also that after the
// customer's first message since.
func TestAsks(t *testing.T) {
	t.Parallel()
	reply := func(n int) Operation {
		return Operation{Kind: OpPost, Marker: Marker{Outbound, 1, n}, Conversation: 1, Author: "ann"}
	}
	remark := func(n int, by string) Operation {
		return Operation{Kind: OpPost, Marker: Marker{Internal, 1, n}, Conversation: 1, Author: by}
	}
	write, resolve := Operation{Kind: OpWrite, Marker: Marker{Inbound, 1, 90}, Conversation: 1}, Operation{Kind: OpResolve, Conversation: 1, Author: "ann"}
	l := History{
		reply(1), remark(2, "ann"), reply(3),
		remark(4, "zoe"), reply(5), reply(6), reply(7), reply(8),
		resolve, reply(9), write, reply(10), write, reply(11),
		{Kind: OpPost, Marker: Marker{Outbound, 2, 1}, Conversation: 2, Author: "ben"},
	}
	var rightly []int
	for _, m := range slices.SortedFunc(maps.Keys(l.ExpectedQuestions()), func(a, b Marker) int { return a.Number - b.Number }) {
		if l.ExpectedQuestions()[m] {
			rightly = append(rightly, m.Number)
		}
	}
	if want := []int{5, 6, 7, 9, 10}; !slices.Equal(rightly, want) {
		t.Errorf("got the replies %v, want %v", rightly, want)
	}
}

// Unclear replies of a conversation count once if no other reply was typed between them: they may have left in one message.
func TestTogether(t *testing.T) {
	t.Parallel()
	typed := func(conv, n int, kind string) Operation {
		return Operation{Kind: OpPost, Marker: Marker{kind, conv, n}, Conversation: conv}
	}
	l := History{
		typed(1, 1, Outbound), typed(1, 2, Outbound),
		typed(2, 1, Outbound),
		typed(1, 3, Internal), typed(1, 4, Outbound), typed(1, 5, Outbound), typed(1, 6, Outbound),
		{Kind: OpWrite, Conversation: 1},
	}
	unclear := map[Marker]bool{{Outbound, 1, 1}: true, {Outbound, 1, 2}: true, {Outbound, 1, 4}: true, {Outbound, 1, 6}: true, {Outbound, 2, 1}: true}
	if got := l.CountJoined(unclear); got != 3 {
		t.Errorf("got %d messages, want 3", got)
	}
}

// Who is to have a conversation follows from what was typed in its thread; where Parley was told late, either order will do.
func TestKeepersOf(t *testing.T) {
	t.Parallel()
	at := func(second int) time.Time { return time.Unix(int64(second), 0) }
	reply := func(second int) Operation {
		return Operation{At: at(second), Kind: OpPost, Marker: Marker{Outbound, 1, second}, Root: "1", ID: "r"}
	}
	hand := Operation{At: at(10), Kind: OpHandOver, Root: "1", ID: "h", Team: OtherTeam}
	both := []string{SupportTeam, OtherTeam}
	for _, c := range []struct {
		name string
		said History
		late map[string]bool
		want Responsible
	}{
		{name: "nothing typed", want: Responsible{Teams: []string{SupportTeam}}},
		{name: "a remark takes nothing", said: History{{Kind: OpPost, Marker: Marker{Internal, 1, 1}, Root: "1"}}, want: Responsible{Teams: []string{SupportTeam}}},
		{name: "a reply takes it", said: History{reply(1)}, want: Responsible{Teams: []string{SupportTeam}, OwnerAllowed: true}},
		{name: "handed over", said: History{reply(1), hand}, want: Responsible{Teams: []string{OtherTeam}}},
		{name: "handed over, and taken", said: History{reply(1), hand, reply(20)}, want: Responsible{Teams: []string{OtherTeam}, OwnerAllowed: true}},
		{name: "put back", said: History{reply(1), {At: at(10), Kind: OpUnassign, Root: "1"}}, want: Responsible{Teams: []string{SupportTeam}}},
		{name: "of another thread", said: History{reply(1), {At: at(10), Kind: OpHandOver, Root: "2", Team: OtherTeam}}, want: Responsible{Teams: []string{SupportTeam}, OwnerAllowed: true}},
		{name: "told late of the reply", said: History{reply(1), hand}, late: map[string]bool{"r": true}, want: Responsible{Teams: both, OwnerAllowed: true}},
		{name: "told late of the command", said: History{reply(1), hand}, late: map[string]bool{"h": true}, want: Responsible{Teams: both, OwnerAllowed: true}},
		{name: "typed in the same moment", said: History{reply(10), hand}, want: Responsible{Teams: both, OwnerAllowed: true}},
		{name: "resolved before", said: History{reply(1), {At: at(5), Kind: OpResolve, Root: "1"}, hand}, want: Responsible{Teams: both, OwnerAllowed: true}},
	} {
		if got := c.said.ResponsibleFor("1", c.late); !slices.Equal(got.Teams, c.want.Teams) || got.OwnerAllowed != c.want.OwnerAllowed {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}
