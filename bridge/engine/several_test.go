package engine_test

import (
	"slices"
	"strings"
	"testing"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/store"
)

// What is asked for several conversations at once is asked for each as if alone. Who asked is told once what became of them, and takes
// it back by one button.
// Requirement R-269: Start of the day.
func TestSeveral(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("kim", "Hello from kim")
	first := w.waitThread("Hello from kim")
	w.customerWrites("lea", "Hello from lea")
	second := w.waitThread("Hello from lea")
	w.waitDrained()
	var ids []bridge.ConversationID
	check(t, w.pool.QueryRow(t.Context(), `SELECT array_agg(id ORDER BY id) FROM conversations WHERE kind = 'customer'`).Scan(&ids))

	button := bridgetest.Button{Verb: bridge.VerbSeveral, Args: bridge.Args{
		SeveralArgs: bridge.SeveralArgs{Do: bridge.VerbResolve, Of: append(slices.Clone(ids), 4711)},
	}}
	w.chat.Submit("ann", support, "", button, "")
	told := w.waitWhisper("ann", "several resolve 2")
	for _, thread := range []string{first, second} {
		w.waitCard(thread, "resolved")
	}
	whispers := slices.DeleteFunc(w.chat.Whispers("ann"), func(m bridgetest.Message) bool { return !strings.Contains(m.Plain(), "resolve") })
	wantEqual(t, "answers", len(whispers), 1)

	w.chat.Press(t, "ann", told, bridge.VerbSeveral)
	for _, thread := range []string{first, second} {
		w.waitCard(thread, "open")
	}

	button.Args.Do = bridge.VerbReply // only what is offered
	w.chat.Submit("ann", support, "", button, "Bye")
	w.waitWhisper("ann", "There is nothing to do")
	w.waitDrained()
	n := must(w.pool.Query(t.Context(), `SELECT 1 FROM messages WHERE direction = $1`, store.DirectionOut))(t)
	wantEqual(t, "replies", n.Next(), false)
	n.Close()
}
