package checker

import (
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"
)

// A History is what people did in a run. These tests check what the checker derives from it: about which replies
// Parley may ask the agent, for example because a colleague wrote just before, and who is responsible for a
// conversation.

// typedBy returns the operation of a teammate who types in conversation 1.
func typedBy(author string, m Marker) Operation {
	return Operation{Kind: OpPost, Marker: m, Conversation: 1, Author: author}
}

// rightlyAsked returns the numbers of the replies about which Parley may ask after a history.
func rightlyAsked(h History) []int {
	var numbers []int
	for m, isExpected := range maps.All(h.ExpectedQuestions()) {
		if isExpected {
			numbers = append(numbers, m.Number)
		}
	}
	slices.Sort(numbers)
	return numbers
}

// Parley may ask about a reply that is typed within three messages after a colleague's.
func TestExpectedQuestionsAfterColleague(t *testing.T) {
	t.Parallel()
	h := History{
		typedBy("ann", outboundTo(1, 1)),
		typedBy("ann", Marker{Internal, 1, 2}),
		typedBy("ann", outboundTo(1, 3)),
		typedBy("zoe", Marker{Internal, 1, 4}),
		typedBy("ann", outboundTo(1, 5)),
		typedBy("ann", outboundTo(1, 6)),
		typedBy("ann", outboundTo(1, 7)),
		typedBy("ann", outboundTo(1, 8)),
	}
	if got, want := rightlyAsked(h), []int{5, 6, 7}; !slices.Equal(got, want) {
		t.Errorf("got the replies %v, want %v", got, want)
	}
}

// Parley may ask about a reply in a resolved conversation until the customer has written twice: the first message
// may have been written before the conversation was resolved.
func TestExpectedQuestionsAfterResolve(t *testing.T) {
	t.Parallel()
	customerWrites := Operation{Kind: OpWrite, Marker: inboundOf(1, 90), Conversation: 1}
	h := History{
		{Kind: OpResolve, Conversation: 1, Author: "ann"},
		typedBy("ann", outboundTo(1, 9)),
		customerWrites,
		typedBy("ann", outboundTo(1, 10)),
		customerWrites,
		typedBy("ann", outboundTo(1, 11)),
	}
	if got, want := rightlyAsked(h), []int{9, 10}; !slices.Equal(got, want) {
		t.Errorf("got the replies %v, want %v", got, want)
	}
}

// Events in one conversation are no reason to ask about a reply in another.
func TestExpectedQuestionsOfAnotherConversation(t *testing.T) {
	t.Parallel()
	h := History{
		{Kind: OpResolve, Conversation: 1, Author: "ann"},
		typedBy("zoe", Marker{Internal, 1, 4}),
		{Kind: OpPost, Marker: outboundTo(2, 1), Conversation: 2, Author: "ben"},
	}
	if got := rightlyAsked(h); len(got) > 0 {
		t.Errorf("got the replies %v, want none", got)
	}
}

// Several replies of a conversation count as one message if no other reply was typed between them.
func TestCountJoined(t *testing.T) {
	t.Parallel()
	typed := func(m Marker) Operation { return Operation{Kind: OpPost, Marker: m, Conversation: m.Conversation} }
	h := History{
		typed(outboundTo(1, 1)),
		typed(outboundTo(1, 2)),
		typed(outboundTo(2, 1)),
		typed(Marker{Internal, 1, 3}),
		typed(outboundTo(1, 4)),
		typed(outboundTo(1, 5)),
		typed(outboundTo(1, 6)),
		{Kind: OpWrite, Conversation: 1},
	}

	replies := map[Marker]bool{
		outboundTo(1, 1): true, // these three leave as one message, since internal messages don't separate replies
		outboundTo(1, 2): true,
		outboundTo(1, 4): true,
		outboundTo(1, 6): true, // alone, since reply 5 comes before it
		outboundTo(2, 1): true, // to another customer
	}
	if got := h.CountJoined(replies); got != 3 {
		t.Errorf("got %d messages, want 3", got)
	}
}

// The responsible agents follow from the replies and commands that were typed in the thread. If Parley learned of one of
// them late, it may have applied that before or after the rest.
func TestResponsibleFor(t *testing.T) {
	t.Parallel()
	const root = "1"
	at := func(second int64) time.Time { return time.Unix(second, 0) }
	replyAt := func(second int64) Operation {
		return Operation{At: at(second), Kind: OpPost, Marker: outboundTo(1, int(second)), Root: root, ID: "reply"}
	}
	handOver := Operation{At: at(10), Kind: OpHandOver, Root: root, ID: "hand-over", Team: OtherTeam}
	handOverElsewhere := handOver
	handOverElsewhere.Root = "2"

	supportAlone := Responsible{Teams: []string{SupportTeam}}
	supportOrOwner := Responsible{Teams: []string{SupportTeam}, OwnerAllowed: true}
	otherAlone := Responsible{Teams: []string{OtherTeam}}
	otherOrOwner := Responsible{Teams: []string{OtherTeam}, OwnerAllowed: true}
	anybody := Responsible{Teams: []string{SupportTeam, OtherTeam}, OwnerAllowed: true}
	for _, tt := range []struct {
		name    string
		history History
		late    map[string]bool
		want    Responsible
	}{
		{name: "nothing typed", want: supportAlone},
		{
			name:    "an internal message claims nothing",
			history: History{{Kind: OpPost, Marker: Marker{Internal, 1, 1}, Root: root}},
			want:    supportAlone,
		},
		{name: "a reply claims the conversation", history: History{replyAt(1)}, want: supportOrOwner},
		{name: "handed over", history: History{replyAt(1), handOver}, want: otherAlone},
		{name: "handed over, and claimed", history: History{replyAt(1), handOver, replyAt(20)}, want: otherOrOwner},
		{name: "left without an owner", history: History{replyAt(1), {At: at(10), Kind: OpUnassign, Root: root}}, want: supportAlone},
		{name: "another thread was handed over", history: History{replyAt(1), handOverElsewhere}, want: supportOrOwner},
		{
			name:    "told late of the reply",
			history: History{replyAt(1), handOver},
			late:    map[string]bool{"reply": true},
			want:    anybody,
		},
		{
			name:    "told late of the command",
			history: History{replyAt(1), handOver},
			late:    map[string]bool{"hand-over": true},
			want:    anybody,
		},
		{name: "a reply and a command in the same moment", history: History{replyAt(10), handOver}, want: anybody},
		{name: "resolved before", history: History{replyAt(1), {At: at(5), Kind: OpResolve, Root: root}, handOver}, want: anybody},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.history.ResponsibleFor(root, tt.late); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}
