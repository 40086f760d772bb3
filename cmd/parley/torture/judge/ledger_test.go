package judge

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
	reply := func(n int) Record { return Record{Did: ActType, Mark: Mark{Out, 1, n}, Conv: 1, By: "ann"} }
	remark := func(n int, by string) Record {
		return Record{Did: ActType, Mark: Mark{Inside, 1, n}, Conv: 1, By: by}
	}
	write, resolve := Record{Did: ActWrite, Mark: Mark{Said, 1, 90}, Conv: 1}, Record{Did: ActResolve, Conv: 1, By: "ann"}
	l := Ledger{
		reply(1), remark(2, "ann"), reply(3),
		remark(4, "zoe"), reply(5), reply(6), reply(7), reply(8),
		resolve, reply(9), write, reply(10), write, reply(11),
		{Did: ActType, Mark: Mark{Out, 2, 1}, Conv: 2, By: "ben"},
	}
	var rightly []int
	for _, m := range slices.SortedFunc(maps.Keys(l.Asks()), func(a, b Mark) int { return a.N - b.N }) {
		if l.Asks()[m] {
			rightly = append(rightly, m.N)
		}
	}
	if want := []int{5, 6, 7, 9, 10}; !slices.Equal(rightly, want) {
		t.Errorf("got the replies %v, want %v", rightly, want)
	}
}

// Unclear replies of a conversation count once if no other reply was typed between them: they may have left in one message.
func TestTogether(t *testing.T) {
	t.Parallel()
	typed := func(conv, n int, kind string) Record {
		return Record{Did: ActType, Mark: Mark{kind, conv, n}, Conv: conv}
	}
	l := Ledger{
		typed(1, 1, Out), typed(1, 2, Out),
		typed(2, 1, Out),
		typed(1, 3, Inside), typed(1, 4, Out), typed(1, 5, Out), typed(1, 6, Out),
		{Did: ActWrite, Conv: 1},
	}
	unclear := map[Mark]bool{{Out, 1, 1}: true, {Out, 1, 2}: true, {Out, 1, 4}: true, {Out, 1, 6}: true, {Out, 2, 1}: true}
	if got := l.Together(unclear); got != 3 {
		t.Errorf("got %d messages, want 3", got)
	}
}

// Who is to have a conversation follows from what was typed in its thread; where Parley was told late, either order will do.
func TestKeepersOf(t *testing.T) {
	t.Parallel()
	at := func(second int) time.Time { return time.Unix(int64(second), 0) }
	reply := func(second int) Record {
		return Record{At: at(second), Did: ActType, Mark: Mark{Out, 1, second}, Root: "1", ID: "r"}
	}
	hand := Record{At: at(10), Did: ActHandOver, Root: "1", ID: "h", Team: OtherTeam}
	both := []string{SupportTeam, OtherTeam}
	for _, c := range []struct {
		name string
		said Ledger
		late map[string]bool
		want Keepers
	}{
		{name: "nothing typed", want: Keepers{Teams: []string{SupportTeam}}},
		{name: "a remark takes nothing", said: Ledger{{Did: ActType, Mark: Mark{Inside, 1, 1}, Root: "1"}}, want: Keepers{Teams: []string{SupportTeam}}},
		{name: "a reply takes it", said: Ledger{reply(1)}, want: Keepers{Teams: []string{SupportTeam}, Owner: true}},
		{name: "handed over", said: Ledger{reply(1), hand}, want: Keepers{Teams: []string{OtherTeam}}},
		{name: "handed over, and taken", said: Ledger{reply(1), hand, reply(20)}, want: Keepers{Teams: []string{OtherTeam}, Owner: true}},
		{name: "put back", said: Ledger{reply(1), {At: at(10), Did: ActUnassign, Root: "1"}}, want: Keepers{Teams: []string{SupportTeam}}},
		{name: "of another thread", said: Ledger{reply(1), {At: at(10), Did: ActHandOver, Root: "2", Team: OtherTeam}}, want: Keepers{Teams: []string{SupportTeam}, Owner: true}},
		{name: "told late of the reply", said: Ledger{reply(1), hand}, late: map[string]bool{"r": true}, want: Keepers{Teams: both, Owner: true}},
		{name: "told late of the command", said: Ledger{reply(1), hand}, late: map[string]bool{"h": true}, want: Keepers{Teams: both, Owner: true}},
		{name: "typed in the same moment", said: Ledger{reply(10), hand}, want: Keepers{Teams: both, Owner: true}},
		{name: "resolved before", said: Ledger{reply(1), {At: at(5), Did: ActResolve, Root: "1"}, hand}, want: Keepers{Teams: both, Owner: true}},
	} {
		if got := c.said.KeepersOf("1", c.late); !slices.Equal(got.Teams, c.want.Teams) || got.Owner != c.want.Owner {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}
